"""How many chunks a job becomes, and where it is cut."""

import time
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine.chunking import (
    MIN_CHUNK_S,
    ChunkCosts,
    costs_of,
    estimate_optimal_chunks,
    place_cuts,
)
from lipsync_engine.quiet import GRID
from lipsync_engine.timeline import SAMPLE_RATE, frame_count

NTSC = [Fraction(24000, 1001), Fraction(30000, 1001)]
FPS = st.sampled_from([*NTSC, *map(Fraction, (24, 25, 30, 50, 60))])
DURATIONS = st.floats(0.01, 3600, allow_nan=False)
COSTS = st.builds(
    ChunkCosts,
    fixed_s=st.floats(0.001, 5),
    per_frame_s=st.floats(0.0005, 0.5),
    spread=st.floats(0, 0.5),
)


def noise(n_samples: int, seed: int = 0) -> NDArray[np.int16]:
    """Loud from end to end: nowhere is it silent."""
    return np.random.default_rng(seed).integers(-8000, 8000, n_samples, np.int16)


def with_gaps(pcm: NDArray[np.int16], gaps_s: list[tuple[float, float]]) -> NDArray[np.int16]:
    quiet = pcm.copy()
    for start, stop in gaps_s:
        quiet[int(start * SAMPLE_RATE) : int(stop * SAMPLE_RATE)] //= 400
    return quiet


@given(duration=DURATIONS, workers=st.integers(1, 10_000), costs=COSTS)
def test_no_chunk_is_shorter_than_the_minimum(
    duration: float, workers: int, costs: ChunkCosts
) -> None:
    n_chunks = estimate_optimal_chunks(duration, workers, costs=costs)

    assert n_chunks >= 1
    assert n_chunks == 1 or duration / n_chunks >= MIN_CHUNK_S


@given(duration=DURATIONS, costs=COSTS)
def test_one_worker_gets_the_whole_job(duration: float, costs: ChunkCosts) -> None:
    assert estimate_optimal_chunks(duration, 1, costs=costs) == 1


@given(duration=DURATIONS, workers=st.integers(2, 64), costs=COSTS)
def test_every_worker_gets_equally_many_chunks(
    duration: float, workers: int, costs: ChunkCosts
) -> None:
    assume(duration >= workers * MIN_CHUNK_S)

    n_chunks = estimate_optimal_chunks(duration, workers, costs=costs)

    assert n_chunks >= workers
    assert n_chunks % workers == 0


@given(duration=DURATIONS, workers=st.integers(2, 16), costs=COSTS)
def test_no_other_number_of_rounds_is_expected_to_be_quicker(
    duration: float, workers: int, costs: ChunkCosts
) -> None:
    assume(duration >= workers * MIN_CHUNK_S)

    def lasts(n_chunks: int) -> float:
        chunk = costs.fixed_s + costs.per_frame_s * duration * 25 / n_chunks
        return (n_chunks / workers + costs.spread) * chunk

    chosen = estimate_optimal_chunks(duration, workers, costs=costs)

    most = int(duration / MIN_CHUNK_S) // workers
    best = min(lasts(rounds * workers) for rounds in range(1, most + 1))
    assert lasts(chosen) <= best * (1 + 1e-9)


def test_more_chunks_than_workers_only_where_that_pays() -> None:
    equal_workers = ChunkCosts(fixed_s=0.5, per_frame_s=0.01, spread=0.0)
    unlike_workers = ChunkCosts(fixed_s=0.5, per_frame_s=0.01, spread=0.3)

    assert estimate_optimal_chunks(600, 4, costs=equal_workers) == 4
    assert estimate_optimal_chunks(600, 4, costs=unlike_workers) > 4
    assert estimate_optimal_chunks(10, 4, costs=unlike_workers) == 4


def test_twenty_seconds_on_two_models_use_both() -> None:
    assert estimate_optimal_chunks(audio_duration_seconds=20, num_models=2) >= 2


@pytest.mark.parametrize("duration", [0, -1, float("nan"), float("inf"), "20", None, True])
def test_a_duration_that_is_none_is_refused(duration: object) -> None:
    with pytest.raises(ValueError, match="Give the length of the sound"):
        estimate_optimal_chunks(duration, 2)  # type: ignore[arg-type]


