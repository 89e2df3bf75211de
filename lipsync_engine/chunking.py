"""How many chunks a job becomes, and at which frames it is cut."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.placing import place
from lipsync_engine.pulling import Pace
from lipsync_engine.sizing import MIN_CHUNK_S, lengths, trapezoid
from lipsync_engine.timeline import FrameRange

DEFAULT_FPS = Fraction(25)


@dataclass(frozen=True, slots=True)
class ChunkCosts:
    """What a chunk costs a render worker, and how unlike the workers are.

    Attributes:
        fixed_s: seconds a chunk costs whatever its length: messages, the face, first frame, upload.
        per_frame_s: seconds of render and encode a frame.
        spread: how much longer than the mean the slowest worker takes, as a share of the mean.
    """

    fixed_s: float
    per_frame_s: float
    spread: float


# Measured by benchmarks/chunk_costs.py on an idle machine: the shipped avatar at 25 fps and the
# H.264 encoder, pinned to one of two AVX-512 cores: 0.036 s and 0.0115 s for `viseme`, 0.28 s and
# 0.057 s for Wav2Lip. The store and the messages add 0.01-0.03 s between two chunks of a worker,
# and at a job's end the slower worker is behind by a tenth of a chunk (cuts move, cores differ):
# both by the jobs' own event streams.
MEASURED = ChunkCosts(fixed_s=0.06, per_frame_s=0.0115, spread=0.1)
_WAV2LIP = ChunkCosts(fixed_s=0.3, per_frame_s=0.057, spread=0.1)
_BY_GENERATOR = {"wav2lip": _WAV2LIP, "wav2lip_gan": _WAV2LIP}


def costs_of(generator: str) -> ChunkCosts:
    """What a chunk of this generator costs; one that nobody measured is taken for the built-in."""
    return _BY_GENERATOR.get(generator, MEASURED)


def estimate_optimal_chunks(
    audio_duration_seconds: float,
    num_models: int,
    *,
    fps: Fraction = DEFAULT_FPS,
    costs: ChunkCosts = MEASURED,
    crew: Sequence[Pace] | None = None,
    early: int = 0,
) -> int:
    """Into how many chunks a job is best cut for that many workers.

    Where it is known who they are, by `crew`, this is how many `sizing.lengths` makes. Else they
    are like each other, and the render stage of N frames in n equal chunks on w workers is
    expected to last

        T(n) = (ceil(n / w) + spread) * (fixed + per_frame * N / n)

    seconds: rounds of chunks, and at the end the slowest worker's lag behind
    the others, which is a share of one chunk. Chunks beyond one per worker
    shorten that lag and cost `fixed` each, so T is least near
    n = sqrt(spread * per_frame * N * w / fixed); n is the multiple of w that is best
    by T, or w where more do not pay. No chunk is shorter than MIN_CHUNK_S, so a
    short job may use fewer workers than there are.

    Args:
        audio_duration_seconds: length of the job's sound.
        num_models: how many render workers share the job; one gets the whole job as one chunk.
        fps: video frames a second.
        costs: the cost model's constants.
        crew: what the workers were measured to need, and when they are free; `num_models` of them.
        early: with `crew`: frames of a first chunk that can soon be watched; 0: nobody waits.

    Returns:
        At least 1.

    Raises:
        ValueError: the duration is no positive number, or num_models no integer of at least 1, or
            not that of the crew.
    """
    _check(audio_duration_seconds, num_models)
    if crew is not None:
        if len(crew) != num_models:
            raise ValueError(f"num_models is {num_models}, but the crew has {len(crew)} workers")
        return len(lengths(max(1, round(audio_duration_seconds * fps)), crew, fps, early))
    longest = max(1, math.floor(audio_duration_seconds / MIN_CHUNK_S))
    if num_models == 1 or longest <= num_models:
        return min(num_models, longest)
    work = costs.per_frame_s * audio_duration_seconds * float(fps)

    def lasts(n: int) -> float:
        return (n / num_models + costs.spread) * (costs.fixed_s + work / n)

    best = math.sqrt(costs.spread * work * num_models / costs.fixed_s)
    below = max(1, math.floor(best / num_models))
    most = longest // num_models
    rounds = min(min(below, most), min(below + 1, most), key=lambda k: lasts(k * num_models))
    return rounds * num_models


def _check(duration: float, num_models: int) -> None:
    real = isinstance(duration, int | float | Fraction) and not isinstance(duration, bool)
    if not real or not math.isfinite(duration) or duration <= 0:
        raise ValueError(
            f"audio_duration_seconds must be a number of seconds above 0, not {duration!r}. "
            "Give the length of the sound."
        )
    if not isinstance(num_models, int) or isinstance(num_models, bool) or num_models < 1:
        raise ValueError(
            f"num_models must be a whole number of at least 1, not {num_models!r}. "
            "Give the number of render workers."
        )


def place_cuts(
    pcm: NDArray[np.int16],
    n_frames: int,
    fps: Fraction,
    n_chunks: int,
    num_workers: int | None = None,
    first: int = 0,
) -> tuple[FrameRange, ...]:
    """Cut a run of frames into chunks, in silence where there is some nearby.

    Workers take the chunks in order, as many at a time as there are workers. From round to
    round the chunks become shorter (trapezoid self-scheduling, Tzen and Ni 1993): long ones
    first cost few messages, short ones last let unlike workers end together.

    Args:
        pcm: the job's canonical sound, (n_samples,) at 16 kHz; only the half second on either
            side of each ideal cut is looked at.
        n_frames: video frames of the run; mostly the whole job.
        fps: video frames a second.
        n_chunks: how many chunks are wished for; never more than there are frames.
        num_workers: that share the chunks; None: chunks are to be about equally long.
        first: the run's first frame.

    Returns:
        Ranges that tile [first, first + n_frames) in order, none of them empty.

    Raises:
        ValueError: n_frames or n_chunks is below 1.
    """
    if n_frames < 1 or n_chunks < 1:
        raise ValueError(
            f"cannot cut {n_frames} frames into {n_chunks} chunks: both must be at least 1"
        )
    shortest = int(MIN_CHUNK_S * fps)
    wanted = trapezoid(n_frames, min(n_chunks, n_frames), num_workers, shortest)
    return place(pcm, wanted, fps, first)
