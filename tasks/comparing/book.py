"""The book of comparisons: in the queue store, each with a version, changed by compare-and-set.

Whoever changes a comparison says which version he has read; of two at the same time
one is refused, and reads again. So any process may drive any comparison, and one that
dies in between has either made its step or not.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any, cast

import redis

from tasks.comparison import (
    Comparison,
    ComparisonStage,
    ComparisonState,
    Likeness,
    Outcome,
    Reason,
    Result,
    Share,
    Side,
)
from tasks.contract import Failure, JobRequest
from tasks.errors import BusyError, UnknownComparisonError
from tasks.scripts import script, source
from tasks.stores import answering
from tasks.synced import Synced

STORE = "queue store"
ACTIVE = "lipchord:comparisons:active"
KEPT = 200  # of a tenant: some 5 KB each
MOST_ACTIVE = 4  # of a tenant: they run one after the other
LATER_S = 60  # Retry-After: a short clip's comparison


class Book:
    """Comparisons, their lists, and the leases on their work. Every method may raise StoreError."""

    def __init__(self, client: "redis.Redis", ttl_s: int, synced: Synced | None = None) -> None:
        """A page of it.

        Args:
            ttl_s: how long a comparison is remembered after its last change, seconds.
            synced: where new ones are written: they are on the disk before they are answered.
        """
        self._redis, self._ttl_s, self._synced = client, ttl_s, synced
        self._put = script(client, "comparison_put")

    def get(self, comparison_id: str) -> Comparison:
        """Raises UnknownComparisonError."""
        return next(iter(self._read([comparison_id])), None) or _unknown(comparison_id)

    def put(self, comparison: Comparison) -> Comparison | None:
        """Keep a changed comparison; as it is kept now, or None: another change came first.

        Raises:
            BusyError: a new one, and the tenant has as many under way as it may.
        """
        keys = [_key(comparison.id), _list(comparison.tenant), ACTIVE]
        args: list[Any] = [
            comparison.id, comparison.version, json.dumps(asdict(comparison), ensure_ascii=False),
            int(comparison.state.terminal), self._ttl_s, f"{comparison.created_at:.6f}", KEPT,
            MOST_ACTIVE,
        ]  # fmt: skip
        if self._synced is not None and not comparison.version:
            outcome = self._synced.run(source("comparison_put"), keys, args)
        else:
            with answering(STORE):
                outcome = self._put(keys=keys, args=args)
        if outcome == -1:
            raise BusyError(
                "too-many-comparisons",
                f"{MOST_ACTIVE} of your comparisons are under way, and they run one after the "
                "other. Send this one when one of them is over, or delete one.",
                LATER_S,
            )
        return replace(comparison, version=comparison.version + 1) if outcome else None

    def active(self) -> tuple[Comparison, ...]:
        """All tenants' comparisons that are not over, the oldest first."""
        with answering(STORE):
            ids = [raw.decode() for raw in cast(list[bytes], self._redis.zrange(ACTIVE, 0, -1))]
        found = self._read(ids)
        if gone := set(ids) - {comparison.id for comparison in found}:
            with answering(STORE):
                self._redis.zrem(ACTIVE, *gone)
        return tuple(one for one in found if not one.state.terminal)

    def of_tenant(self, tenant: str, limit: int, before: float | None) -> tuple[Comparison, ...]:
        """The tenant's, newest first, created before `before`, Unix time."""
        top = f"({before:.6f}" if before else "+inf"
        with answering(STORE):
            found = self._redis.zrevrangebyscore(_list(tenant), top, "-inf", start=0, num=limit)
        return self._read(raw.decode() for raw in cast(list[bytes], found))

    def forget(self, comparison: Comparison) -> None:
        """Drop it from the book."""
        with answering(STORE):
            pipe = self._redis.pipeline()
            pipe.delete(_key(comparison.id))
            pipe.zrem(_list(comparison.tenant), comparison.id)
            pipe.zrem(ACTIVE, comparison.id)
            pipe.execute()

    def lease(self, comparison_id: str, worker: str, lease_s: float) -> bool:
        """Take its work in hand, or hold on to it; False while another worker has it."""
        key = _key(comparison_id) + ":lease"
        with answering(STORE):
            if self._redis.set(key, worker, px=round(lease_s * 1000), nx=True):
                return True
            mine = self._redis.get(key) == worker.encode()
            return mine and bool(self._redis.pexpire(key, round(lease_s * 1000)))

    def leased(self, comparison_id: str) -> bool:
        """Whether a worker has its work in hand."""
        with answering(STORE):
            return bool(self._redis.exists(_key(comparison_id) + ":lease"))

    def release(self, comparison_id: str) -> None:
        """Its work is done, or is given back."""
        with answering(STORE):
            self._redis.delete(_key(comparison_id) + ":lease")

    def _read(self, ids: Iterable[str]) -> tuple[Comparison, ...]:
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            for comparison_id in ids:
                pipe.hmget(_key(comparison_id), "body", "version")
            found = cast(list[list["bytes | None"]], pipe.execute())
        return tuple(_from_json(body, int(version)) for body, version in found if body and version)


def _key(comparison_id: str) -> str:
    return f"lipchord:comparison:{comparison_id}"


def _list(tenant: str) -> str:
    return f"lipchord:tenant:{tenant}:comparisons"


def _unknown(comparison_id: str) -> Comparison:
    raise UnknownComparisonError(comparison_id)


def _from_json(body: bytes, version: int) -> Comparison:
    said = json.loads(body)
    return Comparison(**said | {
        "version": version,
        "request": JobRequest(**said["request"]),
        "state": ComparisonState(said["state"]),
        "stage": ComparisonStage(said["stage"]) if said["stage"] else None,
        "fleet": tuple(said["fleet"]),
        "failure": Failure(**said["failure"]) if said["failure"] else None,
        "result": _result(said["result"]) if said["result"] else None,
    })  # fmt: skip


def _result(said: dict[str, Any]) -> Result:
    pairs = {name: tuple(said["likeness"][name]) for name in ("n_frames", "n_samples")}
    return Result(**said | {
        "sequential": _side(said["sequential"]),
        "parallel": _side(said["parallel"]),
        "likeness": Likeness(**said["likeness"] | pairs),
        "outcome": Outcome(said["outcome"]),
        "reasons": tuple(Reason(**reason) for reason in said["reasons"]),
    })  # fmt: skip


def _side(said: dict[str, Any]) -> Side:
    return Side(**said | {"workers": tuple(Share(**share) for share in said["workers"])})
