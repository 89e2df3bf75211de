"""How long a job's chunks are: for whoever pulls them, and for who waits for the first."""

import random
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.chunking import MEASURED, estimate_optimal_chunks
from lipsync_engine.pulling import Pace, pulled, soonest
from lipsync_engine.sizing import (
    EARLY_COST,
    GROWTHS,
    MIN_CHUNK_S,
    MOST_EACH,
    lengths,
    trapezoid,
)

FPS = Fraction(25)
SHORTEST = int(MIN_CHUNK_S * FPS)
USUAL = Pace(MEASURED.fixed_s, MEASURED.per_frame_s)
PACES = st.builds(
    Pace, st.floats(0.01, 1), st.floats(0.001, 0.2), st.one_of(st.just(0.0), st.floats(0, 20))
)
CREWS = st.lists(PACES, min_size=1, max_size=9)
N_FRAMES = st.integers(1, 20_000)


@settings(deadline=None)
@given(n_frames=N_FRAMES, crew=CREWS, early=st.sampled_from([0, 25, 50, 100]), most=st.booleans())
def test_the_chunks_add_up_to_the_job_and_none_is_empty_or_too_long(
    n_frames: int, crew: list[Pace], early: int, most: bool
) -> None:
    found = lengths(n_frames, crew, FPS, early, 3000 if most else None)

    assert sum(found) == n_frames
    assert min(found) >= 1
    assert not most or max(found) <= 3000
    assert found == lengths(n_frames, crew, FPS, early, 3000 if most else None)


@settings(deadline=None)
@given(n_frames=N_FRAMES, crew=CREWS, early=st.sampled_from([0, 50]))
def test_no_chunk_is_shorter_than_the_minimum_and_there_are_not_too_many(
    n_frames: int, crew: list[Pace], early: int
) -> None:
    found = lengths(n_frames, crew, FPS, early)

    assert len(found) == 1 or min(found) >= SHORTEST
    # In the beginning a chunk is at least GROWTHS[0][0] times as long as that a round before.
    rounds = 1 + 14  # log(20 000 / 50) / log(1.5) = 14.8
    assert len(found) <= (MOST_EACH + (rounds if early else 0)) * len(crew)


@settings(deadline=None)
@given(n_frames=st.integers(200, 20_000), workers=st.integers(1, 8), early=st.integers(25, 100))
def test_the_first_chunk_is_short_and_the_next_ones_grow_without_a_leap(
    n_frames: int, workers: int, early: int
) -> None:
    crew = [USUAL] * workers
    plain, found = lengths(n_frames, crew, FPS), lengths(n_frames, crew, FPS, early)

    if found == plain:  # too short to be worth it
        return
    assert found[0] == early
    usual, longest = max(plain), early
    for size in found[1:]:
        if size >= usual or longest * GROWTHS[0][1] >= usual:
            break  # from here on as ever
        assert size <= GROWTHS[-1][1] * longest
        longest = max(longest, size)


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 8])
@pytest.mark.parametrize("seconds", [60, 120, 600])
def test_a_job_of_a_minute_or_more_begins_with_a_short_chunk(workers: int, seconds: int) -> None:
    assert lengths(seconds * 25, [USUAL] * workers, FPS, 50)[0] == 50


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("seconds", [20, 60, 600])
def test_playing_never_waits_on_workers_who_are_faster_than_it(workers: int, seconds: int) -> None:
    crew = [USUAL] * workers
    found = lengths(seconds * 25, crew, FPS, 50)

    free, ready = [0.0] * workers, []
    for size in found:
        taker = free.index(min(free))
        free[taker] += USUAL.fixed_s + USUAL.per_frame_s * size
        ready.append(free[taker])
    played = ready[0]
    for size, done in zip(found, ready, strict=True):
        assert done <= played
        played += size / 25


