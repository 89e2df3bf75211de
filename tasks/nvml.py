"""What the NVIDIA driver says of this machine: GPUs, their MIG parts, memory.

Asked through NVML, the driver's own library, which comes with every driver. It makes no
CUDA context, so that a launcher may ask and still start children that render.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pynvml


@dataclass(frozen=True, slots=True)
class Part:
    """A MIG slice of a GPU: its "MIG-…" name, and its memory in bytes."""

    uuid: str
    memory: int


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU.

    Attributes:
        uuid: "GPU-…", the name that stays the same whatever the order.
        name: such as "NVIDIA H100 80GB HBM3".
        memory: bytes.
        divided: whether MIG is on; then work goes to its parts alone, and there may be none.
        parts: its MIG slices.
    """

    uuid: str
    name: str
    memory: int
    divided: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def units(self) -> tuple[str, ...]:
        """What a process can be pinned to, as CUDA_VISIBLE_DEVICES names it."""
        return tuple(part.uuid for part in self.parts) if self.divided else (self.uuid,)


@dataclass(frozen=True, slots=True)
class Memory:
    """Of a GPU or of a MIG slice, in bytes."""

    used: int
    total: int


def gpus() -> tuple[Gpu, ...]:
    """In the driver's order (by PCI bus); none where there is no driver, or it fails."""
    try:
        with _asking():
            count = pynvml.nvmlDeviceGetCount()
            return tuple(_gpu(pynvml.nvmlDeviceGetHandleByIndex(i)) for i in range(count))
    except pynvml.NVMLError:
        return ()


def driver_version() -> str | None:
    """Such as "580.82.07"; None without a driver.

    Raises:
        RuntimeError: the driver's library is there and does not work; with its words.
    """
    try:
        with _asking():
            return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError_LibraryNotFound:
        return None
    except pynvml.NVMLError as error:
        raise RuntimeError(str(error)) from error


def cuda_version() -> tuple[int, int] | None:
    """The newest CUDA that the driver knows, (12, 8); None without a driver that answers."""
    try:
        with _asking():
            found = int(pynvml.nvmlSystemGetCudaDriverVersion_v2())
            return found // 1000, found % 1000 // 10
    except pynvml.NVMLError:
        return None


def memory_of(uuid: str) -> Memory | None:
    """How full a GPU or a MIG slice is now; None where the driver does not say."""
    try:
        with _asking():
            handle = pynvml.nvmlDeviceGetHandleByUUID(uuid.encode())
            found = pynvml.nvmlDeviceGetMemoryInfo(handle)
            return Memory(int(found.used), int(found.total))
    except pynvml.NVMLError:
        return None


@contextmanager
def _asking() -> Iterator[None]:
    pynvml.nvmlInit()
    try:
        yield
    finally:
        pynvml.nvmlShutdown()


def _gpu(handle: Any) -> Gpu:
    divided = _divided(handle)
    return Gpu(
        uuid=str(pynvml.nvmlDeviceGetUUID(handle)),
        name=str(pynvml.nvmlDeviceGetName(handle)),
        memory=int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
        divided=divided,
        parts=tuple(_parts(handle)) if divided else (),
    )


def _divided(handle: Any) -> bool:
    try:
        current, _pending = pynvml.nvmlDeviceGetMigMode(handle)
    except pynvml.NVMLError:  # most GPUs know no MIG
        return False
    return bool(current == pynvml.NVML_DEVICE_MIG_ENABLE)


def _parts(handle: Any) -> Iterator[Part]:
    for index in range(pynvml.nvmlDeviceGetMaxMigDeviceCount(handle)):
        try:
            part = pynvml.nvmlDeviceGetMigDeviceHandleByIndex(handle, index)
        except pynvml.NVMLError_NotFound:  # a place where no slice was made
            continue
        yield Part(
            str(pynvml.nvmlDeviceGetUUID(part)),
            int(pynvml.nvmlDeviceGetMemoryInfo(part).total),
        )
