"""A store server that is not as it should be: options of its own, a folder of the test's choice."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all
from deploy.stores import StoreSpec, find_server, process, wait_ready


@dataclass(frozen=True)
class OddStore:
    """Where it listens, and its process."""

    url: str
    pid: int


@contextmanager
def odd_store(
    guard: Guard, folder: Path, logs: Path, *options: str, ready: bool = True
) -> Iterator[OddStore]:
    """A server as a queue store is started, with options after those.

    Args:
        folder: of its data.
        ready: wait until it answers; not for one that asks for a password.
    """
    spec = StoreSpec("odd", free_port(), folder, "queue", 64 * 2**20)
    argv = (*process(spec, find_server()).argv, *options)
    child = Child(ProcessSpec("odd", argv), logs, guard)
    if ready:
        wait_ready(spec, child)
    try:
        yield OddStore(spec.url, child.pid)
    finally:
        stop_all([child])
