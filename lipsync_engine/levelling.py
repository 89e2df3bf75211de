"""Planned lengths on the generators' grid, so that all workers still end together.

A generator computes whole batches, so a cut inside a batch is paid for on both sides; and on
the grid a chunk of many is a batch too long or too short. Who is given the longer ones matters:
those who begin first.
"""

from collections.abc import Sequence
from itertools import accumulate, pairwise

from lipsync_engine.pulling import Pace, played

MOVES = 4  # batches that are given away, for each worker on the average


def levelled(lengths: Sequence[int], crew: Sequence[Pace], grid: int) -> tuple[int, ...]:
    """As many lengths with the same sum, all but the last multiples of `grid`.

    Batches go from the worker that ends last to the one that ends first, while that brings
    their ends nearer to each other (by the sum of their squares).

    Args:
        lengths: frames of the chunks, in the order of the queue.
        crew: who will pull.
        grid: frames of a batch.

    Returns:
        `lengths` as they are, where one is no longer than `grid`.
    """
    if min(lengths) <= grid:
        return tuple(lengths)
    edges = [round(end / grid) * grid for end in accumulate(lengths[:-1])]
    best = [b - a for a, b in pairwise([0, *edges, sum(lengths)])]
    spread, giver, taker = _ends(best, crew)
    for _ in range(MOVES * len(crew)):
        if giver == taker or best[giver] < min(lengths):
            break
        moved = best.copy()
        moved[giver] -= grid
        moved[taker] += grid
        found = _ends(moved, crew)
        if found[0] >= spread:
            break
        best, (spread, giver, taker) = moved, found
    return tuple(best)


def _ends(lengths: Sequence[int], crew: Sequence[Pace]) -> tuple[float, int, int]:
    """The sum of the squares of the workers' ends; the last chunks of who ends last and first."""
    last: dict[int, tuple[float, int]] = {}
    for index, (end, worker) in enumerate(played(lengths, crew)):
        last[worker] = (end, index)
    ends = sorted(last.values())
    return sum(end * end for end, _ in ends), ends[-1][1], ends[0][1]
