"""The queue store as sentinels name it: jobs go through, also after another became the master."""

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis

from deploy import stores
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all
from tasks.contract import JobRequest, JobState
from tasks.errors import StoreError
from tasks.settings import Settings
from tests.workers import Fleet, running, stamps, until

PASSWORD, DOOR = "queue-secret", "door-secret"
NAME = "lipchord"
DOWN_MS = 1000  # after which the sentinel takes a silent master for dead


@dataclass(frozen=True)
class Watched:
    """A master, its replica, and the sentinel that watches both."""

    url: str
    master: Child
    replica_port: int


@pytest.fixture
def watched(guard: Guard, tmp_path: Path) -> Iterator[Watched]:
    server = stores.find_server()
    ports = [free_port(), free_port()]
    children = []
    for name, port in zip(("master", "replica"), ports, strict=True):
        spec = stores.StoreSpec(name, port, tmp_path / name, "queue", 64 * 2**20)
        program, shipped, *options = stores.process(spec, server).argv
        # A failover writes what it has changed into this file.
        conf = Path(shutil.copy(shipped, tmp_path / f"{name}.conf"))
        argv = (program, str(conf), *options, "--requirepass", PASSWORD, "--masterauth", PASSWORD)
        if name == "replica":
            argv += ("--replicaof", f"127.0.0.1 {ports[0]}", "--repl-diskless-sync-delay", "0")
        children.append(Child(ProcessSpec(name, argv), tmp_path, guard))
    sentinel_port = free_port()
    conf = tmp_path / "sentinel.conf"
    conf.write_text(
        f"bind 127.0.0.1\nport {sentinel_port}\ndir {tmp_path}\nrequirepass {DOOR}\n"
        f"sentinel monitor {NAME} 127.0.0.1 {ports[0]} 1\n"
        f"sentinel auth-pass {NAME} {PASSWORD}\n"
        f"sentinel down-after-milliseconds {NAME} {DOWN_MS}\n"
        f"sentinel failover-timeout {NAME} 5000\n"
    )
    sentinel = Child(ProcessSpec("sentinel", (str(server), str(conf), "--sentinel")),
                     tmp_path, guard)  # fmt: skip
    until(lambda: _knows_replica(sentinel_port))
    url = f"sentinel://:{PASSWORD}@127.0.0.1:{sentinel_port}/0?master={NAME}"
    yield Watched(f"{url}&sentinel_password={DOOR}", children[0], ports[1])
    stop_all([sentinel, *children])


def _asked(port: int, password: str, section: str) -> dict[str, object]:
    """What a server says of itself; nothing where it does not answer."""
    try:
        with redis.Redis(port=port, password=password) as client:
            found: dict[str, object] = client.info(section)
            return found
    except redis.RedisError:
        return {}


def _knows_replica(sentinel_port: int) -> bool:
    master = _asked(sentinel_port, DOOR, "sentinel").get("master0")
    return isinstance(master, dict) and master["slaves"] == 1


def _ready(fleet: Fleet) -> bool:
    try:
        return sum(worker.generator_ready for worker in fleet.queue.workers()) == 3
    except StoreError:
        return False


def test_jobs_go_through_before_and_after_another_store_is_the_master(
    watched: Watched, blob_store: str, guard: Guard, tmp_path: Path
) -> None:
    settings = Settings(
        queue_url=watched.url, blob_url=blob_store, heartbeat_s=0.3, reaper_s=0.5, lease_s=2.0,
        reuse=0,
    )  # fmt: skip
    with running(settings, guard, tmp_path) as fleet:
        until(lambda: _ready(fleet))

        def job() -> list[int]:
            request = JobRequest(text="Two stores, one queue.", generator="stamp", num_workers=2)
            done = fleet.queue.wait(fleet.queue.submit(request).id, 60)
            assert done.state is JobState.SUCCEEDED, done.failure
            shown = stamps(fleet, done.id)
            assert shown == list(range(len(shown)))
            return shown

        before = job()
        watched.master.send(signal.SIGKILL)
        until(lambda: _asked(watched.replica_port, PASSWORD, "replication")["role"] == "master")
        until(lambda: _ready(fleet))

        assert job() == before
