"""Acceptance: the one moment in which a request becomes a job, whoever says it twice.

Idempotency key, tenant's quota, record and place in line are one script, and
it is on the disk before `submit` returns (`tasks/synced.py`). redis-py says a
script again when the connection breaks before its answer: the script knows
the job's id and accepts it once.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import cast

import redis

from tasks.contract import PUBLIC, JobRequest
from tasks.errors import StaleError
from tasks.scripts import source
from tasks.stores import answering
from tasks.synced import Synced

IDEMPOTENCY_TTL_S = 86400
AGEING = 10  # s: how much later a job may come and still go first, for each second it is shorter


class QuotaError(Exception):
    """The tenant has as many unfinished jobs as it may; `unfinished` says how many."""

    def __init__(self, unfinished: int) -> None:
        super().__init__(f"{unfinished} unfinished jobs")
        self.unfinished = unfinished


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which terms a job comes in.

    Attributes:
        tenant: whose it is.
        idempotency_key: the client's own name for it; of this tenant alone.
        cost: frames that it is thought to have, at least 1.
        seconds: of one worker that it is thought to take; shorter jobs go first.
        most_jobs: unfinished jobs that the tenant may have, 0: any number.
    """

    tenant: str = PUBLIC
    idempotency_key: str | None = None
    cost: int = 1
    seconds: float = 0.0
    most_jobs: int = 0


def lane(generator: str) -> str:
    """The key under which jobs for one generator wait; its workers are their own."""
    return f"lipchord:lane:{generator}"


class Acceptance:
    """Takes jobs in, and remembers which keys it has seen."""

    def __init__(self, client: "redis.Redis", synced: Synced) -> None:
        self._redis, self._synced = client, synced

    def submit(self, job_id: str, request: JobRequest, terms: Terms) -> str:
        """Record an accepted job; returns its id, or the earlier one's of the same key.

        Raises:
            StaleError: the key was used with another request.
            QuotaError: the tenant has its share.
            StoreError: see `Synced.run`.
        """
        body = json.dumps(asdict(request), sort_keys=True)
        said = json.dumps(asdict(replace(request, face_card=None)), sort_keys=True)
        outcome, held = self._synced.run(
            source("prelude", "submit"),
            [f"lipchord:job:{job_id}", _remembered(terms), lane(request.generator)],
            [
                job_id, body, hashlib.sha256(said.encode()).hexdigest(), IDEMPOTENCY_TTL_S,
                terms.tenant, max(1, terms.cost), AGEING * terms.seconds, terms.most_jobs,
            ],
        )  # fmt: skip
        if outcome == b"quota":
            raise QuotaError(held)
        if outcome == b"mismatch":
            raise StaleError("this Idempotency-Key was used with another request")
        return cast(bytes, held).decode()

    def knows(self, terms: Terms) -> bool:
        """Whether a job was accepted under this key: it will be answered, however full it is."""
        if not terms.idempotency_key:
            return False
        with answering("queue store"):
            held = cast("bytes | None", self._redis.hget(_remembered(terms), "id"))
            return held is not None and bool(self._redis.exists(f"lipchord:job:{held.decode()}"))

    def unfinished(self, tenant: str) -> int:
        """How many jobs of the tenant are not over."""
        with answering("queue store"):
            return self._redis.scard(f"lipchord:tenant:{tenant}:active")

    def ids(self, tenant: str, limit: int, before: float | None) -> list[tuple[str, float]]:
        """(id, created at) of the tenant's jobs, newest first, from before `before`, Unix time."""
        top = f"({before:.6f}" if before else "+inf"
        with answering("queue store"):
            found = self._redis.zrevrangebyscore(
                f"lipchord:tenant:{tenant}:jobs", top, "-inf", start=0, num=limit, withscores=True
            )
        return [(name.decode(), score) for name, score in cast(list[tuple[bytes, float]], found)]

    def forget(self, tenant: str, job_id: str) -> None:
        """Take a job whose record has expired out of the tenant's list."""
        with answering("queue store"):
            self._redis.zrem(f"lipchord:tenant:{tenant}:jobs", job_id)


def _remembered(terms: Terms) -> str:
    if not terms.idempotency_key:
        return ""
    return f"lipchord:idempotency:{terms.tenant}:{terms.idempotency_key}"
