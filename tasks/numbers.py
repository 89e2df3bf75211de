"""What the house counts and measures, for `/metrics`: each look is a few round trips, no scan.

Counts lie in the hash `lipchord:tallies` and are made by the scripts that change the records,
so that they are right whichever process dies. Its fields are words joined by colons:
`frames:rendered`, `retries:chunk:worker-lost`, `wait:3` (durations of up to 2³ s), `wait:sum`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import redis

from lipsync_engine import registry
from tasks import cost
from tasks.acceptance import lane
from tasks.contract import CPU_QUEUE, render_queue
from tasks.dispatch import Dispatch
from tasks.fleet import Fleet
from tasks.house import WorkerInfo
from tasks.records import Records
from tasks.scripts import script
from tasks.settings import Settings
from tasks.stores import answering, connect

ANSWER_S = 2.0  # of a store; Prometheus waits 10 s for all of it
POWERS = range(-2, 16)  # durations are told from 2^-2 s (250 ms) to 2^15 s (9 h) and beyond


@dataclass(frozen=True, slots=True)
class Line:
    """Jobs for one generator.

    Attributes:
        waiting: accepted jobs that are not dispatched yet.
        under_way: dispatched jobs that are not over.
        oldest_s: age of the oldest waiting one, seconds; 0: none waits.
        frames: that are left to render of all of them, about.
        pace: frames a second that the ready workers render; 0: there is none.
    """

    generator: str
    waiting: int
    under_way: int
    oldest_s: float
    frames: int
    pace: float


@dataclass(frozen=True, slots=True)
class Durations:
    """How long things took: counts by upper bound in seconds (each also counts the lower ones;
    the last bound is infinity), and the sum of seconds."""

    counts: Mapping[float, int]
    sum_s: float


@dataclass(frozen=True, slots=True)
class Tallies:
    """All counts, by their fields' names."""

    counts: Mapping[str, float]

    def of(self, what: str) -> dict[tuple[str, ...], int]:
        """Counts of one kind by the words after it: {("chunk", "hung"): 2} of "retries"."""
        start = what + ":"
        found = {name: count for name, count in self.counts.items() if name.startswith(start)}
        return {tuple(name.split(":")[1:]): int(count) for name, count in found.items()}

    def sum(self, what: str) -> float:
        """One count; 0: nothing was ever counted."""
        return self.counts.get(what, 0.0)

    def durations(self, what: str) -> Durations:
        """What `tally_seconds` (`tasks/lua/prelude.lua`) has counted."""
        powers = {int(word): n for (word,), n in self.of(what).items() if word != "sum"}
        bounds = {2.0**top: sum(n for at, n in powers.items() if at <= top) for top in POWERS}
        return Durations(bounds | {float("inf"): sum(powers.values())}, self.sum(what + ":sum"))


@dataclass(frozen=True, slots=True)
class StoreMemory:
    """One store: bytes used, the limit (0: none), and whether writes reach its append-only file."""

    used: int
    limit: int
    durable: bool


class Numbers:
    """Looks at the two stores; every method may raise StoreError."""

    def __init__(self, settings: Settings) -> None:
        # Connections of its own: who watches hears soon that a store is silent, and also hears
        # of one that cannot write its file and so refuses all but looks.
        queue = self._queue = _quick(settings.queue_url)
        self._blobs = _quick(settings.blob_url)
        self._records = Records(queue, settings.job_ttl_s)
        self._fleet = Fleet(queue, settings.heartbeat_s)
        self._dispatch = Dispatch(queue, self._fleet, self._records, settings.jobs_under_way)
        self._webhooks = script(queue, "prelude", "webhook_count")

    def depths(self) -> Mapping[str, int]:
        """Messages waiting, by Celery queue name."""
        queues = [CPU_QUEUE, *map(render_queue, registry.names())]
        with answering("queue store"):
            pipe = self._queue.pipeline(transaction=False)
            for queue in queues:
                pipe.llen(queue)
            return dict(zip(queues, pipe.execute(), strict=True))

    def lines(self) -> tuple[Line, ...]:
        """Of every installed generator, sorted by name."""
        workers = self._fleet.workers()
        return tuple(
            self._line(name, cost.pace(workers, name)) for name in sorted(registry.names())
        )

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Living workers, by heartbeat."""
        return self._fleet.workers()

    def counters(self) -> Mapping[str, int]:
        """Jobs ever accepted and ended, by state name ("accepted", "succeeded", …)."""
        return self._records.counters()

    def tallies(self) -> Tallies:
        """All that was ever counted."""
        with answering("queue store"):
            raw = cast(dict[bytes, bytes], self._queue.hgetall("lipchord:tallies"))
        return Tallies({name.decode(): float(count) for name, count in raw.items()})

    def webhooks(self) -> tuple[int, int]:
        """Webhooks that are due now, and those that are to be sent in all."""
        with answering("queue store"):
            due, waiting = cast(list[int], self._webhooks())
        return due, waiting

    def queue_memory(self) -> StoreMemory:
        """Of the queue store."""
        return _memory(self._queue, "queue store")

    def blob_memory(self) -> StoreMemory:
        """Of the blob store."""
        return _memory(self._blobs, "blob store")

    def _line(self, generator: str, pace: float) -> Line:
        key = lane(generator)
        left = self._dispatch.ahead(generator, "").under_way
        with answering("queue store"):
            pipe = self._queue.pipeline(transaction=False)
            pipe.time()
            pipe.zcard(key + ":arrivals")
            pipe.zrange(key + ":arrivals", 0, 0, withscores=True)
            pipe.zcard(key + ":underway")
            pipe.hvals(key + ":backlog")
            (seconds, micros), waiting, first, under_way, backlog = pipe.execute()
        oldest_s = seconds + micros / 1e6 - first[0][1] if first else 0.0
        frames = left + sum(map(int, backlog))
        return Line(generator, waiting, under_way, max(0.0, oldest_s), frames, pace)


def _quick(url: str) -> "redis.Redis":
    return connect(url, retries=0, timeout_s=ANSWER_S, health_check_s=0)


def _memory(client: "redis.Redis", store: str) -> StoreMemory:
    with answering(store):
        info = client.info()
    written = info.get("aof_enabled") == 1 and info.get("aof_last_write_status") == "ok"
    return StoreMemory(int(info["used_memory"]), int(info.get("maxmemory", 0)), written)
