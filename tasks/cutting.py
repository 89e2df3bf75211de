"""Where a job is cut: what is there already stays, the gaps between are cut for the workers."""

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil
from statistics import median

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.levelling import levelled
from lipsync_engine.placing import place
from lipsync_engine.pulling import Pace
from lipsync_engine.quiet import GRID
from lipsync_engine.sizing import MIN_CHUNK_S, lengths
from lipsync_engine.timeline import FrameRange
from tasks.blueprint import Chunk
from tasks.contract import JobRequest
from tasks.known import Known
from tasks.paces import in_turn
from tasks.settings import Settings

# Frames of a job for each worker: with fewer, equal ends are worth more than cuts in silence, for
# which half a second more or less is over 1 % of what a worker renders.
FEW = 1600
LITTLE = 0.03  # of a chunk's time: what it may cost whatever its length, in a busy house
MAX_CHUNK_FRAMES = 3000  # keeps a chunk on a slow generator (3 frames/s) within a task's time limit


def cut(
    pcm: NDArray[np.int16],
    n_frames: int,
    fps: Fraction,
    crew: Sequence[Pace],
    known: Sequence[Known] = (),
    early: int = 0,
    busy: bool = False,
) -> tuple[Chunk, ...]:
    """Chunks that tile a job.

    Args:
        pcm: the job's canonical sound, (n_samples,).
        n_frames: of the job.
        crew: who will render.
        known: rendered chunks that are used as they are, in order, without overlap.
        early: frames of a first chunk that can soon be watched; 0: nobody waits for it. Where
            the job begins with a known chunk, that one can be watched at once.
        busy: as many other jobs as workers are under way; see `wanted_lengths`.
    """
    runs: dict[FrameRange, str | None] = {
        FrameRange(k.first_frame, k.n_frames): k.key for k in known
    }
    edges = [0, *(edge for run in runs for edge in (run.first, run.stop)), n_frames]
    gaps = [FrameRange(a, b - a) for a, b in list(pairwise(edges))[::2] if a < b]
    if gaps:
        n_wanted = sum(gap.count for gap in gaps)
        wanted = wanted_lengths(n_wanted, fps, crew, 0 if gaps[0].first else early, busy)
        shortest = max(1, int(MIN_CHUNK_S * fps) - GRID)  # by so much levelling may shorten one
        for gap, sizes in zip(gaps, _shared(wanted, gaps, shortest), strict=True):
            runs |= dict.fromkeys(place(pcm, sizes, fps, gap.first, even=_few(n_wanted, crew)))
    ordered = sorted(runs.items(), key=lambda run: run[0].first)
    return tuple(
        Chunk(index, run.first, run.count, key) for index, (run, key) in enumerate(ordered)
    )


def early_frames(request: JobRequest, fps: Fraction, settings: Settings) -> int:
    """Of a first chunk that can soon be watched; 0 where one chunk was asked for."""
    return 0 if request.num_workers == 1 else max(0, round(settings.early_s * fps))


def wanted_lengths(
    n_frames: int, fps: Fraction, crew: Sequence[Pace], early: int, busy: bool = False
) -> tuple[int, ...]:
    """Frames of the chunks of so many frames that are to be rendered, before they are placed.

    While the house is `busy` all workers have work in any case, and what a chunk costs whatever
    its length is paid by those who wait: so a chunk is then long enough for it to be little.
    """
    turns = in_turn(crew)
    least = 1
    if busy:
        least = ceil(median(pace.fixed_s / pace.per_frame_s for pace in crew) / LITTLE)
    found = lengths(n_frames, turns, fps, early, MAX_CHUNK_FRAMES, least)
    return levelled(found, turns, GRID) if _few(n_frames, crew) else found


def _few(n_frames: int, crew: Sequence[Pace]) -> bool:
    return n_frames < FEW * len(crew)


def _shared(
    wanted: Sequence[int], gaps: Sequence[FrameRange], shortest: int
) -> Iterator[tuple[int, ...]]:
    """The lengths laid over the gaps, one gap after the other.

    A chunk that does not end with a gap is parted there. A cut nearer to a gap's edge than
    `shortest` is left out, which is why a chunk may become a little longer than it was wanted.
    """
    ends = list(accumulate(wanted))
    begin = 0
    for gap in gaps:
        stop = begin + gap.count
        cuts = [end for end in ends if begin + shortest <= end <= stop - shortest]
        yield tuple(b - a for a, b in pairwise([begin, *cuts, stop]))
        begin = stop
