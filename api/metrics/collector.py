"""Asks the house at each scrape; a store that is away is a number too."""

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.metrics import jobs, stores, workers
from tasks.client import JobQueue
from tasks.errors import StoreError


class HouseCollector(Collector):
    """What the two stores know: jobs, webhooks, workers, memory."""

    def __init__(self, queue: JobQueue) -> None:
        self._queue = queue

    def collect(self) -> Iterator[Metric]:
        """Yield all families; where a store is away, without those that come from it."""
        up = GaugeMetricFamily("lipchord_store_up", "1 when the store answers.", labels=["store"])
        found: list[Metric] = []
        for store, ask in (("queue", self._of_queue), ("blobs", self._of_blobs)):
            families = _answered(ask)
            up.add_metric([store], 0 if families is None else 1)
            found += families or []
        yield up
        yield from stores.together(found)

    def describe(self) -> list[Metric]:
        """Nothing: registering must not ask the store."""
        return []

    def _of_queue(self) -> Iterator[Metric]:
        numbers = self._queue.numbers
        yield from jobs.families(numbers)
        yield from workers.families(numbers.workers())
        yield from stores.families("queue", numbers.queue_memory())

    def _of_blobs(self) -> Iterator[Metric]:
        yield from stores.families("blobs", self._queue.numbers.blob_memory())


def _answered(ask: Callable[[], Iterable[Metric]]) -> list[Metric] | None:
    try:
        return list(ask())
    except StoreError:
        return None
