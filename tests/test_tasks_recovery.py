"""Real workers that are killed, hang, break, or are told to stop: the job is right all the same."""

import json
import os
import signal
from collections.abc import Iterator

import pytest

from deploy.guard import Guard
from tasks.contract import ChunkState, Job, JobRequest, JobState
from tasks.settings import Settings
from tasks.stores import connect
from tests.workers import Fleet, running, stamps, until

TEXT = (
    "One sentence, which is long enough to be cut in two. Another one follows it after a pause. "
    "A third ends the text, so that there is something to do for both of the workers."
)
BREAKS, HANGS, EXITS = 10, 20, 30  # moods of tests.generators.Moody, and how often


@pytest.fixture(scope="module")
def settings(queue_server: str, blob_server: str) -> Settings:
    for url in (queue_server, blob_server):
        connect(url).flushall()
    return Settings(
        queue_url=queue_server, blob_url=blob_server,
        heartbeat_s=0.5, reaper_s=0.5, lease_s=3, stall_s=2, reuse=0,
    )  # fmt: skip


@pytest.fixture(scope="module")
def fleet(
    settings: Settings, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    with running(settings, guard, folder, generator="moody", delay_s=0.01) as fleet:
        until(lambda: ready(fleet) == 2)
        yield fleet


def ready(fleet: Fleet) -> int:
    return sum(worker.generator_ready for worker in fleet.queue.workers() if worker.generator)


def sent(fleet: Fleet, **changes: object) -> str:
    facts = {"text": TEXT, "language": "en", "generator": "moody", "num_workers": 2}
    return fleet.queue.submit(JobRequest(**facts | changes)).id  # type: ignore[arg-type]


def rendering(fleet: Fleet, job_id: str) -> bool:
    """Whether both chunks are in hand."""
    chunks = fleet.queue.job(job_id).chunks
    return len(chunks) >= 2 and sum(c.state is ChunkState.RENDERING for c in chunks) == 2


def right(fleet: Fleet, job_id: str) -> Job:
    """The job, when it has its whole video."""
    job = fleet.queue.wait(job_id, 60)
    assert job.state is JobState.SUCCEEDED, job.failure
    assert stamps(fleet, job_id) == list(range(job.n_frames or 0))
    return job


def test_a_chunk_that_breaks_once_is_tried_again_and_its_error_is_kept(fleet: Fleet) -> None:
    job = right(fleet, sent(fleet, seed=BREAKS + 1))

    assert sum(chunk.attempts - 1 for chunk in job.chunks) == 1
    assert [chunk.error for chunk in job.chunks if chunk.attempts == 2] == [
        "Something broke that is not your input's fault (ArithmeticError: a kernel went wrong)."
    ]


def test_a_generator_that_hangs_is_ended_and_its_chunk_rendered_by_the_next(fleet: Fleet) -> None:
    job = right(fleet, sent(fleet, seed=HANGS + 1))

    assert max(chunk.attempts for chunk in job.chunks) == 2
    assert any("LIPCHORD_STALL_S" in (chunk.error or "") for chunk in job.chunks)
    until(lambda: ready(fleet) == 2)


def test_a_generator_that_exits_costs_an_attempt(fleet: Fleet) -> None:
    job = right(fleet, sent(fleet, seed=EXITS + 1))

    assert max(chunk.attempts for chunk in job.chunks) == 2
    until(lambda: ready(fleet) == 2)


def test_a_chunk_whose_video_is_damaged_in_the_store_is_rendered_again(
    fleet: Fleet, settings: Settings
) -> None:
    blobs, records = connect(settings.blob_url), connect(settings.queue_url)
    job_id = sent(fleet, text="Short. " + TEXT * 2, num_workers=3)

    def stored() -> list[str]:
        """Blobs of the job's chunks; an earlier job's may be among them, for like is like."""
        chunks = map(json.loads, records.hvals(f"lipchord:job:{job_id}:chunks"))
        return [chunk["key"] for chunk in chunks if chunk["state"] == "done"]

    until(stored)
    part = "lipchord:part:" + stored()[0].removeprefix("blob_")  # small blobs have one
    assert blobs.exists(part)
    blobs.setrange(part, blobs.strlen(part) // 2, bytes(64))

    job = right(fleet, job_id)
    assert any("damaged" in (chunk.error or "") for chunk in job.chunks)


def test_a_worker_that_is_killed_whole_costs_about_a_lease(fleet: Fleet) -> None:
    job_id = sent(fleet)
    until(lambda: rendering(fleet, job_id))

    child = fleet.children.pop("render0")
    child.bury()  # parent and child, by SIGKILL

    job = right(fleet, job_id)
    assert max(chunk.attempts for chunk in job.chunks) == 2
    fleet.start("render0")
    until(lambda: ready(fleet) == 2)


@pytest.mark.parametrize("stop", [[signal.SIGTERM, signal.SIGQUIT], [signal.SIGINT] * 2])
def test_a_worker_that_is_told_to_stop_hands_its_chunk_on_and_another_takes_its_place(
    fleet: Fleet, stop: list[signal.Signals]
) -> None:
    job_id = sent(fleet, text=TEXT * 3)
    until(lambda: rendering(fleet, job_id))

    leaving = fleet.children.pop("render1")
    for number in stop:
        os.kill(leaving.pid, number)
    until(lambda: leaving.exit_code() is not None)
    leaving.bury()
    fleet.start("render1")

    job = right(fleet, job_id)
    assert [chunk.attempts for chunk in job.chunks] == [1] * len(job.chunks)
    until(lambda: ready(fleet) == 2)
