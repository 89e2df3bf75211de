"""What the fleet's view says of real workers: at work, asked to end, dead."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.guard import Guard
from tasks.contract import JobRequest, JobState
from tasks.house import Member, WorkerState
from tasks.settings import Settings
from tasks.stores import connect
from tests.workers import Fleet, running, until

TEXT = "One sentence, which is long enough to be cut in two. Another one follows it after a pause."
DELAY_S = 0.02  # a frame


@pytest.fixture
def fleet(queue_server: str, blob_server: str, guard: Guard, tmp_path: Path) -> Iterator[Fleet]:
    for url in (queue_server, blob_server):
        connect(url).flushall()
    settings = Settings(
        queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.3, lease_s=3.0, reuse=0
    )
    with running(settings, guard, tmp_path, delay_s=DELAY_S) as fleet:
        until(lambda: not fleet.queue.not_ready() and len(fleet.queue.workers()) == 3)
        yield fleet


def member(fleet: Fleet, name: str) -> Member | None:
    return next((found for found in fleet.queue.members() if found.worker.name == name), None)


def state(fleet: Fleet, name: str) -> WorkerState | None:
    found = member(fleet, name)
    return None if found is None else found.state


def test_a_worker_is_seen_at_work_dying_asked_to_end_and_gone(fleet: Fleet) -> None:
    assert state(fleet, "cpu0") is WorkerState.READY
    until(lambda: {state(fleet, f"render{i}") for i in (0, 1)} == {WorkerState.IDLE}, 30)

    sent = fleet.queue.submit(JobRequest(text=TEXT, generator="stamp", num_workers=2))
    until(lambda: state(fleet, "render0") is WorkerState.RENDERING, 30)
    os.kill(fleet.worker("render0").pid, signal.SIGKILL)  # as by the kernel, for want of memory
    until(lambda: bool((found := member(fleet, "render0")) and found.error), 30)
    found = member(fleet, "render0")
    assert found is not None
    assert found.error is not None
    assert "Its process died under its work" in found.error.why
    assert fleet.queue.wait(sent.id, 120).state is JobState.SUCCEEDED

    again = fleet.queue.submit(JobRequest(text=TEXT, generator="stamp", num_workers=2, seed=1))
    until(lambda: state(fleet, "render1") is WorkerState.RENDERING, 30)
    os.killpg(fleet.children["render1"].pid, signal.SIGKILL)  # the host is unplugged
    until(lambda: state(fleet, "render1") is WorkerState.GONE, 30)
    assert fleet.queue.wait(again.id, 120).state is JobState.SUCCEEDED

    third = fleet.queue.submit(JobRequest(text=TEXT, generator="stamp", num_workers=1, seed=2))
    until(lambda: state(fleet, "render0") is WorkerState.RENDERING, 30)
    os.kill(fleet.children["render0"].pid, signal.SIGTERM)
    until(lambda: state(fleet, "render0") is WorkerState.DRAINING, 30)
    until(lambda: member(fleet, "render0") is None, 60)  # it has said goodbye
    fleet.queue.cancel(third.id)
