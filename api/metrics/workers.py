"""The living workers, by their last heartbeats."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from tasks.house import WorkerInfo


def families(workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
    """How many there are; then, of each, what it holds, has done, and has of its GPU."""
    alive = GaugeMetricFamily(
        "lipchord_workers", "Living workers.", labels=["kind", "generator", "ready"]
    )
    kinds = Counter((w.kind, w.generator or "", str(w.generator_ready).lower()) for w in workers)
    for labels, count in kinds.items():
        alive.add_metric(list(labels), count)
    yield alive
    yield from _each(workers)
    yield from _done(workers)
    yield from _learnt(workers)
    yield from _gpus(workers)


def _each(workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
    info = GaugeMetricFamily(
        "lipchord_worker_info",
        "1: what a worker is, in its labels; join it with the others by `worker`.",
        labels=["worker", "kind", "generator", "device"],
    )
    busy = GaugeMetricFamily(
        "lipchord_worker_busy", "1 while a render worker has a chunk in hand.", labels=["worker"]
    )
    for worker in workers:
        info.add_metric([worker.name, worker.kind, worker.generator or "", worker.device], 1)
        if worker.kind == "render":
            busy.add_metric([worker.name], int(worker.job is not None))
    yield from (info, busy)


def _done(workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
    frames = CounterMetricFamily(
        "lipchord_worker_frames", "Frames rendered since the worker started.", labels=["worker"]
    )
    chunks = CounterMetricFamily(
        "lipchord_worker_chunks", "Chunks rendered since the worker started.", labels=["worker"]
    )
    seconds = CounterMetricFamily(
        "lipchord_worker_busy_seconds",
        "Seconds that the worker spent on those chunks.",
        labels=["worker"],
    )
    for worker in (worker for worker in workers if worker.kind == "render"):
        frames.add_metric([worker.name], worker.frames_done)
        chunks.add_metric([worker.name], worker.chunks_done)
        seconds.add_metric([worker.name], worker.busy_seconds)
    yield from (frames, chunks, seconds)


def _learnt(workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
    """What is not there until a worker has rendered, or failed, once."""
    facts: tuple[tuple[str, str, Callable[[WorkerInfo], float | None]], ...] = (
        ("chunk_cost_seconds", "What a chunk costs it whatever its length.", lambda w: w.fixed_s),
        ("frame_cost_seconds", "What each frame costs it besides.", lambda w: w.per_frame_s),
        (
            "error_timestamp_seconds",
            "When an attempt failed last, Unix time.",
            lambda w: w.error_at,
        ),
    )
    for name, text, fact in facts:
        family = GaugeMetricFamily("lipchord_worker_" + name, text, labels=["worker"])
        for worker in workers:
            if (value := fact(worker)) is not None:
                family.add_metric([worker.name], value)
        yield family


def _gpus(workers: Sequence[WorkerInfo]) -> Iterator[Metric]:
    used = GaugeMetricFamily(
        "lipchord_worker_gpu_memory_used_bytes",
        "Used memory of the worker's GPU or MIG slice, by all processes on it.",
        labels=["worker"],
    )
    limit = GaugeMetricFamily(
        "lipchord_worker_gpu_memory_limit_bytes",
        "Memory of the worker's GPU or MIG slice.",
        labels=["worker"],
    )
    for worker in workers:
        if worker.gpu_memory_used is not None and worker.gpu_memory_total is not None:
            used.add_metric([worker.name], worker.gpu_memory_used)
            limit.add_metric([worker.name], worker.gpu_memory_total)
    yield from (used, limit)
