"""The registry of one app: HTTP requests are counted here, the rest is asked of the queue."""

import time

import prometheus_client as prometheus
from flask import Request, Response
from prometheus_client.exposition import choose_encoder

from api.metrics.collector import HouseCollector
from tasks.client import JobQueue

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """One registry for one app: two apps in one process share nothing."""

    def __init__(self, queue: JobQueue) -> None:
        self._registry = prometheus.CollectorRegistry()
        self._requests = prometheus.Counter(
            "lipchord_http_requests", "HTTP requests answered by this API process.",
            ["method", "route", "status"], registry=self._registry,
        )  # fmt: skip
        self._seconds = prometheus.Histogram(
            "lipchord_http_request_seconds", "Seconds until an answer's head was ready.",
            ["method", "route"], buckets=BUCKETS_S, registry=self._registry,
        )  # fmt: skip
        self._registry.register(HouseCollector(queue))
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
