"""How full the two stores are, and whether they keep what they are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily, Metric

if TYPE_CHECKING:
    from tasks.numbers import StoreMemory


def families(store: str, memory: StoreMemory) -> Iterator[Metric]:
    """Of one store."""
    used = GaugeMetricFamily(
        "lipchord_store_memory_used_bytes", "Memory that the store uses.", labels=["store"]
    )
    used.add_metric([store], memory.used)
    limit = GaugeMetricFamily(
        "lipchord_store_memory_limit_bytes",
        "The store's maxmemory; not there where it has none.",
        labels=["store"],
    )
    if memory.limit:
        limit.add_metric([store], memory.limit)
    durable = GaugeMetricFamily(
        "lipchord_store_durable",
        "1 when the store has an append-only file, and its last write reached it.",
        labels=["store"],
    )
    durable.add_metric([store], int(memory.durable))
    yield from (used, limit, durable)


def together(found: Iterable[Metric]) -> list[Metric]:
    """Families of one name joined: a name is exposed once, with the samples of all."""
    joined: dict[str, Metric] = {}
    for family in found:
        if family.name in joined:
            joined[family.name].samples += family.samples
        else:
            joined[family.name] = family
    return list(joined.values())
