"""Which of the GPUs that the driver lists are to be used, as names for CUDA_VISIBLE_DEVICES.

Workers are told names ("GPU-…", "MIG-…") and never numbers: CUDA numbers GPUs the
fastest first, the driver by PCI bus, and a name means the same to both.
"""

from collections.abc import Sequence

from deploy.errors import UnknownDeviceError
from tasks.nvml import Gpu


def visible(gpus: Sequence[Gpu], mask: str | None) -> tuple[str, ...]:
    """What CUDA_VISIBLE_DEVICES leaves, as the names of whole GPUs and MIG slices.

    By CUDA's own rule: entries are numbers or names, names may be shortened, and
    the first that is no device ends the list. Numbers are the driver's (for CUDA
    too: workers run with CUDA_DEVICE_ORDER=PCI_BUS_ID). A divided GPU that is
    named as a whole stands for all its slices: CUDA itself would take its first.

    Args:
        mask: of the environment; None leaves all.
    """
    if mask is None:
        return tuple(unit for gpu in gpus for unit in gpu.units)
    kept: list[str] = []
    for entry in _entries(mask):
        units = _named(gpus, entry)
        if not units:
            break
        kept += [unit for unit in units if unit not in kept]
    return tuple(kept)


def chosen(gpus: Sequence[Gpu], allowed: Sequence[str], wanted: str) -> tuple[str, ...]:
    """The devices of `--devices`: numbers as nvidia-smi shows them, or names.

    Args:
        allowed: what CUDA_VISIBLE_DEVICES has left.
        wanted: "0,1" or "GPU-…" or "MIG-…"; "none" renders on the CPU.

    Raises:
        UnknownDeviceError: one of them is not here, or not ours to use.
    """
    if wanted.strip().lower() in ("none", "cpu"):
        return ()
    kept: list[str] = []
    for entry in _entries(wanted):
        units = [unit for unit in _named(gpus, entry) if unit in allowed]
        if not units:
            raise UnknownDeviceError(
                f"--devices {entry}: there is no such GPU here, or CUDA_VISIBLE_DEVICES hides it. "
                f"This host has {_listed(gpus, allowed)}; `--devices none` renders on the CPU."
            )
        kept += [unit for unit in units if unit not in kept]
    return tuple(kept)


def _entries(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _named(gpus: Sequence[Gpu], entry: str) -> tuple[str, ...]:
    """The units that an entry stands for; none, where it is no device or could be several."""
    if entry.isdecimal():
        return gpus[int(entry)].units if int(entry) < len(gpus) else ()
    if entry.startswith("GPU-"):
        found = [gpu.units for gpu in gpus if gpu.uuid.startswith(entry)]
        return found[0] if len(found) == 1 else ()
    if entry.startswith("MIG-"):
        parts = [p.uuid for gpu in gpus for p in gpu.parts if p.uuid.startswith(entry)]
        return (parts[0],) if len(parts) == 1 else ()
    return ()


def _listed(gpus: Sequence[Gpu], allowed: Sequence[str]) -> str:
    found = [
        f"{number}: {gpu.name} ({', '.join(units)})"
        for number, gpu in enumerate(gpus)
        if (units := [unit for unit in gpu.units if unit in allowed])
    ]
    return "; ".join(found) or "no GPU that may be used"
