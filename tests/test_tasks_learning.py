"""A worker learns from its chunks what they cost it."""

import random

from hypothesis import given
from hypothesis import strategies as st

from lipsync_engine.chunking import ChunkCosts
from tasks.learning import ChunkTimes

BELIEVED = ChunkCosts(fixed_s=0.06, per_frame_s=0.0115, spread=0.1)
LENGTHS = st.lists(st.integers(25, 800), min_size=1, max_size=60)


def learnt(chunks: list[tuple[int, float]]) -> ChunkTimes:
    times = ChunkTimes(BELIEVED)
    for n_frames, seconds in chunks:
        times.add(n_frames, seconds)
    return times


def test_before_the_first_chunk_the_belief_stands() -> None:
    times = ChunkTimes(BELIEVED)

    assert times.costs == BELIEVED
    assert not times.measured


def test_the_first_chunk_tells_how_fast_this_machine_is_as_a_whole() -> None:
    times = learnt([(100, 5 * (0.06 + 1.15))])

    assert times.measured
    assert abs(times.costs.fixed_s - 0.3) < 1e-9
    assert abs(times.costs.per_frame_s - 0.0575) < 1e-9


@given(frames=st.floats(0.5, 15), per_frame=st.floats(0.0005, 0.2), seed=st.integers(0, 999))
def test_chunks_of_several_lengths_tell_both_costs(
    frames: float, per_frame: float, seed: int
) -> None:
    fixed = frames * per_frame
    rng = random.Random(seed)
    lengths = [rng.choice((25, 50, 120, 300)) for _ in range(60)]

    costs = learnt([(n, fixed + per_frame * n) for n in lengths]).costs

    for n_frames in (50, 300):
        real = fixed + per_frame * n_frames
        assert abs(costs.fixed_s + costs.per_frame_s * n_frames - real) < 0.15 * real


def test_a_machine_that_becomes_slower_is_noticed_within_ten_chunks() -> None:
    fast = [(n, 0.05 + 0.01 * n) for n in (50, 100, 200) * 5]
    slow = [(n, 0.1 + 0.02 * n) for n in (50, 100, 200) * 3 + (50,)]

    costs = learnt(fast + slow).costs

    for n_frames in (50, 100, 200):
        real = 0.1 + 0.02 * n_frames
        assert abs(costs.fixed_s + n_frames * costs.per_frame_s - real) < 0.12 * real


def test_a_process_that_was_stopped_for_an_hour_is_no_measure() -> None:
    usual = [(n, 0.05 + 0.01 * n) for n in (50, 100, 200) * 5]

    costs = learnt([*usual, (100, 3600.0)]).costs

    assert costs.fixed_s + 100 * costs.per_frame_s < 2 * 1.05


@given(lengths=LENGTHS, seed=st.integers(0, 999))
def test_no_cost_is_below_nothing_whatever_was_measured(lengths: list[int], seed: int) -> None:
    rng = random.Random(seed)

    costs = learnt([(n, rng.uniform(0, 5)) for n in lengths]).costs

    assert costs.fixed_s >= 0
    assert costs.per_frame_s > 0


def test_a_few_slow_short_chunks_do_not_make_all_of_the_cost_a_fixed_one() -> None:
    usual = [(n, 0.06 + 0.0115 * n) for n in (400, 500, 250, 50)]

    costs = learnt([*usual, (50, 1.2), (450, 5.3)]).costs

    assert costs.fixed_s < 0.25
