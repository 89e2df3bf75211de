"""Where a job is cut: what is there already stays, the gaps between are cut by cost."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.chunking import costs_of, estimate_optimal_chunks, place_cuts
from lipsync_engine.timeline import FrameRange
from tasks.blueprint import Chunk
from tasks.known import Known

MAX_CHUNK_FRAMES = 3000  # keeps a chunk on a slow generator (3 frames/s) within a task's time limit


def cut(
    pcm: NDArray[np.int16],
    n_frames: int,
    fps: Fraction,
    generator: str,
    workers: int,
    known: Sequence[Known] = (),
) -> tuple[Chunk, ...]:
    """Chunks that tile a job.

    Args:
        pcm: the job's canonical sound, (n_samples,).
        n_frames: of the job.
        generator: by its costs it is decided how many chunks are best.
        workers: that share the rendering.
        known: rendered chunks that are used as they are, in order, without overlap.
    """
    runs: dict[FrameRange, str | None] = {
        FrameRange(k.first_frame, k.n_frames): k.key for k in known
    }
    edges = [0, *(edge for run in runs for edge in (run.first, run.stop)), n_frames]
    gaps = [FrameRange(a, b - a) for a, b in list(pairwise(edges))[::2] if a < b]
    missing = sum(gap.count for gap in gaps)
    if missing:
        costs = costs_of(generator)
        wanted = estimate_optimal_chunks(float(missing / fps), workers, fps=fps, costs=costs)
    for gap in gaps:
        share = max(1, round(wanted * gap.count / missing), ceil(gap.count / MAX_CHUNK_FRAMES))
        runs |= dict.fromkeys(place_cuts(pcm, gap.count, fps, share, workers, gap.first))
    ordered = sorted(runs.items(), key=lambda run: run[0].first)
    return tuple(
        Chunk(index, run.first, run.count, key) for index, (run, key) in enumerate(ordered)
    )
