"""The chord through real Celery workers: two processes at once, one setup each, honest ends."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.guard import Guard
from tasks.contract import ChunkState, JobRequest, JobState
from tasks.settings import Settings
from tasks.stores import connect
from tests.workers import Fleet, running, stamps, until

TEXT = (
    "One sentence, which is long enough to be cut in two. Another one follows it after a pause. "
    "A third ends the text, so that there is something to do for both of the workers."
)
DELAY_S = 0.01  # a frame: some 2 s for the text


@pytest.fixture(scope="module")
def settings(queue_server: str, blob_server: str) -> Settings:
    for url in (queue_server, blob_server):
        connect(url).flushall()
    # The same job is sent again and again, and each time it is its rendering that is looked at.
    return Settings(queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.5, reuse=0)


@pytest.fixture(scope="module")
def fleet(
    settings: Settings, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    with running(settings, guard, tmp_path_factory.mktemp("fleet"), delay_s=DELAY_S) as fleet:
        until(lambda: not fleet.queue.not_ready() and len(fleet.queue.workers()) == 3)
        yield fleet


def held(fleet: Fleet, generator: str) -> bool:
    """Whether a living worker has it ready; before that, jobs for it are refused."""
    ready = (worker for worker in fleet.queue.workers() if worker.generator_ready)
    return any(worker.generator == generator for worker in ready)


def request(**changes: object) -> JobRequest:
    facts = {"text": TEXT, "language": "en", "generator": "stamp", "num_workers": 2}
    return JobRequest(**facts | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("fps", ["25", "29.97", "60"])
def test_chunks_of_two_processes_make_one_exact_video(fleet: Fleet, fps: str) -> None:
    job = fleet.queue.wait(fleet.queue.submit(request(fps=fps)).id, 60)

    assert job.state is JobState.SUCCEEDED, job.failure
    assert len(job.chunks) >= 2
    assert stamps(fleet, job.id) == list(range(job.n_frames or 0))


def test_two_chunks_of_one_job_run_in_two_processes_at_once(fleet: Fleet) -> None:
    job = fleet.queue.wait(fleet.queue.submit(request()).id, 60)

    pids = {fleet.worker(f"render{index}").pid for index in (0, 1)}
    claimed: dict[str, float] = {}
    done: dict[str, float] = {}
    events = connect(fleet.settings.queue_url).xrange(f"lipchord:job:{job.id}:events")
    for _, event in events:
        kind, worker = event[b"type"].decode(), event.get(b"worker", b"").decode()
        if kind == "claimed":
            claimed.setdefault(worker, float(event[b"at"]))
        if kind == "chunk":
            done.setdefault(worker, float(event[b"at"]))
    assert len(pids) == 2
    assert set(claimed) == {"render0", "render1"}
    assert max(claimed.values()) < min(done.values())


def test_a_generator_is_set_up_once_per_process_over_many_jobs(fleet: Fleet) -> None:
    before = {name: fleet.worker(name).pid for name in ("render0", "render1")}

    ids = [fleet.queue.submit(request(text=f"Job number {i}.")).id for i in range(6)]
    for job_id in ids:
        assert fleet.queue.wait(job_id, 60).state is JobState.SUCCEEDED

    for name, pid in before.items():
        assert fleet.worker(name).setups == 1
        assert fleet.worker(name).pid == pid
    assert all(fleet.worker(name).busy_seconds > 0 for name in before)
    assert sum(fleet.worker(name).chunks_done for name in before) >= 6


def test_a_worker_keeps_to_its_core(fleet: Fleet) -> None:
    for index, core in enumerate((0, 1)):
        assert os.sched_getaffinity(fleet.worker(f"render{index}").pid) == {core}


def test_a_canceled_job_stops_its_renderers(fleet: Fleet) -> None:
    long = request(text=TEXT * 20)
    job_id = fleet.queue.submit(long).id
    until(lambda: any(c.state is ChunkState.RENDERING for c in fleet.queue.job(job_id).chunks))

    fleet.queue.cancel(job_id)

    quick = fleet.queue.wait(fleet.queue.submit(request(text="Short.")).id, 15)
    assert quick.state is JobState.SUCCEEDED
    assert fleet.queue.job(job_id).state is JobState.CANCELED


def test_a_killed_render_process_costs_its_chunk_an_attempt_and_nothing_else(fleet: Fleet) -> None:
    job_id = fleet.queue.submit(request()).id
    until(lambda: any(c.state is ChunkState.RENDERING and c.frames_done and c.worker == "render0"
                      for c in fleet.queue.job(job_id).chunks))  # fmt: skip

    os.kill(fleet.worker("render0").pid, signal.SIGKILL)

    job = fleet.queue.wait(job_id, 60)
    assert job.state is JobState.SUCCEEDED, job.failure
    assert stamps(fleet, job_id) == list(range(job.n_frames or 0))
    assert max(chunk.attempts for chunk in job.chunks) == 2


def test_no_temporary_file_is_left(fleet: Fleet, tmp_path: Path) -> None:
    folder = fleet.children["cpu0"].log.parent

    left = [
        path.name
        for path in folder.iterdir()
        if path.name.startswith(("plan-", "chunk-", "merge-"))
    ]

    # The killed process's own folder is the one that nobody could remove.
    assert len(left) <= 1


def test_a_generator_that_breaks_fails_the_job_in_plain_words(
    settings: Settings, guard: Guard, tmp_path: Path
) -> None:
    with running(settings, guard, tmp_path, generator="broken") as fleet:
        until(lambda: held(fleet, "broken"))
        job = fleet.queue.wait(fleet.queue.submit(request(generator="broken")).id, 60)

    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.reason == "internal"
    assert "Traceback" not in job.failure.detail
    assert "send the job again" in job.failure.detail


def test_a_generator_that_dies_mid_chunk_ends_its_job_after_three_attempts(
    settings: Settings, guard: Guard, tmp_path: Path
) -> None:
    with running(settings, guard, tmp_path, generator="dies") as fleet:
        until(lambda: held(fleet, "dies"))
        job = fleet.queue.wait(fleet.queue.submit(request(generator="dies", num_workers=1)).id, 90)

    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.reason == "worker-lost"
    assert job.chunks[0].attempts == 3


def test_a_worker_without_weights_never_says_that_it_is_ready(
    settings: Settings, guard: Guard, tmp_path: Path
) -> None:
    with running(settings, guard, tmp_path, generator="weightless") as fleet:
        until(lambda: "weights.pth is not there" in fleet.children["render0"].last_words(200))

        time.sleep(2 * settings.heartbeat_s)  # long enough to hear of it, were it ready
        workers = fleet.queue.workers()
        assert not any(w.generator_ready for w in workers if w.generator == "weightless")


def test_a_worker_says_what_it_has_in_hand_and_what_its_chunks_cost_it(fleet: Fleet) -> None:
    sent = fleet.queue.submit(request())

    def in_hand() -> bool:
        return any(w.job == sent.id and w.chunk in (0, 1) for w in fleet.queue.workers())

    until(in_hand, 20)
    assert fleet.queue.wait(sent.id, 60).state is JobState.SUCCEEDED
    until(lambda: not any(w.chunk is not None or w.frames_left for w in fleet.queue.workers()), 5)

    renderers = [w for w in fleet.queue.workers() if w.kind == "render"]
    for worker in renderers:
        assert worker.fixed_s is not None
        assert worker.per_frame_s is not None
        took = worker.fixed_s + 50 * worker.per_frame_s
        assert DELAY_S * 50 <= took < 5 * DELAY_S * 50  # it sleeps so long for each frame
