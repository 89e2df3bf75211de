"""What the figures of a comparison say."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.comparing.measure import side
from tasks.comparing.verdict import SPOILING, judge
from tasks.comparison import Likeness, Outcome, Result, Share, Side
from tasks.contract import ChunkState, ChunkStatus, Job, JobRequest, JobState

ALIKE = Likeness(True, True, (300, 300), 0, 0, None, None, None, True, (1, 1))
ONE = Side(
    10.0, 0.0, {"plan": 0.2, "render": 9.4, "merge": 0.4}, 1, 300, (Share("a", 1, 300, 9.3),),
    0, 0, 0,
)  # fmt: skip
MANY = Side(
    5.0, 0.0, {"plan": 0.2, "render": 4.4, "merge": 0.4}, 2, 300,
    (Share("a", 1, 150, 4.3), Share("b", 1, 150, 4.3)), 0, 0, 0,
)  # fmt: skip


def judged(one: Side = ONE, many: Side = MANY, asked: int = 2, changed: bool = False) -> Result:
    return judge(one, many, ALIKE, asked, changed)


def shares(*seconds: float) -> tuple[Share, ...]:
    return tuple(Share(name, 1, 150, spent) for name, spent in zip("ab", seconds, strict=True))


def codes(result: Result) -> list[str]:
    return [reason.code for reason in result.reasons]


def test_half_the_time_on_two_workers_is_all_that_can_be_had() -> None:
    result = judged()

    assert (result.outcome, result.speedup, result.efficiency) == (Outcome.FASTER, 2.0, 1.0)
    assert result.render_speedup == pytest.approx(9.4 / 4.4, abs=1e-3)
    assert not result.reasons
    assert not result.spoiled


@given(st.floats(0.1, 1000), st.floats(0.1, 1000), st.integers(1, 8))
def test_speed_up_and_efficiency_are_the_measured_seconds(
    one: float, many: float, took_part: int
) -> None:
    shares = tuple(Share(str(index), 1, 10, 1.0) for index in range(took_part))
    result = judged(replace(ONE, seconds=one), replace(MANY, seconds=many, workers=shares))

    assert result.speedup == pytest.approx(one / many, rel=0.01, abs=1e-3)
    assert result.efficiency == pytest.approx(one / many / took_part, rel=0.01, abs=1e-3)
    assert (result.outcome is Outcome.SLOWER) == (one / many < 0.95)


@pytest.mark.parametrize(
    ("many", "expected"),
    [
        (replace(MANY, timings={"plan": 1.0, "render": 3.0, "merge": 1.0}), "fixed-costs"),
        (replace(MANY, n_chunks=1, workers=ONE.workers), "one-chunk"),
        (replace(MANY, n_chunks=4, workers=ONE.workers), "one-worker"),
        (replace(MANY, workers=shares(2.0, 4.4)), "uneven-workers"),
        (replace(MANY, workers=shares(9.0, 9.0)), "crowded"),
        (replace(MANY, other_jobs=1), "other-jobs"),
        (replace(MANY, n_retried=1), "retried"),
    ],
)
def test_what_held_the_parallel_job_up_is_named(many: Side, expected: str) -> None:
    result = judged(many=many)

    assert codes(result) == [expected]
    assert result.spoiled is (expected in SPOILING)


def test_fewer_workers_than_asked_for_and_other_ones_than_before_are_named() -> None:
    assert codes(judged(asked=4)) == ["fewer-workers"]
    assert codes(judged(changed=True)) == ["workers-changed"]


def test_a_job_that_used_earlier_frames_has_no_time_to_compare() -> None:
    result = judged(many=replace(MANY, n_reused=1))

    assert (result.outcome, result.speedup, result.efficiency) == (Outcome.UNMEASURED, None, None)
    assert codes(result) == ["reused"]


def test_a_side_is_read_from_its_jobs_record() -> None:
    chunks = (
        ChunkStatus(0, 0, 30, ChunkState.DONE, 30, "a", 1.0, attempts=2),
        ChunkStatus(1, 30, 20, ChunkState.DONE, 20, "b", 0.5, attempts=1),
        ChunkStatus(2, 50, 10, ChunkState.DONE, 10, "a", 0.25, attempts=1),
        ChunkStatus(3, 60, 5, ChunkState.DONE, 5, reused=True),
    )
    job = Job(
        "job_1", JobState.SUCCEEDED, None, 1.0, JobRequest(), created_at=100.0, started_at=101.0,
        finished_at=104.0, n_frames=65, chunks=chunks, timings={"plan": 0.5, "render": 2.0},
    )  # fmt: skip

    found = side(job, [(90.0, 101.0), (100.5, 101.5), (103.9, float("inf")), (104.0, 105.0)])

    assert (found.seconds, found.wait_seconds, found.n_chunks, found.n_frames) == (3.0, 1.0, 4, 65)
    assert found.workers == (Share("a", 2, 40, 1.25), Share("b", 1, 20, 0.5))
    assert (found.n_reused, found.n_retried, found.other_jobs) == (1, 1, 2)
    assert found.timings == {"plan": 0.5, "render": 2.0, "merge": 0.0}
