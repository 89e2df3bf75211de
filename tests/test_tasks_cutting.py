"""Where a job is cut: at the lengths that let all workers end together, or in silence near them."""

from fractions import Fraction
from itertools import accumulate

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.pulling import Pace
from lipsync_engine.quiet import GRID
from lipsync_engine.timeline import SAMPLE_RATE, frame_count
from tasks.cutting import FEW, LITTLE, cut, wanted_lengths
from tasks.paces import MESSAGE_S, in_turn

FPS = Fraction(25)


def words(seconds: int, seed: int) -> np.ndarray:
    """Noise with pauses at other places in each second: there is something to cut at."""
    rng = np.random.default_rng(seed)
    pcm = rng.normal(0, 4000, seconds * SAMPLE_RATE).clip(-32000, 32000).astype(np.int16)
    for second in range(seconds):
        at = int((second + rng.uniform(0, 0.8)) * SAMPLE_RATE)
        pcm[at : at + SAMPLE_RATE // 8] = 0
    return pcm


@settings(max_examples=15, deadline=None)
@given(workers=st.integers(1, 64), seconds=st.integers(5, 200), seed=st.integers(0, 99))
def test_workers_with_little_to_do_get_the_lengths_that_were_wanted(
    workers: int, seconds: int, seed: int
) -> None:
    pcm, crew = words(seconds, seed), [Pace(0.05, 0.02)] * workers
    n_frames = frame_count(len(pcm), FPS)
    wanted = wanted_lengths(n_frames, FPS, crew, 0)

    chunks = cut(pcm, n_frames, FPS, crew)

    assert sum(chunk.n_frames for chunk in chunks) == n_frames
    if n_frames < FEW * workers:
        assert [chunk.n_frames for chunk in chunks] == list(wanted)


def test_workers_with_much_to_do_are_given_cuts_in_silence_near_those_lengths() -> None:
    pcm, crew = words(300, 3), [Pace(0.05, 0.02)] * 2
    wanted = wanted_lengths(7500, FPS, crew, 0)

    chunks = cut(pcm, 7500, FPS, crew)

    edges = [chunk.first_frame for chunk in chunks[1:]]
    assert all(
        abs(edge - ideal) <= 12 for edge, ideal in zip(edges, accumulate(wanted), strict=False)
    )
    silent = [not pcm[round(edge / FPS * SAMPLE_RATE)] for edge in edges]
    assert sum(silent) >= len(edges) / 2  # a pause a second, each at a place of its own


@given(free=st.lists(st.floats(0, 5), min_size=1, max_size=64))
def test_messages_come_one_after_the_other(free: list[float]) -> None:
    crew = in_turn([Pace(0.05, 0.02, at) for at in free])

    assert all(pace.free_s >= turn * MESSAGE_S for turn, pace in enumerate(crew))
    assert [max(0.0, pace.free_s) for pace in crew] == sorted(pace.free_s for pace in crew)
    assert all(pace.free_s >= at for pace, at in zip(crew, sorted(free), strict=True))


@settings(deadline=None)
@given(n_frames=st.integers(1, 20_000), workers=st.integers(1, 12), early=st.sampled_from([0, 50]))
def test_in_a_busy_house_chunks_cost_little_beside_their_frames(
    n_frames: int, workers: int, early: int
) -> None:
    crew = [Pace(0.06, 0.0115)] * workers

    found = wanted_lengths(n_frames, FPS, crew, early, busy=True)

    assert sum(found) == n_frames
    enough = 0.06 / 0.0115 / LITTLE
    if n_frames < 2 * enough:
        assert found == (n_frames,)
    if not early:
        assert len(found) == 1 or min(found) >= enough - GRID
    if n_frames > 40 * enough * workers:
        assert len(found) >= workers


def test_a_short_job_is_shared_in_a_house_that_has_time() -> None:
    crew = [Pace(0.06, 0.0115)] * 2

    assert len(wanted_lengths(134, FPS, crew, 50)) == 2
    assert len(wanted_lengths(134, FPS, crew, 50, busy=True)) == 1
