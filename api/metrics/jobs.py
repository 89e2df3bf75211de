"""Jobs: those that wait, those that are under way, and all that ever were."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

if TYPE_CHECKING:
    from tasks.numbers import Durations, Line, Numbers, Tallies

PIECES = ("plan", "chunk", "merge")
HOW = ("rendered", "reused")
OUTCOMES = ("delivered", "retry", "failed", "disabled")
EVENTS = ("accepted", "repeated", "succeeded", "failed", "canceled", "expired")


def families(numbers: Numbers) -> Iterator[Metric]:
    """Raises StoreError."""
    yield from _messages(numbers.depths())
    yield from _lines(numbers.lines())
    ended = _zeros(EVENTS) | {(event,): n for event, n in numbers.counters().items()}
    yield _counter("lipchord_jobs", "Jobs ever accepted, sent again, and ended in each state.",
                   ("event",), ended)  # fmt: skip
    yield from _tallied(numbers.tallies())
    due, waiting = numbers.webhooks()
    yield _gauge("lipchord_webhooks_due", "Webhooks whose time has come, and nobody calls.", due)
    yield _gauge("lipchord_webhooks_waiting", "Webhooks that are still to be delivered.", waiting)


def _messages(depths: Mapping[str, int]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "lipchord_queue_messages", "Messages that wait for a worker.", labels=["queue"]
    )
    for queue, messages in depths.items():
        family.add_metric([queue], messages)
    yield family


def _lines(lines: Sequence[Line]) -> Iterator[Metric]:
    """Of every installed generator."""
    facts: tuple[tuple[str, str, Callable[[Line], float]], ...] = (
        ("jobs_waiting", "Accepted jobs that are not dispatched yet.", lambda x: x.waiting),
        ("jobs_under_way", "Dispatched jobs that are not over.", lambda x: x.under_way),
        ("oldest_waiting_seconds", "Age of the oldest waiting job; 0: none.", lambda x: x.oldest_s),
        ("backlog_frames", "Frames left to render of all accepted jobs.", lambda x: x.frames),
        ("pace_frames_per_second", "What the ready workers render a second.", lambda x: x.pace),
    )
    for name, text, fact in facts:
        family = GaugeMetricFamily("lipchord_" + name, text, labels=["generator"])
        for line in lines:
            family.add_metric([line.generator], fact(line))
        yield family
    left = GaugeMetricFamily(
        "lipchord_backlog_seconds",
        "Estimated seconds until all accepted jobs are rendered; not there without a ready worker.",
        labels=["generator"],
    )
    for line in (line for line in lines if line.pace):
        left.add_metric([line.generator], line.frames / line.pace)
    yield left


def _tallied(tallies: Tallies) -> Iterator[Metric]:
    yield _histogram(
        "lipchord_job_wait_seconds",
        "Seconds from a job's acceptance to the beginning of its planning.",
        tallies.durations("wait"),
    )
    yield _histogram(
        "lipchord_job_run_seconds",
        "Seconds from the beginning of planning to the end, of jobs that succeeded.",
        tallies.durations("run"),
    )
    for name, text, label, words in (
        ("attempts", "Pieces of work that a worker took.", "piece", PIECES),
        ("chunks", "Chunks that were rendered, or reused from an earlier job.", "how", HOW),
        ("frames", "Frames that were rendered, or reused from an earlier job.", "how", HOW),
        ("webhooks", "Calls of webhooks that ended so.", "outcome", OUTCOMES),
    ):
        yield _counter("lipchord_" + name, text, (label,), _zeros(words) | tallies.of(name))
    yield _counter(
        "lipchord_retries", "Pieces of work that were taken again, by why they had to be.",
        ("piece", "reason"), tallies.of("retries"),
    )  # fmt: skip
    for name, text in (
        ("video_frames", "Frames of the videos that were made."),
        ("video_seconds", "Seconds of the videos that were made."),
    ):
        yield CounterMetricFamily("lipchord_" + name, text, value=tallies.sum(name))


def _zeros(words: Sequence[str]) -> dict[tuple[str, ...], int]:
    """What is exposed before the first count: a rate needs a beginning."""
    return {(word,): 0 for word in words}


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=value)


def _counter(
    name: str, text: str, labels: tuple[str, ...], counts: Mapping[tuple[str, ...], int]
) -> Metric:
    family = CounterMetricFamily(name, text, labels=labels)
    for values, count in counts.items():
        family.add_metric(values, count)
    return family


def _histogram(name: str, text: str, found: Durations) -> Metric:
    buckets = [("+Inf" if math.isinf(le) else str(le), n) for le, n in found.counts.items()]
    return HistogramMetricFamily(name, text, buckets=buckets, sum_value=found.sum_s)
