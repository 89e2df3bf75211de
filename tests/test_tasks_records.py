"""The job's record on a real server: what is true about a job, whoever says it twice."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.blueprint import Chunk
from tasks.contract import ChunkState, Failure, JobRequest, JobState, Stage, VideoInfo
from tasks.epoch import new_job_id
from tasks.errors import StaleError, UnknownJobError
from tasks.records import MAX_ATTEMPTS, Claim, ClaimOutcome, PlanClaim, Records
from tasks.stores import connect
from tests.records import REQUEST, VIDEO, accepted, plan_of, planned


@pytest.fixture
def records(queue_store: str) -> Records:
    return Records(connect(queue_store), job_ttl_s=1000)


def test_an_accepted_job_is_queued_with_its_request(records: Records) -> None:
    job = records.job(accepted(records))

    assert job.state is JobState.QUEUED
    assert job.request == REQUEST
    assert job.progress == 0
    assert records.active() == (job.id,)


def test_the_whole_way_of_a_job(records: Records) -> None:
    job_id = planned(records, 30, 20)

    for index, frames in enumerate((30, 20)):
        claim = records.claim(job_id, index, f"render{index}")
        assert records.note_progress(job_id, index, claim.fence, 10)
        records.commit(job_id, index, claim.fence, f"blob_{index}", frames)
    fence = records.begin_merge(job_id, 2)
    assert fence is not None
    assert records.finish(job_id, fence, VIDEO)

    job = records.job(job_id)
    assert (job.state, job.stage, job.progress) == (JobState.SUCCEEDED, None, 1.0)
    assert job.video == VIDEO
    assert job.warnings == ("two faces",)
    assert [chunk.worker for chunk in job.chunks] == ["render0", "render1"]
    assert set(job.timings) == {"plan", "render", "merge"}
    assert records.chunk_keys(job_id) == ("blob_0", "blob_1")
    assert records.active() == ()
    assert records.counters() == {"accepted": 1, "succeeded": 1}


def test_one_key_makes_one_job(records: Records) -> None:
    first = records.submit(new_job_id(), REQUEST, "k1")
    second = records.submit(new_job_id(), REQUEST, "k1")

    assert first == second
    assert records.submit(new_job_id(), REQUEST, "k2") != first


def test_one_key_with_another_request_is_refused(records: Records) -> None:
    records.submit(new_job_id(), REQUEST, "k1")

    with pytest.raises(StaleError):
        records.submit(new_job_id(), JobRequest(text="other"), "k1")


def test_chunks_of_an_earlier_job_are_done_from_the_start(records: Records) -> None:
    job_id = accepted(records)
    records.begin_plan(job_id)
    plan = plan_of(30, 20)
    known = replace(plan.chunks[0], key="blob_known")
    records.set_plan(job_id, replace(plan, chunks=(known, plan.chunks[1])))

    first, second = records.job(job_id).chunks

    assert (first.state, first.frames_done, first.reused) == (ChunkState.DONE, 30, True)
    assert (second.state, second.reused) == (ChunkState.QUEUED, False)
    assert records.claim(job_id, 0, "render0").outcome is ClaimOutcome.DONE
    assert records.job(job_id).eta_seconds is None
    assert records.plan(job_id).to_render == (1,)
    claim = records.claim(job_id, 1, "render0")
    records.commit(job_id, 1, claim.fence, "blob_1", 20)
    assert records.chunk_keys(job_id) == ("blob_known", "blob_1")
    assert records.begin_merge(job_id, 2)


def test_a_redelivered_plan_finds_the_first_one(records: Records) -> None:
    job_id = accepted(records)
    records.begin_plan(job_id)
    records.set_plan(job_id, plan_of(10))

    assert records.begin_plan(job_id) is PlanClaim.PLANNED
    records.set_plan(job_id, plan_of(4, 6))
    records.mark_chord(job_id)

    assert records.begin_plan(job_id) is PlanClaim.STOP

    assert len(records.job(job_id).chunks) == 1


def test_a_late_commit_of_an_older_attempt_is_refused(records: Records) -> None:
    job_id = planned(records, 10)
    zombie = records.claim(job_id, 0, "render0")
    records.give_back(job_id, "0", zombie.fence, None)
    records.claim(job_id, 0, "render1")

    with pytest.raises(StaleError):
        records.commit(job_id, 0, zombie.fence, "blob_old", 10)

    assert not records.note_progress(job_id, 0, zombie.fence, 5)


def test_a_commit_with_a_wrong_frame_count_is_refused(records: Records) -> None:
    job_id = planned(records, 10)
    claim = records.claim(job_id, 0, "render0")

    with pytest.raises(StaleError):
        records.commit(job_id, 0, claim.fence, "blob", 9)


def test_a_done_chunk_is_not_rendered_again(records: Records) -> None:
    job_id = planned(records, 10)
    claim = records.claim(job_id, 0, "render0")
    records.commit(job_id, 0, claim.fence, "blob", 10)

    assert records.claim(job_id, 0, "render1") == Claim(ClaimOutcome.DONE, 0)


def test_a_chunk_that_kills_its_workers_ends_the_job(records: Records) -> None:
    job_id = planned(records, 10)
    for _ in range(MAX_ATTEMPTS):
        assert records.claim(job_id, 0, "render0").outcome is ClaimOutcome.RENDER

    assert records.claim(job_id, 0, "render0").outcome is ClaimOutcome.EXHAUSTED

    job = records.job(job_id)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.reason == "worker-lost"
    assert "log" in job.failure.detail


def test_merging_waits_for_every_chunk(records: Records) -> None:
    job_id = planned(records, 10, 10)
    claim = records.claim(job_id, 0, "render0")
    records.commit(job_id, 0, claim.fence, "blob", 10)

    with pytest.raises(StaleError):
        records.begin_merge(job_id, 2)

    assert records.job(job_id).stage is Stage.RENDERING


def test_of_two_merges_the_later_finishes_once(records: Records) -> None:
    job_id = planned(records, 10)
    claim = records.claim(job_id, 0, "render0")
    records.commit(job_id, 0, claim.fence, "blob", 10)
    first, second = records.begin_merge(job_id, 1), records.begin_merge(job_id, 1)
    assert first is not None
    assert second is not None

    assert not records.finish(job_id, first, VIDEO)
    assert records.finish(job_id, second, VIDEO)
    assert not records.finish(job_id, second, VideoInfo("blob_other", 1, "o"))

    assert records.job(job_id).video == VIDEO


def test_a_canceled_job_stops_everything_and_stays_canceled(records: Records) -> None:
    job_id = planned(records, 10)
    claim = records.claim(job_id, 0, "render0")

    assert records.cancel(job_id)
    assert not records.cancel(job_id)

    assert not records.note_progress(job_id, 0, claim.fence, 5)
    assert records.claim(job_id, 0, "render1").outcome is ClaimOutcome.STOP
    assert records.begin_plan(job_id) is PlanClaim.STOP
    assert not records.fail(job_id, Failure("x", "y"))
    assert records.job(job_id).state is JobState.CANCELED


def test_progress_never_falls_when_a_chunk_starts_again(records: Records) -> None:
    job_id = planned(records, 100)
    first = records.claim(job_id, 0, "render0")
    records.note_progress(job_id, 0, first.fence, 60)
    before = records.job(job_id).progress

    again = records.claim(job_id, 0, "render0")
    records.note_progress(job_id, 0, again.fence, 10)

    assert records.job(job_id).progress == before


def test_a_terminal_record_has_an_end(records: Records, queue_store: str) -> None:
    job_id = planned(records, 10)

    records.fail(job_id, Failure("no-face", "Send a face."))

    client = connect(queue_store)
    for suffix in ("", ":chunks", ":events"):
        assert 0 < client.ttl(f"lipchord:job:{job_id}{suffix}") <= 1000


def test_every_change_is_an_event(records: Records, queue_store: str) -> None:
    job_id = planned(records, 10)
    claim = records.claim(job_id, 0, "render0")
    records.commit(job_id, 0, claim.fence, "blob", 10)
    records.finish(job_id, records.begin_merge(job_id, 1) or 0, VIDEO)

    events = connect(queue_store).xrange(f"lipchord:job:{job_id}:events")

    kinds = [fields[b"type"].decode() for _, fields in events]
    assert kinds == [
        "accepted", "dispatched", "planning", "planned", "claimed", "chunk", "merging", "succeeded",
    ]  # fmt: skip


def test_an_unknown_job_is_unknown(records: Records) -> None:
    with pytest.raises(UnknownJobError):
        records.job(new_job_id())

    with pytest.raises(UnknownJobError):
        records.cancel(new_job_id())


@given(lengths=st.lists(st.integers(1, 500), min_size=1, max_size=40))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_plan_comes_back_as_it_was(records: Records, lengths: list[int]) -> None:
    job_id = planned(records, *lengths)

    assert records.plan(job_id) == plan_of(*lengths)
    assert [chunk.n_frames for chunk in records.job(job_id).chunks] == lengths


def test_a_chunk_of_a_long_job_costs_the_store_what_one_of_a_short_job_does(
    records: Records, queue_store: str
) -> None:
    client = connect(queue_store)

    def commands_and_bytes(n_chunks: int) -> tuple[int, int]:
        job_id = planned(records, *[10] * n_chunks)
        records.commit(job_id, 0, records.claim(job_id, 0, "r").fence, "blob_0", 10, in_chord=False)
        client.config_resetstat()
        _, chunk = records.plan_of_chunk(job_id, 1)
        claim = records.claim(job_id, chunk.index, "r")
        records.commit(job_id, chunk.index, claim.fence, "blob_1", chunk.n_frames)
        calls = sum(stat["calls"] for stat in client.info("commandstats").values())
        return calls, int(client.info("stats")["total_net_output_bytes"])

    (calls, told), (many_calls, much_told) = commands_and_bytes(3), commands_and_bytes(600)

    assert many_calls == calls
    assert much_told < 1.1 * told


def test_a_plan_is_read_back_whole_or_for_one_chunk(records: Records) -> None:
    job_id = accepted(records)
    records.begin_plan(job_id)
    made = replace(plan_of(30, 20), chunks=(Chunk(0, 0, 30, "blob_k"), Chunk(1, 30, 20)))

    records.set_plan(job_id, made)

    assert records.plan(job_id) == made
    assert records.plan_of_chunk(job_id, 0) == (replace(made, chunks=()), made.chunks[0])
    with pytest.raises(UnknownJobError):
        records.plan_of_chunk(job_id, 2)
