"""How busy a GPU is while something runs, asked of the driver twenty times a second."""

import threading
from statistics import fmean
from types import TracebackType
from typing import Any

import pynvml

EVERY_S = 0.05


class Watching:
    """Within it, a thread asks; afterwards `found` says what was seen."""

    def __init__(self, device: str) -> None:
        """`device`: "cuda:0" and its like; "cpu" is not watched."""
        self._index = int(device.partition(":")[2] or 0) if device != "cpu" else None
        self._busy: list[float] = []
        self._memory: list[int] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Watching":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def found(self) -> dict[str, Any]:
        """Share of the time in which a kernel ran, and the most memory in use, MB; None: unseen."""
        return {
            "busy": round(fmean(self._busy), 3) if self._busy else None,
            "memory_mb": round(max(self._memory) / 1e6) if self._memory else None,
        }

    def _look(self) -> None:
        if self._index is None:
            return
        try:
            pynvml.nvmlInit()
            handle = pynvml.nvmlDeviceGetHandleByIndex(self._index)
            while not self._over.wait(EVERY_S):
                # A MIG slice does not say how busy it is: then the error ends the asking.
                self._busy.append(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100)
                self._memory.append(int(pynvml.nvmlDeviceGetMemoryInfo(handle).used))
        except pynvml.NVMLError:
            return
