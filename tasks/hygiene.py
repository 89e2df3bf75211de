"""Storage hygiene: a duty of the reaper that frees what no job needs, and memory when it is short.

Idempotent, and harmless when two do it at once: what may go is decided by one
script that looks at a blob's owners. It collects what crashes left behind:

- a submit that died before its record: its hold is forgotten, its upload ages;
- a cancel or delete that died before the release: the release is done;
- a put that died before its manifest: its parts are dropped after a while.

A job's blobs live until its deadline at least; once it is over they go when their own
time (`LIPCHORD_*_TTL_S`) has passed since a job last took them.

When memory runs short, chunks of finished jobs go first, the longest unused ahead
(they serve only reuse), then their canonical sounds and faces (they can be made
again). Uploads and results stay until their time is over: new jobs are refused first.
"""

import time
from collections.abc import Callable

import structlog

from tasks.endings import Endings, Fate
from tasks.holds import Holds, Kind

RELIEF = {Kind.CHUNK: 0.60, Kind.INPUT: 0.70}  # above this share of memory; admission ends at 0.75
ENOUGH = 0.05  # below that share relief stops, so that it does not start again at once
LOOKED_AT = 10_000  # blobs a round
GRACE_S = 900  # a part without a blob, a hold without a record: may still be on their way
SWEEP_S = 60  # between two looks at all jobs that hold something
SCANNED = 500  # keys a round

log = structlog.get_logger()


class Hygiene:
    """One cpu worker's share of the work: `hygiene()` is one round. Raises StoreError."""

    def __init__(
        self, holds: Holds, endings: Endings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._holds, self._endings, self._clock = holds, endings, clock
        self._cursor, self._swept = 0, -float("inf")

    def __call__(self) -> None:
        """Relieve the memory; look at the next keys; once a minute at the jobs."""
        self.relieve()
        self._cursor = self._holds.collect_orphans(self._cursor, SCANNED, GRACE_S)
        if self._clock() - self._swept >= SWEEP_S:
            self.sweep()
            self.age()
            self._swept = self._clock()

    def sweep(self) -> None:
        """Finish the releases that a crash has left undone."""
        ages = self._holds.jobs()
        for job_id, fate in self._endings.fates(ages).items():
            if fate is Fate.FREED:
                log.info("released a job", job=job_id, blobs=self._holds.release(job_id))
            elif fate is Fate.UNKNOWN and ages[job_id] > GRACE_S:
                self._holds.forget(job_id)  # its blobs age: a lost record is no wish to delete

    def age(self) -> None:
        """Drop what nobody needs any more and has had its time, shorter than a job may run."""
        for kind in (Kind.UPLOAD, Kind.RESULT, Kind.CHUNK, Kind.INPUT):
            for key in self._holds.outlived(kind, LOOKED_AT):
                self._collect(key)

    def relieve(self) -> None:
        """Drop what finished jobs left for reuse, until memory is no longer short."""
        for kind, share in RELIEF.items():
            if self._holds.fullness() > share:
                self._drop(kind, share - ENOUGH)

    def _drop(self, kind: Kind, until: float) -> None:
        dropped = 0
        for key in self._holds.oldest(kind, LOOKED_AT):
            if self._holds.fullness() <= until:
                break
            dropped += self._collect(key)
        if dropped:
            log.warning("memory was short: dropped what could be made again",
                        kind=kind.value, blobs=dropped)  # fmt: skip

    def _collect(self, key: str) -> bool:
        """Drop a blob unless somebody needs it; whether it was dropped."""
        owners = self._holds.owners(key)
        needed = (Fate.RUNNING, Fate.UNKNOWN)  # unknown: the record may come in a moment
        if any(fate in needed for fate in self._endings.fates(owners).values()):
            return False
        return self._holds.collect(key, owners)
