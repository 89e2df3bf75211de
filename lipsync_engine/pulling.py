"""Workers who pull chunks from one queue, each the next when it has done the last: when they end.

This is list scheduling on unlike machines (Graham 1966). Nobody says who takes which chunk, so
all that a planner can choose is how long the chunks are, and their order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pace:
    """What chunks cost one render worker.

    Attributes:
        fixed_s: seconds a chunk costs whatever its length.
        per_frame_s: seconds a frame.
        free_s: seconds until it can take the job's first chunk.
    """

    fixed_s: float
    per_frame_s: float
    free_s: float = 0.0


def pulled(lengths: Sequence[int], crew: Sequence[Pace]) -> float:
    """When the last chunk is done, seconds; of workers that are free together the first pulls.

    Args:
        lengths: frames of the chunks, in the order of the queue.
        crew: at least one worker.
    """
    return max((end for end, _ in played(lengths, crew)), default=0.0)


def played(lengths: Sequence[int], crew: Sequence[Pace]) -> Iterator[tuple[float, int]]:
    """When each chunk is done, and which worker has pulled it; see `pulled`."""
    free = [(pace.free_s, index) for index, pace in enumerate(crew)]
    heapify(free)
    for n_frames in lengths:
        at, index = free[0]
        done = at + crew[index].fixed_s + crew[index].per_frame_s * n_frames
        heapreplace(free, (done, index))
        yield done, index


def soonest(n_frames: int, crew: Sequence[Pace]) -> float:
    """No cut ends earlier, whoever takes which chunk, seconds.

    A worker that ends at T has rendered at most (T - free - fixed) / per_frame frames, and fewer
    in several chunks than in one. So the least T at which all of them together come to `n_frames`
    is a bound, and one chunk for each, of just that length, keeps it (but for a part of a frame).
    """
    starts = np.array([pace.free_s + pace.fixed_s for pace in crew])
    speeds = np.array([1 / pace.per_frame_s for pace in crew])
    return ends_together(n_frames, starts, speeds)


def ends_together(n_frames: float, starts: Floats, speeds: Floats) -> float:
    """The T with sum(speeds * max(0, T - starts)) = n_frames.

    Args:
        starts: (n_workers,) seconds.
        speeds: (n_workers,) frames a second.
    """
    order = np.argsort(starts, kind="stable")
    ahead, together = np.cumsum(speeds[order] * starts[order]), np.cumsum(speeds[order])
    ends = (n_frames + ahead) / together  # were only the first k at work
    later = np.append(starts[order][1:], np.inf)
    return float(ends[np.argmax(ends <= later)])  # those who start later than this do not help
