"""Who is alive: workers' heartbeats in the queue store."""

import json
from collections.abc import Iterable
from dataclasses import asdict, fields
from typing import cast

import redis

from tasks.contract import render_queue
from tasks.house import Member, Mishap, WorkerInfo, WorkerState
from tasks.scripts import script
from tasks.stores import answering

MISSED_BEATS = 4  # a worker that has not been heard for so many heartbeats is not there
GONE_S = 600  # so long it is told that one has gone without a word
ERROR_S = 86400  # its last error is told for so long, also by the process that comes after it


class Fleet:
    """Heartbeats, each a key that vanishes when it is not renewed."""

    def __init__(self, client: "redis.Redis", heartbeat_s: float) -> None:
        self._redis, self._heartbeat_s = client, heartbeat_s
        self._beat = script(client, "prelude", "beat")

    def beat(self, worker: WorkerInfo) -> None:
        """Say that `worker` lives, and what it has in hand."""
        ready = worker.generator if worker.generator and worker.generator_ready else ""
        told = json.dumps(asdict(worker))
        with answering("queue store"):
            self._beat(args=[worker.name, told, int((self._life_s + GONE_S) * 1000), ready])

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Those whose last heartbeat is fresh, sorted by name."""
        with answering("queue store"):
            now, seen = self._seen()
            names = [name for name, at in sorted(seen.items()) if at > now - self._life_s]
            return tuple(_read(raw) for raw in self._told(names, "") if raw)

    def members(self) -> tuple[Member, ...]:
        """All, sorted by name, with what each of them does; also those that have just gone."""
        with answering("queue store"):
            now, seen = self._seen()
            names = sorted(seen)
            beats, leaving, errors = (
                self._told(names, what) for what in ("", ":leaving", ":error")
            )
        found = (
            _member(_read(raw), now - seen[name], now - seen[name] > self._life_s, bool(ends), why)
            for name, raw, ends, why in zip(names, beats, leaving, errors, strict=True)
            if raw
        )
        return tuple(each for each in found if each is not None)

    def note_error(self, name: str, why: str) -> None:
        """What went wrong last with worker `name`; told for a day."""
        with answering("queue store"):
            at, _ = self._seen()
            self._redis.set(f"{_key(name)}:error", json.dumps([at, why]), ex=ERROR_S)

    def come(self, name: str) -> None:
        """A new process of worker `name` begins: whatever was asked of the one before is over."""
        with answering("queue store"):
            self._redis.delete(f"{_key(name)}:leaving")

    def leave(self, name: str) -> None:
        """Worker `name` was asked to end: what it has in hand is its last."""
        with answering("queue store"):
            self._redis.set(f"{_key(name)}:leaving", 1, ex=2 * GONE_S)

    def left(self, name: str) -> None:
        """Worker `name` has ended as it was asked to: nobody misses it, even where its last
        heartbeat comes after this."""
        with answering("queue store"):
            pipe = self._redis.pipeline(transaction=True)
            pipe.zrem("lipchord:workers", name)
            pipe.delete(_key(name))
            pipe.execute()

    def waiting(self, generator: str) -> int:
        """Chunks on the generator's queue that nobody has taken."""
        with answering("queue store"):
            return self._redis.llen(render_queue(generator))

    def last_ready_s(self, generator: str) -> float:
        """Seconds since a render worker with this generator was ready; inf: none ever was."""
        with answering("queue store"):
            seen = self._redis.zscore("lipchord:ready", generator)
            return float("inf") if seen is None else self._seen()[0] - seen

    @property
    def _life_s(self) -> float:
        return self._heartbeat_s * MISSED_BEATS

    def _seen(self) -> tuple[float, dict[str, float]]:
        """The store's time, and when each worker was heard last; seconds."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        pipe.zrange("lipchord:workers", 0, -1, withscores=True)
        (seconds, micros), seen = pipe.execute()
        return seconds + micros / 1e6, {name.decode(): at for name, at in seen}

    def _told(self, names: Iterable[str], what: str) -> list["bytes | None"]:
        keys = [_key(name) + what for name in names]
        return cast(list["bytes | None"], self._redis.mget(keys)) if keys else []


def _key(name: str) -> str:
    return f"lipchord:worker:{name}"


def _read(raw: bytes) -> WorkerInfo:
    """A heartbeat; what a newer version says beyond ours is passed over."""
    said = json.loads(raw)
    known = {item.name: said[item.name] for item in fields(WorkerInfo) if item.name in said}
    return WorkerInfo(**known | {"context": tuple(known.get("context", (0, 0)))})


def _member(
    worker: WorkerInfo, heard_s: float, gone: bool, leaving: bool, error: "bytes | None"
) -> Member | None:
    """None: it ended as it was asked to."""
    if gone and leaving:
        return None
    if gone:
        state = WorkerState.GONE
    elif leaving:
        state = WorkerState.DRAINING
    elif not worker.generator_ready:
        state = WorkerState.STARTING
    elif worker.kind == "cpu":
        state = WorkerState.READY
    else:
        state = WorkerState.IDLE if worker.job is None else WorkerState.RENDERING
    mishap = Mishap(*json.loads(error)) if error else None
    return Member(worker, state, round(heard_s, 1), mishap)
