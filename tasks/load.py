"""Whether there is room for one more job: workers, memory for its blobs, time.

What is refused here is refused before anything is kept, with the seconds after
which it is worth to try again. Jobs that are under way are never touched.
"""

import threading
import time
from collections.abc import Sequence

import redis

from tasks import cost
from tasks.dispatch import Dispatch
from tasks.errors import BusyError
from tasks.fleet import Fleet
from tasks.house import WorkerInfo
from tasks.settings import Settings
from tasks.stores import answering

MEMORY_S = 1.0  # a reading of the blob store's memory is used for so long
NOBODY_S = 10  # Retry-After where nothing can be computed: a worker loads its generator in 5-20 s
EXPIRY_S = 60  # Retry-After of a full blob store: blobs go with their times to live


class Load:
    """Says no while the house is full. Safe for many threads."""

    def __init__(
        self, settings: Settings, blobs: "redis.Redis", fleet: Fleet, dispatch: Dispatch
    ) -> None:
        self._settings, self._blobs = settings, blobs
        self._fleet, self._dispatch = fleet, dispatch
        self._lock = threading.Lock()
        self._share, self._read_at = 0.0, float("-inf")

    def check(
        self, tenant: str, generator: str, n_frames: int, workers: Sequence[WorkerInfo]
    ) -> None:
        """Raises BusyError, or StoreError; `workers`: who lives."""
        self._check_ready(generator, workers)
        self.check_blobs()
        self._check_wait(tenant, generator, n_frames, workers)

    def check_blobs(self) -> None:
        """Raises BusyError: the blob store is too full for new jobs."""
        if self._settings.blob_full_share < self.blob_share():
            raise BusyError(
                "blobs-full",
                f"The blob store is {self.blob_share():.0%} full. Jobs that are under way go on; "
                "send this one again when some videos have expired or been deleted.",
                EXPIRY_S,
            )

    def blob_share(self) -> float:
        """Used share of the blob store's memory, 0..1; 0 where it has no limit."""
        with self._lock:
            if time.monotonic() - self._read_at > MEMORY_S:
                with answering("blob store"):
                    memory = self._blobs.info("memory")
                limit = int(memory.get("maxmemory", 0))
                self._share = int(memory["used_memory"]) / limit if limit else 0.0
                self._read_at = time.monotonic()
            return self._share

    def next_end_s(self, tenant: str, generator: str) -> float:
        """Seconds until a job of the lane is likely to end, and with it a place is free."""
        speed = cost.pace(self._fleet.workers(), generator)
        under_way = self._dispatch.ahead(generator, tenant).under_way
        return under_way / speed if speed else NOBODY_S

    def _check_ready(self, generator: str, workers: Sequence[WorkerInfo]) -> None:
        grace_s = self._settings.ready_grace_s
        if not grace_s or any(w.generator == generator and w.generator_ready for w in workers):
            return
        if self._fleet.last_ready_s(generator) > grace_s:
            raise BusyError(
                "no-render-worker",
                f"No render worker with {generator!r} has been ready for {grace_s:.0f} s. Send the "
                "job again when GET /api/v1/workers shows one.",
                NOBODY_S,
            )

    def _check_wait(
        self, tenant: str, generator: str, n_frames: int, workers: Sequence[WorkerInfo]
    ) -> None:
        """Where the pace is unknown, because no worker is ready, nobody is refused for it."""
        speed = cost.pace(workers, generator)
        if not speed:
            return
        wait_s = self._dispatch.ahead(generator, tenant, n_frames).frames / speed
        longest_s = self._settings.max_wait_s
        if wait_s > longest_s:
            raise BusyError(
                "queue-too-long",
                f"The job would start in about {wait_s:.0f} s, and none may wait longer than "
                f"{longest_s:.0f} s. Send it again later.",
                wait_s - longest_s,
            )