@pytest.mark.parametrize("workers", [0, -1, 1.5, "two", None, True])
def test_a_number_of_models_that_is_none_is_refused(workers: object) -> None:
    with pytest.raises(ValueError, match="Give the number of render workers"):
        estimate_optimal_chunks(20.0, workers)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(
    seconds=st.floats(0.02, 12),
    fps=FPS,
    n_chunks=st.integers(1, 40),
    gaps=st.lists(st.tuples(st.floats(0, 12), st.floats(0.01, 1)), max_size=8),
    workers=st.one_of(st.none(), st.integers(1, 5)),
)
def test_chunks_tile_the_job_without_gap_overlap_or_empty_chunk(
    seconds: float,
    fps: Fraction,
    n_chunks: int,
    gaps: list[tuple[float, float]],
    workers: int | None,
) -> None:
    pcm = with_gaps(noise(int(seconds * SAMPLE_RATE)), [(at, at + long) for at, long in gaps])
    n_frames = frame_count(len(pcm), fps)

    chunks = place_cuts(pcm, n_frames, fps, n_chunks, workers)

    assert len(chunks) == min(n_chunks, n_frames)
    assert chunks[0].first == 0
    assert chunks[-1].stop == n_frames
    assert all(before.stop == after.first for before, after in pairwise(chunks))
    assert all(chunk.count >= 1 for chunk in chunks)
    assert chunks == place_cuts(pcm, n_frames, fps, n_chunks, workers)


@settings(max_examples=40, deadline=None)
@given(
    fps=FPS,
    n_chunks=st.integers(2, 5),
    offset_s=st.floats(-0.4, 0.4),
    long_s=st.floats(0.12, 0.2),
    seed=st.integers(0, 99),
)
def test_a_cut_moves_into_the_silence_nearby(
    fps: Fraction, n_chunks: int, offset_s: float, long_s: float, seed: int
) -> None:
    seconds = 4 * n_chunks
    middles = [4 * k + offset_s for k in range(1, n_chunks)]
    gaps = [(at - long_s / 2, at + long_s / 2) for at in middles]
    pcm = with_gaps(noise(seconds * SAMPLE_RATE, seed), gaps)

    chunks = place_cuts(pcm, frame_count(len(pcm), fps), fps, n_chunks)

    for chunk, (start, stop) in zip(chunks[1:], gaps, strict=True):
        assert start <= float(chunk.first / fps) <= stop


@settings(max_examples=20, deadline=None)
@given(fps=FPS, offset_s=st.floats(-0.1, 0.1), seed=st.integers(0, 99))
def test_in_a_long_silence_a_cut_lies_on_the_generators_grid(
    fps: Fraction, offset_s: float, seed: int
) -> None:
    long_s = float(GRID / fps) + 0.1
    gap = (2 + offset_s - long_s / 2, 2 + offset_s + long_s / 2)
    pcm = with_gaps(noise(4 * SAMPLE_RATE, seed), [gap])

    chunks = place_cuts(pcm, frame_count(len(pcm), fps), fps, 2)

    assert chunks[1].first % GRID == 0
    assert gap[0] <= float(chunks[1].first / fps) <= gap[1]


@settings(max_examples=30, deadline=None)
@given(fps=FPS, seconds=st.integers(1, 20), n_chunks=st.integers(1, 30))
def test_without_silence_the_chunks_are_equally_long_but_for_the_grid(
    fps: Fraction, seconds: int, n_chunks: int
) -> None:
    pcm = noise(seconds * SAMPLE_RATE)

    chunks = place_cuts(pcm, frame_count(len(pcm), fps), fps, n_chunks)

    counts = [chunk.count for chunk in chunks]
    # Each cut moves by half a step at most, so a chunk by one, and two chunks by two.
    assert max(counts) - min(counts) <= 2 * GRID + 2


