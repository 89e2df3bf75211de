"""How full the GPU of this worker is, for its heartbeat."""

import time
from collections.abc import Mapping

from tasks import nvml

READ_S = 2.0  # a reading is used for so long: a heartbeat may come ten times a second
UNKNOWN: tuple[int | None, int | None] = (None, None)


class GpuMemory:
    """Memory of the GPU or MIG slice that a process is pinned to.

    Args:
        device: the torch device, "cuda:0" or "cpu".
        environ: of the process; the launcher pins it by CUDA_VISIBLE_DEVICES.
    """

    def __init__(self, device: str, environ: Mapping[str, str]) -> None:
        self._unit = _unit(environ.get("CUDA_VISIBLE_DEVICES", "")) if _is_gpu(device) else None
        self._read_at, self._found = float("-inf"), UNKNOWN

    def now(self) -> tuple[int | None, int | None]:
        """Bytes used and in all; None where there is no GPU, or the driver does not say."""
        if self._unit and time.monotonic() - self._read_at > READ_S:
            self._read_at = time.monotonic()
            memory = nvml.memory_of(self._unit)
            self._found = (memory.used, memory.total) if memory else UNKNOWN
        return self._found


def _is_gpu(device: str) -> bool:
    return device.startswith("cuda")


def _unit(mask: str) -> str | None:
    """The unit that a mask names; without a name, the only one that the host has.

    A number is no name: CUDA counts the fastest GPU first, the driver by bus.
    """
    first = mask.partition(",")[0].strip()
    if first.startswith(("GPU-", "MIG-")):
        return first
    units = [unit for gpu in nvml.gpus() for unit in gpu.units]
    return units[0] if len(units) == 1 else None
