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
        even: lengths matter more than silence. All wait for the chunk that is longest against
            what was wanted, and of many one is always lengthened by both its cuts; so cuts keep
            to the grid, where that chunk gets as few frames too many as can be.

    Returns:
        As many ranges, which tile [first, first + sum(wanted)) in order, none of them empty.
    """
    ideal = list(accumulate(wanted, initial=first))
    inner = _evenly(ideal) if even and min(wanted) > GRID else list(_quietly(pcm, ideal, fps))
    return tuple(FrameRange(a, b - a) for a, b in pairwise([first, *inner, ideal[-1]]))


def _quietly(pcm: NDArray[np.int16], ideal: Sequence[int], fps: Fraction) -> Iterator[int]:
    for before, frame, after in zip(ideal, ideal[1:], ideal[2:], strict=False):
        # Two neighbouring cuts that both move stay at least one frame apart.
        reach = min(int(SEARCH_S * fps), (min(frame - before, after - frame) - 1) // 2)
        yield quiet_frame(pcm, frame, reach, fps)


def _evenly(ideal: Sequence[int]) -> list[int]:
    """Cuts on the grid that lengthen no chunk by more than they must: by at most GRID frames."""
    planned = [b - a for a, b in pairwise(ideal)]
    for more in range(GRID + 1):
        earliest = _earliest(ideal[-1], [length + more for length in planned[1:]])
        if earliest and earliest[0] > _down(ideal[0] + planned[0] + more):
            continue
        cuts = [ideal[0]]
        for least, length, wanted in zip(earliest, planned, ideal[1:], strict=False):
            latest = _down(cuts[-1] + length + more)
            cuts.append(max(least, min(latest, _down(wanted + GRID // 2))))
        return cuts[1:]
    raise AssertionError("the grid's nearest points lengthen no chunk by more than GRID")


def _earliest(stop: int, longest: Sequence[int]) -> list[int]:
    """Where each cut on the grid may lie at the earliest, so that no chunk after it is longer."""
    found: list[int] = []
    for length in reversed(longest):
        stop = -_down(length - stop)
        found.append(stop)
    return found[::-1]


def _down(frame: int) -> int:
    return frame // GRID * GRID
