"""Reuse through real workers: what was rendered once comes at once, and deleting frees all."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.guard import Guard
from tasks.contract import ChunkState, Job, JobRequest, JobState
from tasks.holds import Holds, Kind
from tasks.settings import Settings
from tasks.storage import RedisStorage
from tasks.stores import connect
from tests.workers import Fleet, running, stamps, until

MIB = 2**20
OPENING = (
    "One sentence, which is long enough to be cut in two. Another one follows it after a pause. "
)
REQUEST = JobRequest(
    text=OPENING + "A third ends the text.", language="en", generator="stamp", num_workers=2
)


@pytest.fixture(scope="module")
def settings(queue_server: str, blob_server: str) -> Settings:
    for url in (queue_server, blob_server):
        connect(url).flushall()
    return Settings(queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.5)


@pytest.fixture(scope="module")
def fleet(
    settings: Settings, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    with running(settings, guard, tmp_path_factory.mktemp("fleet")) as fleet:
        until(lambda: not fleet.queue.not_ready() and len(fleet.queue.workers()) == 3)
        yield fleet


@pytest.fixture(scope="module")
def first(fleet: Fleet) -> Job:
    return done(fleet, REQUEST)


def done(fleet: Fleet, request: JobRequest) -> Job:
    job = fleet.queue.wait(fleet.queue.submit(request).id, 60)
    assert job.state is JobState.SUCCEEDED, job.failure
    assert all(chunk.state is ChunkState.DONE for chunk in job.chunks)
    return job


def frames_rendered(fleet: Fleet) -> int:
    return sum(worker.frames_done for worker in fleet.queue.workers())


def test_a_job_sent_again_renders_nothing_and_is_the_same_video(fleet: Fleet, first: Job) -> None:
    before = frames_rendered(fleet)

    again = done(fleet, REQUEST)

    assert not any(chunk.reused for chunk in first.chunks)
    assert all(chunk.reused and chunk.attempts == 0 for chunk in again.chunks)
    assert frames_rendered(fleet) == before == first.n_frames
    assert again.video == first.video
    assert again.progress == 1


def test_an_edited_end_renders_only_the_end(fleet: Fleet, first: Job) -> None:
    edited = done(fleet, replace(REQUEST, text=OPENING + "But this is another end, and longer."))

    reused = [chunk.index for chunk in edited.chunks if chunk.reused]
    assert reused == list(range(len(reused)))
    assert 0 < len(reused) < len(edited.chunks)
    assert stamps(fleet, edited.id) == list(range(edited.n_frames or 0))


def test_a_job_on_a_full_store_waits_until_chunks_of_finished_ones_made_room(
    fleet: Fleet, first: Job
) -> None:
    client = connect(fleet.settings.blob_url)
    storage, holds = RedisStorage(client), Holds(client, fleet.settings)
    spare = [storage.put(bytes([number]) * 4 * MIB, 600).key for number in range(4)]
    holds.hold(first.id, spare, Kind.CHUNK)
    limit = client.config_get("maxmemory")["maxmemory"]

    client.config_set("maxmemory", int(client.info("memory")["used_memory"]) * 4 // 5)
    try:
        job = done(fleet, replace(REQUEST, text="Something else."))
    finally:
        client.config_set("maxmemory", limit)

    assert stamps(fleet, job.id) == list(range(job.n_frames or 0))
    assert not all(storage.verify(key) for key in spare)


def test_deleted_jobs_leave_no_blob_of_theirs(fleet: Fleet, first: Job) -> None:
    client = connect(fleet.settings.blob_url)
    jobs = Holds(client, fleet.settings).jobs()
    assert first.id in jobs

    for job_id in jobs:
        fleet.queue.delete(job_id)

    assert client.keys("lipchord:part:*") == []
    assert client.keys("lipchord:blob_*") == []
    assert not any(chunk.reused for chunk in done(fleet, REQUEST).chunks)
