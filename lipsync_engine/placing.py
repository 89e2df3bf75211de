"""At which frames chunks of planned lengths are cut: in silence, or on the generators' grid."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.quiet import GRID, quiet_frame
from lipsync_engine.timeline import FrameRange

SEARCH_S = Fraction(1, 2)  # a cut moves at most this far from its ideal place


def place(
    pcm: NDArray[np.int16],
    wanted: Sequence[int],
    fps: Fraction,
    first: int = 0,
    even: bool = False,
) -> tuple[FrameRange, ...]:
    """Cut a run of frames into chunks of about these lengths, in silence where some is nearby.

    Args:
        pcm: as for `chunking.place_cuts`.
        wanted: frames of each chunk, none of them 0.
        fps: video frames a second.
        first: the run's first frame.
        even: lengths matter more than silence: cuts are the grid's nearest points. Lengths that
            are multiples of GRID (`levelling.levelled`) are then kept to the frame.

    Returns:
        As many ranges, which tile [first, first + sum(wanted)) in order, none of them empty.
    """
    ideal = list(accumulate(wanted, initial=first))
    if even and min(wanted) > GRID:
        inner = [(frame + GRID // 2) // GRID * GRID for frame in ideal[1:-1]]
    else:
        inner = list(_quietly(pcm, ideal, fps))
    return tuple(FrameRange(a, b - a) for a, b in pairwise([first, *inner, ideal[-1]]))


def computed(frames: FrameRange) -> int:
    """How many frames a generator computes for these: whole batches, on the grid."""
    return -(-frames.stop // GRID) * GRID - frames.first // GRID * GRID


def _quietly(pcm: NDArray[np.int16], ideal: Sequence[int], fps: Fraction) -> Iterator[int]:
    for before, frame, after in zip(ideal, ideal[1:], ideal[2:], strict=False):
        # Two neighbouring cuts that both move stay at least one frame apart.
        reach = min(int(SEARCH_S * fps), (min(frame - before, after - frame) - 1) // 2)
        yield quiet_frame(pcm, frame, reach, fps)
