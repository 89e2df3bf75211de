"""Looks at the records: one job, its state alone, the lists and the counts."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

from tasks.contract import PUBLIC, Job, JobState
from tasks.errors import UnknownJobError
from tasks.ledger import STORE, Ledger, job_key
from tasks.live import Version
from tasks.snapshot import job_from
from tasks.stores import answering

# What changes of a job without an entry in its event stream, but for times.
UNTOLD = ("planning", "webhook_state", "webhook_attempts", "webhook_next")


class Reading(Ledger):
    """What can be asked of the records."""

    def job(self, job_id: str) -> Job:
        """Raises UnknownJobError."""
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hgetall(job_key(job_id))
            pipe.hgetall(job_key(job_id) + ":chunks")
            pipe.time()
            raw, chunks, (seconds, micros) = pipe.execute()
        if not raw:
            raise UnknownJobError(job_id)
        record = {key.decode(): value.decode() for key, value in raw.items()}
        return job_from(record, _sorted(chunks), seconds + micros / 1e6)

    def state(self, job_id: str) -> JobState:
        """The state alone, for those who ask often. Raises UnknownJobError."""
        with answering(STORE):
            state = cast("bytes | None", self._redis.hget(job_key(job_id), "state"))
        if state is None:
            raise UnknownJobError(job_id)
        return JobState(state.decode())

    def version(self, job_id: str) -> Version:
        """Which of its states the job is in, without reading all of it. Raises UnknownJobError."""
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hmget(job_key(job_id), ("state", "tenant", *UNTOLD))
            pipe.xrevrange(job_key(job_id) + ":events", count=1)
            pipe.time()
            (state, tenant, *untold), last, (seconds, micros) = pipe.execute()
        if state is None:
            raise UnknownJobError(job_id)
        mark = repr((state, *untold, last[0][0] if last else b"")).encode()
        return Version(
            mark=hashlib.sha256(mark).hexdigest()[:16],
            terminal=JobState(state.decode()).terminal,
            tenant=tenant.decode() if tenant else PUBLIC,
            now=seconds + micros / 1e6,
        )

    def facts(self, job_id: str, names: Sequence[str]) -> dict[str, str]:
        """These fields of the record, those that it has. Raises UnknownJobError."""
        with answering(STORE):
            values = self._redis.hmget(job_key(job_id), ["id", *names])
        found = zip(["id", *names], cast("list[bytes | None]", values), strict=True)
        if values[0] is None:
            raise UnknownJobError(job_id)
        return {name: value.decode() for name, value in found if value is not None}

    def streamed(self, job_id: str) -> tuple[dict[str, str], list[dict[str, Any]]]:
        """What a stream is made of: the record's state, plan, sound and deleted_at, those that it
        has; and all chunks, in order. Raises UnknownJobError."""
        names = ("state", "plan", "sound", "deleted_at")
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hmget(job_key(job_id), names)
            pipe.hgetall(job_key(job_id) + ":chunks")
            values, chunks = pipe.execute()
        if values[0] is None:
            raise UnknownJobError(job_id)
        found = zip(names, values, strict=True)
        return {name: value.decode() for name, value in found if value is not None}, _sorted(chunks)

    def chunk_keys(self, job_id: str) -> tuple[str, ...]:
        """Blob keys of the finished chunks, in order."""
        with answering(STORE):
            raw = cast(dict[bytes, bytes], self._redis.hgetall(job_key(job_id) + ":chunks"))
        return tuple(chunk["key"] for chunk in _sorted(raw) if "key" in chunk)

    def ids(self, limit: int, before: float | None) -> list[tuple[str, float]]:
        """(id, created at) of jobs, newest first, created before `before` (Unix time)."""
        top = f"({before:.6f}" if before else "+inf"
        with answering(STORE):
            found = self._redis.zrevrangebyscore(
                "lipchord:jobs", top, "-inf", start=0, num=limit, withscores=True
            )
        return [(name.decode(), score) for name, score in cast(list[tuple[bytes, float]], found)]

    def active(self) -> tuple[str, ...]:
        """Ids of jobs that are not over."""
        with answering(STORE):
            members = cast(set[bytes], self._redis.smembers("lipchord:jobs:active"))
        return tuple(sorted(member.decode() for member in members))

    def now(self) -> float:
        """The store's clock: Unix time, seconds. All times in records are by it."""
        with answering(STORE):
            seconds, micros = self._redis.time()
        return seconds + micros / 1e6

    def counters(self) -> dict[str, int]:
        """Jobs ever accepted and ended, by state name."""
        with answering(STORE):
            raw = cast(dict[bytes, bytes], self._redis.hgetall("lipchord:counters"))
        return {name.decode(): int(count) for name, count in raw.items()}


def _sorted(raw: dict[bytes, bytes]) -> list[dict[str, Any]]:
    return [json.loads(raw[index]) for index in sorted(raw, key=int)]
