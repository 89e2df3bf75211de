"""Numbers for Prometheus: read from the queue at each scrape, counted here for HTTP."""

import time
from collections import Counter
from collections.abc import Iterator

import prometheus_client as prometheus
from flask import Request, Response
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from tasks.client import JobQueue
from tasks.errors import StoreError

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """One registry for one app: two apps in one process share nothing."""

    def __init__(self, queue: JobQueue) -> None:
        self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "lipchord_http_requests", "HTTP requests answered.", ["method", "route", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._seconds = prometheus.Histogram(
            "lipchord_http_request_seconds", "Until the answer's head was ready.",
            ["method", "route"], buckets=BUCKETS_S, registry=self._registry,
        )  # fmt: skip
        self._registry.register(QueueCollector(queue))
        prometheus.ProcessCollector(registry=self._registry)

    def observe(self, request: Request, response: Response, started: float) -> None:
        """Count one request; `started` is `time.perf_counter()` at its beginning."""
        # Labels come from a fixed set: strangers' paths and methods must not fill the memory.
        method = request.method if request.method in METHODS else "OTHER"
        route = request.url_rule.rule if request.url_rule else "unmatched"
        self._requests.labels(method, route, response.status_code).inc()
        self._seconds.labels(method, route).observe(time.perf_counter() - started)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """All numbers, and the content type that `accept` asks for."""
        encode, content_type = choose_encoder(accept)
        return encode(self._registry), content_type


class QueueCollector(Collector):
    """Asks the queue at scrape time; a store that is away is a number too."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Yield the families: store up, waiting messages, workers, jobs, chunks, frames."""
        up = GaugeMetricFamily("lipchord_store_up", "1 when the queue store answers.")
        try:
            families = [*self._waiting(), *self._workers(), *self._jobs()]
            up.add_metric([], 1)
        except StoreError:
            families = []
            up.add_metric([], 0)
        yield up
        yield from families

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the store."""
        return []

    def _waiting(self) -> Iterator[Metric]:
        depth = GaugeMetricFamily(
            "lipchord_queue_messages", "Messages that wait for a worker.", labels=["queue"]
        )
        for queue, messages in self._queue.depths().items():
            depth.add_metric([queue], messages)
        yield depth

    def _workers(self) -> Iterator[Metric]:
        workers = self._queue.workers()
        alive = GaugeMetricFamily(
            "lipchord_workers", "Living workers.", labels=["kind", "generator", "ready"]
        )
        kinds = Counter(
            (w.kind, w.generator or "", str(w.generator_ready).lower()) for w in workers
        )
        for labels, count in kinds.items():
            alive.add_metric(list(labels), count)
        frames = CounterMetricFamily(
            "lipchord_worker_frames", "Frames rendered since the worker started.", labels=["worker"]
        )
        chunks = CounterMetricFamily(
            "lipchord_worker_chunks", "Chunks rendered since the worker started.", labels=["worker"]
        )
        for worker in workers:
            frames.add_metric([worker.name], worker.frames_done)
            chunks.add_metric([worker.name], worker.chunks_done)
        yield from (alive, frames, chunks)

    def _jobs(self) -> Iterator[Metric]:
        jobs = CounterMetricFamily(
            "lipchord_jobs", "Jobs ever accepted, and ended in each state.", labels=["event"]
        )
        for event, count in self._queue.counters().items():
            jobs.add_metric([event], count)
        yield jobs
