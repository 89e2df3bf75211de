"""`lipchord worker`: which workers a host gets, and what becomes of them; with real processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy import cli
from deploy.exits import Exit
from deploy.hosting import HostOptions, plans_of
from tasks.app import make_app
from tasks.chord import CeleryPublisher
from tasks.client import JobQueue
from tasks.contract import JobRequest, JobState
from tasks.house import WorkerState
from tasks.settings import Settings
from tasks.stores import connect
from tests.workers import EXTRA, until

LIPCHORD = Path(sys.executable).parent / "lipchord"
Start = Callable[..., "subprocess.Popen[str]"]


def test_workers_share_a_group_of_cores_and_bear_the_hosts_name() -> None:
    options = HostOptions(devices="none", cores="0", per_device=2, name="blue", generator="stamp")

    plans = plans_of(options)

    assert [plan.env["LIPCHORD_WORKER_NAME"] for plan in plans] == [
        "cpu0@blue", "render0@blue", "render1@blue",
    ]  # fmt: skip
    assert {plan.env["LIPCHORD_CORES"] for plan in plans} == {"0"}
    assert {plan.env.get("LIPCHORD_GENERATOR") for plan in plans[1:]} == {"stamp"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cores", "0-none"], "--cores 0-none"),
        (["--cores", "4096"], "is not among those"),
        (["--devices", "7"], "--devices 7: there is no such GPU here"),
        (["--no-cpu", "--no-render"], "leave no worker to run"),
        (["--per-device", "0"], "--per-device"),
    ],
)
def test_what_this_host_has_not_is_named(
    capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    assert cli.run(["worker", *options]) != 0
    assert words in capsys.readouterr().err


@pytest.fixture
def queue(queue_server: str, blob_server: str, monkeypatch: pytest.MonkeyPatch) -> JobQueue:
    for url in (queue_server, blob_server):
        connect(url).flushall()
    monkeypatch.setenv("LIPCHORD_EXTRA_GENERATORS", EXTRA)
    settings = Settings(queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.5)
    return JobQueue(settings, CeleryPublisher(make_app(settings)))


@pytest.fixture
def start(queue: JobQueue, queue_server: str, blob_server: str, tmp_path: Path) -> Iterator[Start]:
    """Start a launcher of a name, with options; all are ended after the test."""
    begun: list[subprocess.Popen[str]] = []
    env = os.environ | {
        "LIPCHORD_QUEUE_URL": queue_server, "LIPCHORD_BLOB_URL": blob_server,
        "LIPCHORD_HEARTBEAT_S": "0.5", "LIPCHORD_EXTRA_GENERATORS": EXTRA,
        "TMPDIR": str(tmp_path),
    }  # fmt: skip

    def launch(name: str, *options: str) -> "subprocess.Popen[str]":
        argv = [str(LIPCHORD), "worker", "--name", name, "--var", str(tmp_path / name), *options]
        child = subprocess.Popen(
            argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        begun.append(child)
        return child

    yield launch
    for child in begun:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
    for child in begun:
        child.communicate(timeout=60)


def states(queue: JobQueue) -> dict[str, WorkerState]:
    return {member.worker.name: member.state for member in queue.members()}


def test_two_hosts_with_unlike_generators_do_each_their_own_jobs(
    queue: JobQueue, start: Start
) -> None:
    start("one", "--devices", "none", "--cores", "0", "--generator", "stamp")
    start("two", "--devices", "none", "--cores", "0", "--generator", "moody", "--no-cpu")
    wanted = {"cpu0@one": "ready", "render0@one": "idle", "render0@two": "idle"}
    until(lambda: states(queue) == wanted, 60)

    sent = {
        generator: queue.submit(JobRequest(text="Hello there, you two.", generator=generator)).id
        for generator in ("stamp", "moody")
    }
    done = {generator: queue.wait(job_id, 60) for generator, job_id in sent.items()}

    for generator, host in (("stamp", "one"), ("moody", "two")):
        assert done[generator].state is JobState.SUCCEEDED, done[generator].failure
        assert {chunk.worker for chunk in done[generator].chunks} == {f"render0@{host}"}


def test_what_dies_is_started_again_and_a_host_that_is_stopped_leaves_nothing_behind(
    queue: JobQueue, start: Start
) -> None:
    host = start("one", "--devices", "none", "--cores", "0", "--generator", "stamp", "--no-cpu")
    until(lambda: states(queue) == {"render0@one": "idle"}, 60)
    first = queue.members()[0].worker.pid

    os.killpg(os.getpgid(first), signal.SIGKILL)  # the worker's parent and child
    until(lambda: any(m.worker.pid != first and m.state == "idle" for m in queue.members()), 60)
    host.send_signal(signal.SIGINT)
    said, _ = host.communicate(timeout=60)

    assert "died (signal 9), starts again in" in said
    assert states(queue) == {}


def test_a_worker_that_cannot_load_its_generator_ends_its_host_with_its_last_words(
    queue: JobQueue, start: Start
) -> None:
    host = start("one", "--devices", "none", "--cores", "0", "--generator", "weightless")

    said, _ = host.communicate(timeout=120)

    assert host.returncode == Exit.PROCESS_DIES
    assert "render0" in said
    assert "weights.pth is not there" in said
    assert states(queue) == {}
