"""A generator whose frames show whose they are: the job's seed and the frame's number.

A file in FAULTS_DIR sets its speed, another makes it go wrong for one seed, so that a
worker need not be started anew for each run.
"""

import os
import resource
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.errors import CanceledError
from lipsync_engine.face import Face
from lipsync_engine.generator import AudioContext, Look
from lipsync_engine.timeline import FrameRange, frame_sample

CELL = 16  # px: large enough that a bit survives H.264
ROWS, COLUMNS = 6, 8  # cells: 32 bits of seed, 16 of the frame's number
FRAME_BITS = 16
BATCH = 4  # frames
HANG_S = 3600


def stamped(seed: int, frame: int) -> NDArray[np.uint8]:
    """A (96, 128, 3) picture that shows both numbers as black and white cells."""
    number = seed << FRAME_BITS | frame
    cells = [(number >> bit) & 1 for bit in range(ROWS * COLUMNS)]
    grid = np.array(cells, np.uint8).reshape(ROWS, COLUMNS) * 200 + 20
    return np.repeat(np.kron(grid, np.ones((CELL, CELL), np.uint8))[:, :, None], 3, axis=2)


def read_stamp(image: NDArray[np.uint8]) -> tuple[int, int]:
    """(seed, frame) from a decoded (96, 128, 3) picture."""
    means = image.mean(axis=2).reshape(ROWS, CELL, COLUMNS, CELL).mean(axis=(1, 3)).ravel()
    number = sum(int(mean > 120) << bit for bit, mean in enumerate(means))
    return number >> FRAME_BITS, number & (1 << FRAME_BITS) - 1


class PoisonError(Exception):
    """A generator that breaks."""


def _raise() -> None:
    raise PoisonError("a kernel went wrong")


def _out_of_memory() -> None:
    """A true MemoryError, of this process alone."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (2**30, hard))
    try:
        np.ones(2**32, np.uint8)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


POISONS: Mapping[str, Callable[[], None]] = {
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),  # as the kernel's OOM killer does
    "exit": lambda: os._exit(3),
    "hang": lambda: time.sleep(HANG_S),
    "raise": _raise,
    "oom": _out_of_memory,
}


class Stamper:
    """Stamps each frame; hears its context, to prove that it is there."""

    name = "stamper"
    context = AudioContext(before=400, after=3400)

    def setup(self) -> None:
        self._folder = Path(os.environ["FAULTS_DIR"])
        self._version = _said(self._folder / "version") or "1"

    def fingerprint(self) -> str:
        return f"{self.name}-{self._version}"

    def render(
        self,
        face: Face,
        speech: AudioSlice,
        frames: FrameRange,
        fps: Fraction,
        look: Look,
        cancelled: Callable[[], bool],
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield batches of stamped frames; the poison for this seed acts after the first."""
        delay_s = float(_said(self._folder / "delay_s") or 0)
        poison = self._poison(look.seed, frames.first)
        stop = frames.stop - (1 if poison == "short" else 0)
        for first in range(frames.first, stop, BATCH):
            if cancelled():
                raise CanceledError
            batch = range(first, min(first + BATCH, stop))
            for frame in batch:
                speech.window(frame_sample(frame, fps) - self.context.before, 3800)
                time.sleep(delay_s)
            yield np.stack([stamped(look.seed, frame) for frame in batch])
            if poison in POISONS:
                POISONS[poison]()

    def _poison(self, seed: int, first_frame: int) -> str:
        """What is to go wrong: "always X", or "once X" for whoever comes first."""
        path = self._folder / f"poison-{seed}"
        often, _, poison = (_said(path) or "never ").partition(" ")
        if often == "once":
            try:
                path.rename(path.with_name(f"taken-{seed}"))
            except FileNotFoundError:
                return ""
        return poison if often == "once" or (often == "always" and first_frame == 0) else ""


def _said(path: Path) -> str | None:
    with suppress(FileNotFoundError):
        return path.read_text().strip() or None
    return None
