"""How long the chunks of a job are, by what is known of the workers who will pull them.

Several rules propose lengths, each is played through on workers that are a little faster or
slower than they were measured, and the one that ends soonest on the average is taken:

- *trapezoid self-scheduling* (Tzen and Ni 1993): rounds of chunks, from round to round shorter;
- *factoring* (Hummel, Schonberg and Flynn 1992), for unlike workers with the speeds that were
  measured (weighted factoring: Hummel, Schmidt, Uma and Wein 1996). The weights there say how
  much a worker is given; here workers pull, so a chunk is as long as the slowest of those who
  may be the next to pull can finish in a share of the time that is left.

Where somebody may want to watch early, the first chunk is short, and the next ones grow, so that
each is there before those in front of it have been played.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, product
from math import ceil

import numpy as np

from lipsync_engine.pulling import Floats, Pace, pulled, soonest

MIN_CHUNK_S = 1  # a shorter chunk is mostly warm-up, keyframe and book-keeping
LAST_ROUND = 0.15  # of the mean chunk: what the slowest worker can be behind with at the end
ROUNDS = (1, 2, 3, 4, 6, 8)
SHARES = (1.0, 0.92, 0.8, 0.6, 0.4)  # of the time that is left
BLURS = (0.02, 0.25, 1.0)  # of that time: who is free within it may be the next to pull
UNSURE = 0.08  # at most: by so much a worker is quicker or slower than it was measured
AS_MEASURED, UNLIKE = 4, 6  # plays of each proposal: with such workers, and with such
HALVINGS, LATE = 7, 1.002  # of the search for the end; so near to it is in time
MOST_EACH = 8  # chunks for each worker, on the average: beyond, none of the rules gains

EARLY_COST = 0.03  # of the job's rendering: more is not paid for an early beginning
SURE = 0.75  # of the time until a chunk is played: what its rendering may take
# Growth, at least over the chunk a round before, at most over the longest so far: the slowest
# of these that costs no more than EARLY_COST.
GROWTHS = ((1.5, 2.0), (2.0, 4.0), (4.0, 16.0))


def lengths(
    n_frames: int,
    crew: Sequence[Pace],
    fps: Fraction,
    early: int = 0,
    longest: int | None = None,
    least: int = 1,
) -> tuple[int, ...]:
    """Frames of each chunk, in the order of the queue; they add up to `n_frames`.

    Args:
        n_frames: at least 1.
        crew: who will pull; at least one worker.
        early: frames of a first chunk that is there soon; 0: nobody waits for it.
        longest: frames that no chunk exceeds; None: no bound.
        least: frames that a chunk has at least, the early ones aside; MIN_CHUNK_S, too, holds. A
            job of less than two such chunks has no early one.
    """
    shortest = max(least, int(MIN_CHUNK_S * fps))
    plays = _plays(crew)
    plain = _parted(_best(_proposals(n_frames, crew, shortest), plays), longest)
    if not early or max(plain) <= 2 * early or n_frames < 2 * least:
        return plain
    at_most = (1 + EARLY_COST) * _lasts(plain, plays)
    for growth in GROWTHS:
        first, later = _growing(n_frames, crew, fps, early, max(plain), shortest, growth)
        left = n_frames - sum(first)
        rests = _proposals(left, later, shortest) if left else [()]
        grown = _parted(_best([(*first, *rest) for rest in rests], plays), longest)
        if _lasts(grown, plays) <= at_most:
            return grown
    return plain


def trapezoid(n_frames: int, n_chunks: int, workers: int | None, shortest: int) -> tuple[int, ...]:
    """`n_chunks` lengths, shorter from round to round; None: equal, as nobody knows the workers.

    Args:
        n_frames: at least `n_chunks`.
        workers: chunks of one round.
        shortest: frames that the last round's chunks have at least, where the mean allows.
    """
    mean = n_frames / n_chunks
    rounds = ceil(n_chunks / workers) if workers else 1
    last = min(1.0, max(LAST_ROUND, shortest / mean))
    if rounds == 1 or last == 1.0:
        edges = [k * n_frames // n_chunks for k in range(n_chunks + 1)]
    else:
        steps = (2 - 2 * last) / (rounds - 1)
        ends = list(accumulate(2 - last - steps * (k // (workers or 1)) for k in range(n_chunks)))
        edges = [0, *(round(end / ends[-1] * n_frames) for end in ends)]
    return tuple(np.diff(edges).tolist())


def _best(proposed: Iterable[tuple[int, ...]], plays: Sequence[Sequence[Pace]]) -> tuple[int, ...]:
    """The proposal that ends soonest on the average; of equal ones the one of fewest chunks."""
    return min(set(proposed), key=lambda each: (_lasts(each, plays), len(each), each))


def _proposals(n_frames: int, crew: Sequence[Pace], shortest: int) -> Iterator[tuple[int, ...]]:
    workers, most = len(crew), max(1, n_frames // shortest)
    yield trapezoid(n_frames, min(workers, most), None, shortest)
    if workers == 1 or most <= workers:
        return
    for rounds in ROUNDS:
        if rounds * workers <= most:
            yield trapezoid(n_frames, rounds * workers, workers, shortest)
    for share, blur in product(SHARES, BLURS):
        found = _factored(n_frames, crew, shortest, share, blur)
        if found:
            yield found


def _factored(
    n_frames: int, crew: Sequence[Pace], shortest: int, share: float, blur: float
) -> tuple[int, ...]:
    """Chunk after chunk as long as whoever may pull it can finish in a share of the time left.

    The time is the least in which it can be done so. Returns () where that makes too many.
    """
    least = soonest(n_frames, crew)
    low, high = least, 2 * least
    best: tuple[int, ...] = ()
    for _ in range(HALVINGS):
        end = (low + high) / 2
        found, late = _until(end, n_frames, crew, shortest, share, blur)
        low, high = (end, high) if late else (low, end)
        best = best if late else found
    return best


def _until(
    end: float, n_frames: int, crew: Sequence[Pace], shortest: int, share: float, blur: float
) -> tuple[tuple[int, ...], bool]:
    """Lengths by which it may be done by `end`, and whether it then is late, or in too many."""
    free = [pace.free_s for pace in crew]
    found: list[int] = []
    left, late = n_frames, False
    while left and not late:
        first = min(free)
        soon = first + max(0.0, blur * (end - first))
        pullers = sorted((at, index) for index, at in enumerate(free) if at <= soon)
        fits = min((end - at - crew[i].fixed_s) / crew[i].per_frame_s for at, i in pullers)
        for _, taker in pullers:  # in whatever order they come, each finds such a chunk
            size = _leaving(left, max(shortest, int(share * fits)), shortest)
            found.append(size)
            left -= size
            free[taker] += crew[taker].fixed_s + crew[taker].per_frame_s * size
            late = late or free[taker] > end * LATE
            if not left:
                break
        late = late or len(found) > MOST_EACH * len(crew)
    return tuple(found), late


def _growing(
    n_frames: int, crew: Sequence[Pace], fps: Fraction, early: int, usual: int, shortest: int,
    growth: tuple[float, float],
) -> tuple[list[int], list[Pace]]:  # fmt: skip
    """The first chunks, up to the usual length, and when the workers are free after them.

    Playing begins when the first is done. A chunk has its share of the time from its taking
    until all before it have been played.
    """
    free, fixed, speeds = _arrays(crew)
    found: list[int] = []
    size, begins = early, 0.0
    while size < usual and sum(found) < n_frames:
        taker = int(np.lexsort((-speeds, free))[0])  # of those free together the fastest
        if found:
            ready = begins + float(sum(found) / fps) - free[taker] - fixed[taker]
            before = found[-len(crew)] * growth[0] if len(found) >= len(crew) else early
            size = int(min(max(SURE * ready * speeds[taker], before), growth[1] * max(found)))
            if size >= usual:
                break
        size = _leaving(n_frames - sum(found), size, shortest)
        found.append(size)
        free[taker] += fixed[taker] + size / speeds[taker]
        begins = begins or float(free[taker])
    return found, [replace(pace, free_s=float(at)) for pace, at in zip(crew, free, strict=True)]


def _plays(crew: Sequence[Pace]) -> list[list[Pace]]:
    """The crew as it was measured, and a little other, in any order: the same each time."""
    dice = random.Random(len(crew))  # noqa: S311
    plays = [list(crew)] * AS_MEASURED
    for _ in range(UNLIKE):
        plays.append([_shifted(pace, 1 + UNSURE * dice.uniform(-1, 1)) for pace in crew])
        dice.shuffle(plays[-1])
    return plays


def _lasts(proposed: Sequence[int], plays: Sequence[Sequence[Pace]]) -> float:
    """Seconds until the end, of all plays together."""
    return sum(pulled(proposed, crew) for crew in plays)


def _shifted(pace: Pace, by: float) -> Pace:
    return Pace(pace.fixed_s * by, pace.per_frame_s * by, pace.free_s)


def _leaving(left: int, size: int, shortest: int) -> int:
    """Of `left` frames `size`, or about so many: what remains is no crumb."""
    if left - size >= shortest:
        return size
    return left - shortest if size < left and left >= 2 * shortest else left


def _parted(proposed: Sequence[int], longest: int | None) -> tuple[int, ...]:
    """No chunk longer than `longest`: such a one becomes several equal ones."""
    found: list[int] = []
    for size in proposed:
        parts = ceil(size / longest) if longest else 1
        found += [(k + 1) * size // parts - k * size // parts for k in range(parts)]
    return tuple(found)


def _arrays(crew: Sequence[Pace]) -> tuple[Floats, Floats, Floats]:
    """(free, fixed, speeds), each (n_workers,); the first is the caller's to change."""
    return (
        np.array([pace.free_s for pace in crew]),
        np.array([pace.fixed_s for pace in crew]),
        np.array([1 / pace.per_frame_s for pace in crew]),
    )
