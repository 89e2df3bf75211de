"""What a lip-sync generator is. (`registry` finds one by name.)

A generator is set up once per process and then renders many chunks. It is a
pure function of its arguments: frame 700 is the same bytes whether frames
0..2999 are asked for at once or 690..710 alone. Two habits keep that true:
frames are computed in batches of one fixed size on an absolute grid (padded
where a chunk starts or ends inside a batch), because kernels may round
differently for another shape; and nothing is normalised by a chunk's own
maximum.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.face import Face
from lipsync_engine.look import Look
from lipsync_engine.timeline import FrameRange

__all__ = ["AudioContext", "Generator", "Look"]


@dataclass(frozen=True, slots=True)
class AudioContext:
    """Samples (16 kHz) that a frame hears before and after `timeline.frame_sample`."""

    before: int
    after: int


class Generator(Protocol):
    """Face and sound in, frames out."""

    name: str
    context: AudioContext

    def setup(self) -> None:
        """Load what is needed; once per process.

        Raises:
            WeightsError: what is wrong with the weights, and what to do.
        """

    def fingerprint(self) -> str:
        """A short string that changes whenever the same arguments would give other frames.

        After a "~" in it stands what only rounds the last bit of a pixel: render workers that
        differ in that alone may share a job. No ";" in it.
        """

    def render(
        self,
        face: Face,
        speech: AudioSlice,
        frames: FrameRange,
        fps: Fraction,
        look: Look,
        cancelled: Callable[[], bool],
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames in order, (b, H, W, 3) BGR each, b <= the batch size.

        H and W are the face's own. `cancelled` is polled between batches.

        Raises:
            CanceledError: `cancelled()` was true.
        """


@runtime_checkable
class SizesBatches(Protocol):
    """A generator that can draw fewer frames together where the GPU's memory is short.

    Attributes:
        batch: frames drawn together. `render` reads it when it begins; it is halved for one
            chunk after an out-of-memory error, and then set back.
    """

    batch: int


@runtime_checkable
class WarmsUp(Protocol):
    """A generator whose first batch would be dearer than the next ones."""

    def warm_up(self) -> None:
        """Draw once in the real shapes. Workers call it before they take work; who renders one
        video and ends does not."""
