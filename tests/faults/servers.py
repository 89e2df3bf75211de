"""A store that can be killed, brought back with or without its data, and filled."""

import shutil
import signal
from pathlib import Path
from typing import Literal

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy import stores
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child

MEMORY = 128 * 2**20  # bytes


class Server:
    """One real store on a port that it keeps over its restarts."""

    def __init__(self, kind: Literal["queue", "blobs"], folder: Path, guard: Guard) -> None:
        self._folder, self._guard = folder, guard
        self._spec = stores.StoreSpec(kind, free_port(), folder / kind, kind, MEMORY)
        self.start()

    @property
    def port(self) -> int:
        return self._spec.port

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def client(self) -> "redis.Redis":
        """For looking: a dead store is an error at once."""
        return redis.Redis(
            port=self.port, socket_timeout=5, retry=Retry(NoBackoff(), 0), decode_responses=True
        )

    @property
    def alive(self) -> bool:
        return self._child.exit_code() is None

    def start(self) -> None:
        """Start it on what its append-only file holds; returns when it answers."""
        process = stores.process(self._spec, stores.find_server())
        self._child = Child(process, self._folder, self._guard)
        stores.wait_ready(self._spec, self._child)

    def kill(self) -> None:
        """As by a power cut of the process: no last words, no last sync."""
        self._child.send(signal.SIGKILL)
        self._child.bury()

    def lose_data(self) -> None:
        """Remove what a killed store would come back with."""
        shutil.rmtree(self._spec.dir)

    def limit(self, memory: int) -> None:
        """Set the memory limit, bytes."""
        self.client.config_set("maxmemory", memory)

    def fill(self) -> None:
        """Refuse every further write, as a store that is full does."""
        self.limit(int(self.client.info("memory")["used_memory"]) // 2)

    def unfill(self) -> None:
        """Give it back its room."""
        self.limit(MEMORY)
