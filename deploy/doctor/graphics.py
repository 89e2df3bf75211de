"""GPUs: which there are, which may be used, and whether driver and torch fit together."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from deploy import gpus
from deploy.doctor.asides import said_by
from deploy.doctor.finding import Finding
from tasks import nvml
from tasks.nvml import Gpu

TORCH = (
    "import json, torch; gpu = torch.cuda.is_available(); "
    "print(json.dumps({'version': torch.__version__, 'cuda': torch.version.cuda, "
    "'devices': torch.cuda.device_count() if gpu else 0}))"
)
MASK = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True, slots=True)
class Torch:
    """The installed torch.

    Attributes:
        cuda: version that it was built for, "12.8"; None: a build for the CPU.
        devices: GPUs that it can use here.
    """

    version: str
    cuda: str | None
    devices: int


def findings(environ: Mapping[str, str]) -> Iterator[Finding]:
    """GPUs, driver and torch."""
    listed = nvml.gpus()
    yield gpu_finding(listed, environ.get(MASK), _driver_trouble())
    try:
        torch = Torch(**json.loads(said_by(TORCH)))
    except (RuntimeError, ValueError) as error:
        yield Finding("torch", False, f"cannot be loaded: {error}", REINSTALL)
        return
    yield torch_finding(torch, nvml.driver_version() if listed else None, nvml.cuda_version())


REINSTALL = "Delete .venv and run `make venv`."


def gpu_finding(listed: tuple[Gpu, ...], mask: str | None, trouble: str = "") -> Finding:
    """What there is, and what CUDA_VISIBLE_DEVICES leaves of it.

    Args:
        trouble: of a driver that is there and does not answer.
    """
    if trouble:
        return Finding("GPU", False, f"the driver does not answer: {trouble}", DRIVER)
    if not listed:
        return Finding("GPU", True, "none; rendering on the CPU")
    units = gpus.visible(listed, mask)
    names = "; ".join(_named(gpu) for gpu in listed)
    if mask is None:
        empty = [gpu.name for gpu in listed if not gpu.units]
        if empty:
            return Finding("GPU", False, names, f"MIG is on for {empty[0]} and {SLICE}")
        return Finding("GPU", True, names)
    left = f"{MASK}={mask} leaves {len(units)} of {names}"
    if not units and mask not in ("", "-1"):  # which hide all on purpose
        return Finding("GPU", False, left, f"Unset {MASK}, or name a GPU of `nvidia-smi -L`.")
    return Finding("GPU", True, left)


DRIVER = "Load the driver (`modprobe nvidia`), or restart after its update; `nvidia-smi` tells why."
SLICE = "it has no slice: make one (`nvidia-smi mig -cgi … -C`), or turn MIG off."


def torch_finding(torch: Torch, driver: str | None, driver_cuda: tuple[int, int] | None) -> Finding:
    """Whether torch can use the GPUs that are there.

    A driver runs what was built for its own CUDA major version or an earlier one
    (NVIDIA's "CUDA compatibility": minor versions are compatible).

    Args:
        driver: its version; None: there is no GPU.
        driver_cuda: the newest CUDA that the driver knows.
    """
    built = f"{torch.version}, {'CUDA ' + torch.cuda if torch.cuda else 'for the CPU'}"
    if driver is None:
        return Finding("torch", True, built)
    known = "" if driver_cuda is None else f" (CUDA {driver_cuda[0]}.{driver_cuda[1]})"
    both = f"{built}; driver {driver}{known}"
    if torch.cuda is None:
        return Finding(
            "torch", False, both, "Install torch's CUDA build; until then the CPU renders."
        )
    if driver_cuda is not None and int(torch.cuda.split(".")[0]) > driver_cuda[0]:
        return Finding(
            "torch", False, both,
            f"Update the driver, or install a torch that is built for CUDA {driver_cuda[0]}.",
        )  # fmt: skip
    if not torch.devices:
        return Finding("torch", False, f"{both}; it sees no GPU", UNSEEN)
    return Finding("torch", True, f"{both}; it sees {torch.devices}")


UNSEEN = (
    f"Look at {MASK}, at the rights on /dev/nvidia*, and at `python -c 'import torch; "
    "torch.cuda.init()'`, which says why."
)


def _named(gpu: Gpu) -> str:
    slices = f", {len(gpu.parts)} MIG slices" if gpu.divided else ""
    return f"{gpu.name} ({gpu.memory / 2**30:.0f} GiB{slices})"


def _driver_trouble() -> str:
    try:
        nvml.driver_version()
    except RuntimeError as error:
        return str(error)
    return ""
