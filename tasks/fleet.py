"""Who is alive: workers' heartbeats in the queue store."""

import json
from dataclasses import asdict, fields
from typing import cast

import redis

from tasks.contract import render_queue
from tasks.house import WorkerInfo
from tasks.scripts import script
from tasks.stores import answering

MISSED_BEATS = 4  # a worker that has not been heard for so many heartbeats is not there


class Fleet:
    """Heartbeats, each a key that vanishes when it is not renewed."""

    def __init__(self, client: "redis.Redis", heartbeat_s: float) -> None:
        self._redis, self._heartbeat_s = client, heartbeat_s
        self._beat = script(client, "prelude", "beat")

    def beat(self, worker: WorkerInfo) -> None:
        """Say that `worker` lives, and what it has in hand."""
        life = int(self._heartbeat_s * MISSED_BEATS * 1000)
        ready = worker.generator if worker.generator and worker.generator_ready else ""
        with answering("queue store"):
            self._beat(args=[worker.name, json.dumps(asdict(worker)), life, ready])

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Those whose last heartbeat is fresh, sorted by name."""
        with answering("queue store"):
            pipe = self._redis.pipeline(transaction=False)
            pipe.time()
            pipe.zrange("lipchord:workers", 0, -1, withscores=True)
            (seconds, micros), seen = pipe.execute()
            horizon = seconds + micros / 1e6 - self._heartbeat_s * MISSED_BEATS
            keys = [f"lipchord:worker:{name.decode()}" for name, at in sorted(seen) if at > horizon]
            found = cast(list["bytes | None"], self._redis.mget(keys)) if keys else []
        return tuple(_read(raw) for raw in found if raw)

    def waiting(self, generator: str) -> int:
        """Chunks on the generator's queue that nobody has taken."""
        with answering("queue store"):
            return self._redis.llen(render_queue(generator))

    def last_ready_s(self, generator: str) -> float:
        """Seconds since a render worker with this generator was ready; inf: none ever was."""
        with answering("queue store"):
            seen = self._redis.zscore("lipchord:ready", generator)
            return float("inf") if seen is None else _now(self._redis) - seen


def _read(raw: bytes) -> WorkerInfo:
    """A heartbeat; what a newer version says beyond ours is passed over."""
    said = json.loads(raw)
    known = {item.name: said[item.name] for item in fields(WorkerInfo) if item.name in said}
    return WorkerInfo(**known | {"context": tuple(known.get("context", (0, 0)))})


def _now(client: "redis.Redis") -> float:
    seconds, micros = client.time()
    return seconds + micros / 1e6
