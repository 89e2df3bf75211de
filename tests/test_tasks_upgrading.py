"""Two versions in one fleet: no video is made by both, and no job waits for the one that left."""

import os
import signal
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.guard import Guard
from tasks.contract import Job, JobRequest, JobState, Stage
from tasks.house import WorkerInfo
from tasks.settings import Settings
from tasks.stores import connect
from tasks.versions import any_left, crew, may_render, version
from tests.workers import Fleet, running, stamps, until

OLD, NEW = ("render0", "render1"), "render2"
TEXT = "A text that is spoken for a few seconds, so that it is cut in two. This is its end."


def worker(name: str, fingerprint: str | None, generator: str = "stamp") -> WorkerInfo:
    ready = fingerprint is not None
    return WorkerInfo(
        name, "render", generator, ready, "cores 0", 1, fingerprint=fingerprint, context=(4, 3)
    )


def test_a_job_is_for_the_version_that_most_ready_workers_have() -> None:
    fleet = [
        worker("a", "g-1~cpu;x"), worker("b", "g-2~cpu;x"), worker("c", "g-2~cpu;x"),
        worker("d", None), worker("e", "g-1~cpu;x", "other"),
    ]  # fmt: skip

    found = crew(fleet, "stamp")

    assert ([w.name for w in found.members], found.fingerprint) == (["b", "c"], "g-2~cpu;x")
    assert [kind.context.before for kind in found.kinds] == [4]


def test_workers_that_only_round_otherwise_share_a_job() -> None:
    found = crew([worker("a", "g-1~cuda;x"), worker("b", "g-1~cpu;x")], "stamp")

    assert (len(found.members), len(found.kinds), found.fingerprint) == (2, 2, "g-1;x")
    assert may_render("g-1;x", "g-1~cuda;x")
    assert not may_render("g-1~cpu;x", "g-1~cuda;x")


def test_without_a_ready_worker_nobody_is_chosen() -> None:
    assert crew([worker("a", None)], "stamp").fingerprint is None


@given(st.text("ab-1", min_size=1), st.text("ab-1"), st.text("ab-1", min_size=1), st.text("ab-1"))
def test_a_worker_may_render_what_was_planned_for_it_and_nothing_of_another_version(
    one: str, rounding: str, other: str, encoder: str
) -> None:
    own, its = f"{one}~{rounding};{encoder}", f"{other}~{rounding};{encoder}"

    assert may_render(own, own)
    assert may_render(version(own), own)
    assert may_render(version(own), its) == (one == other)
    assert any_left([worker("a", its)], "stamp", own) == (one == other)


@pytest.fixture(scope="module")
def fleet(
    queue_server: str, blob_server: str, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """Two workers of version 1, one of version 2."""
    for url in (queue_server, blob_server):
        connect(url).flushall()
    settings = Settings(
        queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.3, reaper_s=0.5, lease_s=2
    )
    with running(settings, guard, tmp_path_factory.mktemp("fleet"), delay_s=0.02) as fleet:
        fleet.start(NEW, version="2")
        until(lambda: sum(w.generator_ready for w in fleet.queue.workers()) == 4)
        yield fleet


def submitted(fleet: Fleet, seed: int) -> str:
    return fleet.queue.submit(JobRequest(text=TEXT, generator="stamp", num_workers=2, seed=seed)).id


def renderers(job: Job) -> set[str | None]:
    return {chunk.worker for chunk in job.chunks}


def test_a_worker_of_another_version_passes_the_chunks_on(fleet: Fleet) -> None:
    job = fleet.queue.wait(submitted(fleet, 1), 60)

    assert job.state is JobState.SUCCEEDED, job.failure
    assert len(job.chunks) > 1
    assert renderers(job) <= set(OLD)
    assert all(chunk.attempts == 1 for chunk in job.chunks)


def test_a_job_whose_version_leaves_is_planned_anew_and_made_by_one(fleet: Fleet) -> None:
    job_id = submitted(fleet, 2)
    until(lambda: any(chunk.frames_done for chunk in fleet.queue.job(job_id).chunks))
    shown = fleet.queue.job(job_id).progress

    for name in OLD:
        os.killpg(fleet.children[name].pid, signal.SIGKILL)

    until(lambda: fleet.queue.job(job_id).stage is not Stage.RENDERING)
    assert fleet.queue.job(job_id).progress >= shown
    job = fleet.queue.wait(job_id, 60)
    assert job.state is JobState.SUCCEEDED, job.failure
    assert renderers(job) == {NEW}
    assert stamps(fleet, job_id) == list(range(job.n_frames or 0))
    events = connect(fleet.settings.queue_url).xrange(f"lipchord:job:{job_id}:events")
    assert [event[b"type"] for _, event in events].count(b"replanned") == 1