@settings(deadline=None)
@given(n_frames=st.integers(500, 20_000), workers=st.integers(1, 8), seed=st.integers(0, 999))
def test_an_early_beginning_costs_no_more_than_its_share_on_workers_near_the_measure(
    n_frames: int, workers: int, seed: int
) -> None:
    crew = [USUAL] * workers
    plain, found = lengths(n_frames, crew, FPS), lengths(n_frames, crew, FPS, 50)

    rng = random.Random(seed)
    trials = [
        [Pace(USUAL.fixed_s, USUAL.per_frame_s * rng.uniform(0.87, 1.15)) for _ in crew]
        for _ in range(40)
    ]
    cost = sum(pulled(found, t) for t in trials) / sum(pulled(plain, t) for t in trials)
    assert cost <= 1 + 2 * EARLY_COST  # the planner has judged by eight of them


def test_nobody_who_waits_for_nothing_pays_for_it() -> None:
    assert lengths(1500, [USUAL], FPS) == (1500,)
    assert lengths(60, [USUAL] * 2, FPS, 50) == lengths(60, [USUAL] * 2, FPS)


@given(
    n_frames=st.integers(1, 12),
    crew=st.lists(
        st.builds(Pace, st.sampled_from([0.0, 0.5, 2.0]), st.sampled_from([1.0, 2.0, 3.0]),
                  st.sampled_from([0.0, 1.0, 5.0])), min_size=1, max_size=3,
    ),
)  # fmt: skip
def test_no_cut_and_no_assignment_ends_sooner_than_the_bound(
    n_frames: int, crew: list[Pace]
) -> None:
    best = best_of_all(n_frames, crew)

    bound = soonest(n_frames, crew)

    assert bound <= best + 1e-9
    assert best <= bound + max(pace.per_frame_s for pace in crew)  # a frame is not parted


def best_of_all(n_frames: int, crew: list[Pace]) -> float:
    """The least end over every number of frames for every worker, by trying all."""
    ends = []
    for shares in product(range(n_frames + 1), repeat=len(crew)):
        if sum(shares) == n_frames:
            ends.append(max(
                pace.free_s + pace.fixed_s + pace.per_frame_s * share
                for pace, share in zip(crew, shares, strict=True) if share
            ))  # fmt: skip
    return min(ends)


def test_workers_pull_in_the_order_in_which_they_are_free() -> None:
    crew = [Pace(1, 0.1, free_s=5), Pace(1, 0.2)]

    assert pulled([10], crew) == 3.0
    assert pulled([10, 10], crew) == 6.0  # the slow one again at 3, before the other is free
    assert pulled([20, 10], crew) == 7.0


def test_a_slow_worker_does_not_hold_the_others_up() -> None:
    crew = [USUAL, USUAL, Pace(USUAL.fixed_s, 10 * USUAL.per_frame_s)]

    for order in (crew, crew[::-1]):
        assert pulled(lengths(3000, crew, FPS), order) < 1.05 * soonest(3000, crew)


def test_a_worker_that_is_busy_for_long_gets_what_it_still_can_do() -> None:
    crew = [USUAL, Pace(USUAL.fixed_s, USUAL.per_frame_s, free_s=10)]

    found = lengths(1500, crew, FPS)

    assert pulled(found, crew) < 1.03 * soonest(1500, crew)


def test_a_trapezoid_has_equal_rounds_each_shorter_than_the_last() -> None:
    found = trapezoid(1200, 6, 2, 25)

    assert sum(found) == 1200
    assert found[0] > found[2] > found[4]
    assert abs(found[0] - found[1]) <= 1


def test_the_number_of_chunks_is_that_of_the_lengths_where_the_crew_is_known() -> None:
    crew = [USUAL, Pace(0.3, 0.05)]

    assert estimate_optimal_chunks(60, 2, crew=crew, early=50) == len(lengths(1500, crew, FPS, 50))
    with pytest.raises(ValueError, match="the crew has 2 workers"):
        estimate_optimal_chunks(60, 3, crew=crew)
