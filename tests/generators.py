"""Small named generators for tests: they stamp what they are asked for into pixels.

Each is started in a real worker by LIPCHORD_EXTRA_GENERATORS=stamp=tests.generators:Stamp.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
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

SIDE = 64  # px
CELL = 16  # px: large enough that a bit survives H.264
BITS = 16
BATCH = 8  # frames


def stamped(frame: int) -> NDArray[np.uint8]:
    """A (64, 64, 3) picture that shows `frame` as 16 black or white cells."""
    cells = [(frame >> bit) & 1 for bit in range(BITS)]
    grid = np.array(cells, np.uint8).reshape(4, 4) * 200 + 20
    return np.repeat(np.kron(grid, np.ones((CELL, CELL), np.uint8))[:, :, None], 3, axis=2)


def read_stamp(image: NDArray[np.uint8]) -> int:
    """The number that `stamped` drew, from a decoded (64, 64, 3) picture."""
    means = image.mean(axis=2).reshape(4, CELL, 4, CELL).mean(axis=(1, 3)).ravel()
    return sum(int(mean > 120) << bit for bit, mean in enumerate(means))


class Stamp:
    """Each frame shows its absolute number; hears its context, to prove that it is there."""

    name = "stamp"
    context = AudioContext(before=400, after=3400)

    def __init__(self) -> None:
        self.delay_s = float(os.environ.get("STAMP_DELAY_S", "0"))  # a frame

    def setup(self) -> None:
        """Nothing to load."""

    def fingerprint(self) -> str:
        return f"{self.name}-{os.environ.get('STAMP_VERSION', '1')}~cpu"

    def render(
        self,
        face: Face,
        speech: AudioSlice,
        frames: FrameRange,
        fps: Fraction,
        look: Look,
        cancelled: Callable[[], bool],
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield batches of stamped frames."""
        for first in range(frames.first, frames.stop, BATCH):
            if cancelled():
                raise CanceledError
            batch = range(first, min(first + BATCH, frames.stop))
            for frame in batch:
                middle = frame_sample(frame, fps)
                speech.window(middle - self.context.before, 3800)
                time.sleep(self.delay_s)
            yield np.stack([stamped(frame) for frame in batch])


class DiesMidChunk(Stamp):
    """Its process is killed in the middle of frame 10's chunk, every time."""

    name = "dies"

    def render(self, *args: object) -> Iterator[NDArray[np.uint8]]:  # type: ignore[override]
        """Yield one batch, then die as by the kernel's OOM killer."""
        yield next(super().render(*args))  # type: ignore[arg-type]
        os.kill(os.getpid(), 9)


class Broken(Stamp):
    """Its rendering raises an error that is nobody's fault."""

    name = "broken"

    def render(self, *args: object) -> Iterator[NDArray[np.uint8]]:  # type: ignore[override]
        """Raise at once."""
        raise ArithmeticError("a kernel went wrong")


class Moody(Stamp):
    """Breaks, hangs or exits, as the job's seed says, in the first attempts of its process's fleet.

    `seed` is 10 times the mood and how often: 12 breaks twice, 21 hangs once.
    """

    name = "moody"

    def render(self, *args: object) -> Iterator[NDArray[np.uint8]]:  # type: ignore[override]
        """One batch, then the mood."""
        frames = super().render(*args)  # type: ignore[arg-type]
        yield next(frames)
        mood, times = divmod(args[4].seed, 10)  # type: ignore[attr-defined]
        if mood and any(_first_to_make(f"mood-{mood}.{turn}") for turn in range(times)):
            _MOODS[mood]()
        yield from frames


def _first_to_make(name: str) -> bool:
    """Whether no other process had it: two workers ask at the same time."""
    with suppress(FileExistsError):
        (Path(os.environ["TMPDIR"]) / name).touch(exist_ok=False)
        return True
    return False


def _break() -> None:
    raise ArithmeticError("a kernel went wrong")


_MOODS = {1: _break, 2: lambda: time.sleep(3600), 3: lambda: sys.exit(3)}


class WithoutWeights(Stamp):
    """Its setup fails, as with a missing checkpoint."""

    name = "weightless"

    def setup(self) -> None:
        raise FileNotFoundError("weights.pth is not there")
