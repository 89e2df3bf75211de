"""Real stores for every test: two servers per pytest process, on free ports, in tmp folders.

Each xdist worker has its own pair. They stop with the session, and the guard
ends them even when pytest itself is killed.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
import redis

from deploy import stores
from deploy.errors import ProcessError
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all

# Read when torch is loaded; see `deploy.devices.CPU_RENDERING`: tests share the cores.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

BLOB_MEMORY = 512 * 2**20  # bytes


@pytest.fixture(scope="session")
def guard() -> Iterator[Guard]:
    """Ends what the tests started, however they end."""
    with Guard() as guard:
        yield guard


@pytest.fixture(scope="session")
def queue_server(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real queue store, as `lipchord up` starts it; for fixtures of a wider scope."""
    yield from _running(guard, tmp_path_factory.mktemp("queue"), "queue", stores.QUEUE_MAXMEMORY)


@pytest.fixture(scope="session")
def blob_server(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real blob store, as `lipchord up` starts it; for fixtures of a wider scope."""
    yield from _running(guard, tmp_path_factory.mktemp("blobs"), "blobs", BLOB_MEMORY)


@pytest.fixture
def queue_store(queue_server: str) -> str:
    """URL of the queue store, empty."""
    return _emptied(queue_server)


@pytest.fixture
def blob_store(blob_server: str) -> str:
    """URL of the blob store, empty."""
    return _emptied(blob_server)


@pytest.fixture(scope="module")
def unsynced_store(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a queue store that does not sync: for thousands of jobs, to look at their order."""
    folder = tmp_path_factory.mktemp("unsynced")
    spec = stores.StoreSpec("unsynced", free_port(), folder, "queue", 64 * 2**20)
    started = stores.process(spec, stores.find_server())
    child = Child(ProcessSpec("unsynced", (*started.argv, "--appendonly", "no")), folder, guard)
    stores.wait_ready(spec, child)
    yield spec.url
    stop_all([child])


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a libnvidia-ml.so.1 that says what FAKE_NVML names."""
    compiler = shutil.which("cc")
    if compiler is None:
        assert not os.environ.get("CI"), "CI must have a C compiler: .ci/run installs it"
        pytest.skip("no C compiler (cc) here: the stand-in for NVIDIA's library cannot be made")
    folder = tmp_path_factory.mktemp("driver")
    source = Path(__file__).with_name("fake_nvml.c")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-Wall", "-Werror", "-o", folder / "libnvidia-ml.so.1",
         source], check=True,
    )  # fmt: skip
    return folder


def _emptied(url: str) -> str:
    with redis.Redis.from_url(url) as client:
        client.flushall()
    return url


def _running(
    guard: Guard, folder: Path, kind: Literal["queue", "blobs"], memory: int
) -> Iterator[str]:
    spec, child = _started(guard, folder, kind, memory)
    yield spec.url
    stop_all([child])


def _started(
    guard: Guard, folder: Path, kind: Literal["queue", "blobs"], memory: int
) -> tuple[stores.StoreSpec, Child]:
    server = stores.find_server()
    for attempt in range(5):
        spec = stores.StoreSpec(kind, free_port(), folder, kind, memory)
        child = Child(stores.process(spec, server), folder, guard)
        try:
            stores.wait_ready(spec, child)
        except ProcessError:
            # Another pytest process took the port between the look and the bind.
            child.bury()
            if attempt == 4:
                raise
            continue
        return spec, child
    raise AssertionError("unreachable")
