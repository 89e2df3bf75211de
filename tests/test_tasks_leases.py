"""Leases on a real server: who may have a piece, when it is free again, what the reaper says."""

import pytest

from tasks.contract import JobState
from tasks.errors import StaleError
from tasks.reaper import do, reap
from tasks.records import MAX_ATTEMPTS, MERGING, ClaimOutcome, PlanClaim, Records, Returned
from tasks.stores import connect
from tests.records import BROKEN, LATE, REQUEST, VIDEO, accepted, plan_of, planned, rendered

QUEUE = f"render.{REQUEST.generator}"


class Outbox:
    """A publisher that keeps what it is given."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    def plan(self, job_id: str) -> None:
        self.sent.append("plan")

    def chunk(self, job_id: str, index: int, generator: str) -> None:
        self.sent.append(f"chunk {index}")

    def merge(self, job_id: str) -> None:
        self.sent.append("merge")


@pytest.fixture
def records(queue_store: str) -> Records:
    return Records(connect(queue_store), lease_s=1000)


@pytest.fixture
def brief(queue_store: str) -> Records:
    """The same records; a lease has lapsed when the next call comes."""
    return Records(connect(queue_store), lease_s=0)


@pytest.fixture
def outbox(monkeypatch: pytest.MonkeyPatch) -> Outbox:
    monkeypatch.setattr("tasks.reaper.GRACE_S", -1.0)  # nothing is too young to be lost
    return Outbox()


def test_a_live_lease_keeps_another_worker_away_and_its_own_next_process_not(
    records: Records,
) -> None:
    job_id = planned(records, 10)
    records.claim(job_id, 0, "render0")

    assert records.claim(job_id, 0, "render1").outcome is ClaimOutcome.HELD
    assert records.claim(job_id, 0, "render0").outcome is ClaimOutcome.RENDER


def test_planning_and_merging_are_leased_too(records: Records) -> None:
    job_id = accepted(records)
    assert records.begin_plan(job_id, "cpu0") is PlanClaim.PLAN
    assert records.begin_plan(job_id, "cpu1") is PlanClaim.HELD

    ready = rendered(records, 10)
    assert records.begin_merge(ready, 1, "cpu0")
    with pytest.raises(StaleError, match="another worker"):
        records.begin_merge(ready, 1, "cpu1")


def test_a_frozen_worker_goes_on_where_nobody_took_its_chunk(
    records: Records, brief: Records
) -> None:
    job_id = planned(records, 10)
    claim = brief.claim(job_id, 0, "render0")
    records.look_after(job_id, 1000, LATE, 0)

    assert records.renew(job_id, "0", claim.fence)

    assert records.claim(job_id, 0, "render1").outcome is ClaimOutcome.HELD
    records.commit(job_id, 0, claim.fence, "blob", 10)


def test_a_chunk_handed_on_unharmed_is_no_attempt(records: Records) -> None:
    job_id = planned(records, 10)

    for _ in range(2 * MAX_ATTEMPTS):
        claim = records.claim(job_id, 0, "render0")
        assert records.give_back(job_id, "0", claim.fence, None) is Returned.QUEUED

    assert records.job(job_id).chunks[0].attempts == 0


def test_the_last_attempt_fails_the_job_with_its_error(records: Records) -> None:
    job_id = planned(records, 10)

    for _ in range(MAX_ATTEMPTS):
        claim = records.claim(job_id, 0, "render0")
        returned = records.give_back(job_id, "0", claim.fence, BROKEN)

    job = records.job(job_id)
    assert returned is Returned.EXHAUSTED
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.reason == BROKEN.reason
    assert "3 times, last on render0. A kernel went wrong. See" in job.failure.detail
    assert job.chunks[0].error == BROKEN.detail


def test_a_merge_is_published_by_the_last_commit_where_the_chord_cannot_know(
    records: Records,
) -> None:
    job_id = planned(records, 10, 10)
    first, last = (records.claim(job_id, index, f"render{index}") for index in (0, 1))

    assert not records.commit(job_id, 0, first.fence, "a", 10, in_chord=False)
    assert records.commit(job_id, 1, last.fence, "b", 10)


def test_a_damaged_chunk_goes_back_and_the_merge_comes_again(
    records: Records, outbox: Outbox
) -> None:
    job_id = rendered(records, 10, 10)
    fence = records.begin_merge(job_id, 2, "cpu0") or 0

    assert records.reopen(job_id, 1, fence, BROKEN) is Returned.QUEUED

    assert not records.finish(job_id, fence, VIDEO)
    reap(records, outbox, 1000)
    claim = records.claim(job_id, 1, "render1")
    records.commit(job_id, 1, claim.fence, "blob_new", 10, in_chord=False)
    again = records.begin_merge(job_id, 2, "cpu1")
    assert again is not None
    assert records.finish(job_id, again, VIDEO)
    assert outbox.sent == ["chunk 1"]


# -- the reaper ------------------------------------------------------------------------


def test_what_was_never_claimed_is_published_again_once_a_lease(
    records: Records, outbox: Outbox
) -> None:
    planned(records, 10, 10)

    for _ in range(3):
        reap(records, outbox, 1000)

    assert sorted(outbox.sent) == ["chunk 0", "chunk 1"]


def test_a_message_that_waits_in_its_queue_is_not_lost(
    records: Records, outbox: Outbox, queue_store: str
) -> None:
    planned(records, 10)
    connect(queue_store).lpush(QUEUE, "a message of an earlier job")

    reap(records, outbox, 1000)

    assert outbox.sent == []


def test_a_message_is_lost_when_a_younger_one_was_given_out(
    records: Records, queue_store: str
) -> None:
    older, younger = planned(records, 10), planned(records, 10)
    connect(queue_store).lpush(QUEUE, "a message of a later job")

    assert records.look_after(older, 1000, LATE, 0).pieces == ()

    records.claim(younger, 0, "render0")

    assert records.look_after(older, 1000, LATE, 0).pieces == ("0",)


def test_a_chunk_whose_worker_fell_silent_is_published_again_and_fails_after_three(
    brief: Records, outbox: Outbox
) -> None:
    job_id = planned(brief, 10)

    for _ in range(MAX_ATTEMPTS):
        assert brief.claim(job_id, 0, "render0").outcome is ClaimOutcome.RENDER
        reap(brief, outbox, 1000)

    job = brief.job(job_id)
    assert outbox.sent == ["chunk 0"] * (MAX_ATTEMPTS - 1)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.reason == "worker-lost"


def test_a_planner_that_died_is_replaced(brief: Records, outbox: Outbox) -> None:
    job_id = accepted(brief)
    brief.begin_plan(job_id, "cpu0")

    reap(brief, outbox, 1000)

    assert outbox.sent == ["plan"]
    assert brief.begin_plan(job_id, "cpu1") is PlanClaim.PLAN


def test_a_merge_that_never_came_or_died_is_published(brief: Records, outbox: Outbox) -> None:
    job_id = rendered(brief, 10)

    reap(brief, outbox, 1000)
    brief.begin_merge(job_id, 1, "cpu0")
    reap(brief, outbox, 1000)

    assert outbox.sent == ["merge", "merge"]


def test_two_reapers_publish_once(records: Records, outbox: Outbox, queue_store: str) -> None:
    rendered(records, 10)
    other = Records(connect(queue_store), lease_s=1000)

    for one in (records, other, records, other):
        reap(one, outbox, 1000)

    assert outbox.sent == ["merge"]


def test_what_a_reaper_that_died_had_noted_comes_again_after_a_lease(
    brief: Records, outbox: Outbox
) -> None:
    job_id = rendered(brief, 10)
    brief.look_after(job_id, 1000, LATE, -1)  # noted; then it died

    reap(brief, outbox, 1000)

    assert outbox.sent == ["merge"]


def test_a_job_without_a_record_is_forgotten(
    records: Records, outbox: Outbox, queue_store: str
) -> None:
    job_id = accepted(records)
    connect(queue_store).delete(f"lipchord:job:{job_id}")

    reap(records, outbox, 1000)

    assert (records.active(), outbox.sent) == ((), [])


def test_a_duty_that_breaks_does_not_keep_the_others_from_theirs() -> None:
    done = []

    def breaks() -> None:
        raise ZeroDivisionError

    do([breaks, lambda: done.append("the next")])

    assert done == ["the next"]


def test_what_a_chunk_says_at_the_end_is_kept_of_a_merge_as_well(records: Records) -> None:
    job_id = rendered(records, 10)
    for _ in range(MAX_ATTEMPTS):
        fence = records.begin_merge(job_id, 1, "cpu0") or 0
        records.give_back(job_id, MERGING, fence, BROKEN)

    failure = records.job(job_id).failure
    assert failure is not None
    assert failure.detail.startswith("Joining the chunks was tried 3 times")


def test_a_plan_stands_when_its_planner_dies_before_the_chord(records: Records) -> None:
    job_id = accepted(records)
    records.begin_plan(job_id, "cpu0")
    records.set_plan(job_id, plan_of(10))
    records.abandon(job_id, "plan", "cpu0")

    assert records.begin_plan(job_id, "cpu1") is PlanClaim.PLANNED