@settings(max_examples=30, deadline=None)
@given(fps=FPS, workers=st.integers(1, 4), rounds=st.integers(2, 6), mean_s=st.floats(2, 9))
def test_chunks_become_shorter_from_round_to_round_but_never_too_short(
    fps: Fraction, workers: int, rounds: int, mean_s: float
) -> None:
    n_chunks = workers * rounds
    pcm = noise(int(mean_s * n_chunks * SAMPLE_RATE))

    chunks = place_cuts(pcm, frame_count(len(pcm), fps), fps, n_chunks, workers)

    means = [
        sum(chunk.count for chunk in chunks[first : first + workers]) / workers
        for first in range(0, n_chunks, workers)
    ]
    assert all(later < earlier for earlier, later in pairwise(means))
    assert means[-1] >= MIN_CHUNK_S * fps - GRID


def test_unlike_workers_end_nearer_to_each_other_than_with_equal_chunks() -> None:
    pcm = noise(120 * SAMPLE_RATE)

    def ends_apart(workers: int | None, slower: float) -> float:
        free = [0.0, 0.0]
        for chunk in place_cuts(pcm, 3000, Fraction(25), 10, workers):
            taker = free.index(min(free))
            free[taker] += chunk.count * (slower if taker else 1.0)
        return abs(free[0] - free[1])

    paces = np.linspace(1.02, 1.6, 12)
    assert sum(ends_apart(2, pace) for pace in paces) < 0.6 * sum(
        ends_apart(None, pace) for pace in paces
    )


@settings(max_examples=30, deadline=None)
@given(
    fps=FPS,
    n_chunks=st.integers(2, 20),
    gaps=st.lists(st.tuples(st.floats(0, 10), st.floats(0.05, 1)), max_size=20),
)
def test_a_cut_never_moves_more_than_half_a_second(
    fps: Fraction, n_chunks: int, gaps: list[tuple[float, float]]
) -> None:
    pcm = with_gaps(noise(10 * SAMPLE_RATE), [(at, at + long) for at, long in gaps])
    n_frames = frame_count(len(pcm), fps)

    chunks = place_cuts(pcm, n_frames, fps, n_chunks)

    for k, chunk in enumerate(chunks):
        assert abs(chunk.first - k * n_frames // n_chunks) <= fps / 2 + 1


def test_the_longest_of_several_silences_wins() -> None:
    pcm = with_gaps(noise(10 * SAMPLE_RATE), [(4.6, 4.7), (5.1, 5.35)])

    _, second = place_cuts(pcm, 250, Fraction(25), 2)

    assert 5.1 <= second.first / 25 <= 5.35


def test_a_quiet_recording_has_silences_too() -> None:
    whispered = (noise(10 * SAMPLE_RATE) // 100).astype(np.int16)
    whispered[int(4.7 * SAMPLE_RATE) : int(4.9 * SAMPLE_RATE)] = 0

    _, second = place_cuts(whispered, 250, Fraction(25), 2)

    assert 4.7 <= second.first / 25 <= 4.9


@pytest.mark.parametrize(("n_frames", "n_chunks"), [(0, 1), (-5, 2), (10, 0), (10, -1)])
def test_nothing_cannot_be_cut_nor_into_nothing(n_frames: int, n_chunks: int) -> None:
    with pytest.raises(ValueError, match="must be at least 1"):
        place_cuts(noise(1000), n_frames, Fraction(25), n_chunks)


def test_an_hour_is_cut_in_a_blink() -> None:
    second = with_gaps(noise(SAMPLE_RATE), [(0.3, 0.5)])
    hour = np.tile(second, 3600)
    place_cuts(second, 25, Fraction(25), 2)  # pydub is imported

    begin = time.process_time()
    chunks = place_cuts(hour, 90_000, Fraction(25), 60)

    assert time.process_time() - begin < 0.2
    assert all(0.3 <= (chunk.first / 25) % 1 <= 0.5 for chunk in chunks[1:])


def test_a_dearer_generator_is_cut_into_more_chunks_and_an_unknown_one_as_the_built_in():
    def chunks(generator: str) -> int:
        return estimate_optimal_chunks(20, 2, costs=costs_of(generator))

    assert chunks("wav2lip") >= chunks("viseme")
    assert costs_of("wav2lip").per_frame_s > 3 * costs_of("viseme").per_frame_s
    assert costs_of("somebody-elses") == costs_of("viseme")
