"""The stores as `lipchord up` starts them: real servers, real ports, real SIGKILL."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal

import pytest
import redis

from deploy import stores
from deploy.errors import ProcessError
from deploy.guard import Guard
from deploy.ports import becomes_free, free_port, holder, is_free
from deploy.processes import Child, stop_all

KINDS: tuple[Literal["queue", "blobs"], ...] = ("queue", "blobs")


@pytest.fixture(params=KINDS)
def spec(request: pytest.FixtureRequest, tmp_path: Path) -> stores.StoreSpec:
    return stores.StoreSpec("s", free_port(), tmp_path / "data", request.param, 32 * 2**20)


def started(spec: stores.StoreSpec, tmp_path: Path, guard: Guard) -> Child:
    child = Child(stores.process(spec, stores.find_server()), tmp_path, guard)
    stores.wait_ready(spec, child)
    return child


def fill(client: redis.Redis) -> None:
    for index in range(20):
        client.set(f"more{index}", b"x" * 4 * 2**20)


def test_a_store_keeps_what_it_has_answered_over_sigkill(
    spec: stores.StoreSpec, tmp_path: Path, guard: Guard
) -> None:
    child = started(spec, tmp_path, guard)
    with redis.Redis.from_url(spec.url) as client:
        client.set("job", "accepted")

    child.send(signal.SIGKILL)
    child.bury()
    again = started(spec, tmp_path, guard)

    with redis.Redis.from_url(spec.url) as client:
        assert client.get("job") == b"accepted"
    stop_all([again])


def test_the_queue_is_synced_at_every_write_and_nothing_is_ever_evicted(
    spec: stores.StoreSpec, tmp_path: Path, guard: Guard
) -> None:
    child = started(spec, tmp_path, guard)

    with redis.Redis.from_url(spec.url) as client:
        found = {
            name: client.config_get(name)[name]  # type: ignore[index]
            for name in ("appendonly", "appendfsync", "maxmemory-policy", "maxmemory", "save")
        }

    assert found == {
        "appendonly": "yes",
        "appendfsync": "always" if spec.kind == "queue" else "everysec",
        "maxmemory-policy": "noeviction",
        "maxmemory": str(32 * 2**20),
        "save": "",
    }
    stop_all([child])


def test_a_full_store_refuses_and_keeps_what_it_has(
    spec: stores.StoreSpec, tmp_path: Path, guard: Guard
) -> None:
    child = started(spec, tmp_path, guard)

    with redis.Redis.from_url(spec.url) as client:
        client.set("first", "kept")
        with pytest.raises(redis.exceptions.OutOfMemoryError):
            fill(client)

        assert client.get("first") == b"kept"
    stop_all([child])


def test_a_stopped_store_frees_its_port_within_seconds(
    spec: stores.StoreSpec, tmp_path: Path, guard: Guard
) -> None:
    child = started(spec, tmp_path, guard)
    assert not is_free(spec.port)

    began = time.monotonic()
    stop_all([child])

    assert time.monotonic() - began < 3
    assert becomes_free(spec.port)


def test_a_taken_port_is_an_error_that_shows_the_servers_own_words(
    spec: stores.StoreSpec, tmp_path: Path, guard: Guard
) -> None:
    with socket.create_server(("127.0.0.1", spec.port)):
        child = Child(stores.process(spec, stores.find_server()), tmp_path, guard)

        with pytest.raises(ProcessError, match="in use"):
            stores.wait_ready(spec, child)
        child.bury()


def test_a_strangers_store_on_the_port_is_not_taken_for_ours(
    spec: stores.StoreSpec, tmp_path: Path, guard: Guard
) -> None:
    child = started(spec, tmp_path, guard)

    assert stores.answers(spec, child.pid)
    assert not stores.answers(spec, child.pid + 1)
    stop_all([child])


def test_the_holder_of_a_port_is_named() -> None:
    port = free_port()
    program = (
        f"import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program]) as stranger:
        while is_free(port):
            time.sleep(0.02)

        found = holder(port)
        stranger.kill()

    assert found is not None
    assert f"(pid {stranger.pid})" in found
    assert holder(port) is None


def test_a_bundled_server_without_its_executable_bit_is_mended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unpacked = tmp_path / "valkey-server"
    unpacked.write_bytes(stores.get_binary_path().read_bytes())
    unpacked.chmod(0o644)
    monkeypatch.setattr(stores, "get_binary_path", lambda: unpacked)
    monkeypatch.setenv("PATH", "")

    assert "v=" in stores.server_version(stores.find_server())
