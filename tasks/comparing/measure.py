"""The figures of a comparison's two jobs, from their records: what was measured while they ran."""

from collections.abc import Iterable
from typing import cast

import redis

from tasks.comparison import Share, Side
from tasks.contract import ChunkStatus, Job
from tasks.house import WorkerInfo
from tasks.stores import answering

STORE = "queue store"
LOOKED_AT = 500  # of the latest jobs: which of them ran at the same time
STAGES = ("plan", "render", "merge")

Span = tuple[float, float]  # Unix times, seconds


class Bystanders:
    """Other jobs of the house, of any tenant."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def spans(self, apart_from: Iterable[str]) -> tuple[Span, ...]:
        """When each of the latest jobs ran; to infinity where it runs now. Raises StoreError."""
        with answering(STORE):
            latest = cast(list[bytes], self._redis.zrevrange("lipchord:jobs", 0, LOOKED_AT - 1))
            active = cast(set[bytes], self._redis.smembers("lipchord:jobs:active"))
            ids = {raw.decode() for raw in (*latest, *active)} - set(apart_from)
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipe.hmget(f"lipchord:job:{job_id}", "started_at", "finished_at")
            found = cast(list[list["bytes | None"]], pipe.execute())
        return tuple(
            (float(begun), float(ended) if ended else float("inf"))
            for begun, ended in found
            if begun
        )


def side(job: Job, others: Iterable[Span]) -> Side:
    """What a job that has succeeded came to."""
    begun, ended = job.started_at or job.created_at, job.finished_at or job.created_at
    rendered = [chunk for chunk in job.chunks if not chunk.reused]
    return Side(
        seconds=round(ended - begun, 3),
        wait_seconds=round(begun - job.created_at, 3),
        timings={stage: job.timings.get(stage, 0.0) for stage in STAGES},
        n_chunks=len(job.chunks),
        n_frames=job.n_frames or 0,
        workers=_shares(rendered),
        n_reused=len(job.chunks) - len(rendered),
        n_retried=sum(max(0, chunk.attempts - 1) for chunk in rendered),
        other_jobs=sum(first < ended and last > begun for first, last in others),
    )


def _shares(chunks: Iterable[ChunkStatus]) -> tuple[Share, ...]:
    """What each worker did, by name."""
    found: dict[str, Share] = {}
    for chunk in chunks:
        name = chunk.worker or "?"
        had = found.get(name, Share(name, 0, 0, 0.0))
        found[name] = Share(
            name,
            had.n_chunks + 1,
            had.n_frames + chunk.n_frames,
            round(had.seconds + (chunk.seconds or 0.0), 3),
        )
    return tuple(found[name] for name in sorted(found))


def ready_fleet(workers: Iterable[WorkerInfo], generator: str) -> tuple[str, ...]:
    """The render workers that hold a generator, as "name pid": a new process is another one."""
    return tuple(
        f"{worker.name} {worker.pid}"
        for worker in workers
        if worker.kind == "render" and worker.generator == generator and worker.generator_ready
    )
