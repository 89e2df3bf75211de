"""Dispatch: which accepted job is published next, so that nobody starves.

Accepted jobs wait in the store, for each generator (lane) and each tenant in a
line of their own; the broker holds only the few that are under way (W of
them, the window), because what is in its list is first come, first served.
`tasks/lua/dispatch.lua` fills the window, at a submit, at a job's end, and in
every round of the reaper.

**Between tenants**: start-time fair queueing (Goyal, Vin, Cheng 1997) on the
estimated cost in frames. A tenant's next job has the start tag
S = max(V, F): V is the start tag of the job dispatched last, F is where the
tenant's own last job ended, S + its cost. The least S goes first; among equals
the job that ranks first. When a job is planned, its estimate is replaced by its
true frames (`settle`).

**Within a tenant**: shorter first, with ageing. A job's rank is its arrival
plus AGEING (10) times the seconds that it should take, so a later job goes
first only if it comes within 10 s for each second that it is shorter.

The bounds (tests/test_tasks_dispatch_bounds.py has them as properties):

- *A tenant that had nothing waiting*: its job is dispatched after at most **one
  job of each other tenant** that waits, and so it starts when at most the W
  jobs under way and one job of each other waiting tenant have ended:
  wait ≤ (R + Σ c_i) / p, R frames left under way, c_i one job of tenant i, p the
  fleet's frames a second. (If it has just been served, F > V: add the frames
  by which it is ahead, times the number of waiting tenants.)
- *Two tenants that both wait all the time* are served within c_i + c_j frames of
  each other, their largest jobs.
- *Within a tenant*, no job that comes more than AGEING × (seconds it takes) after
  another overtakes it.

A crash between the pick and the publication leaves `dispatched_at` without
`published`: the reaper publishes again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

import redis
import structlog

from tasks import cost, failpoints
from tasks.acceptance import lane
from tasks.errors import StoreError
from tasks.fleet import Fleet
from tasks.house import WorkerInfo
from tasks.records import Records
from tasks.scripts import script
from tasks.stores import answering

SPARE = 2  # jobs under way beyond the render workers: one is planned, one is merged meanwhile

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ahead:
    """What stands before a job: frames left of jobs under way, of waiting ones, and its own."""

    under_way: int
    waiting: int
    own: int

    @property
    def frames(self) -> int:
        """Of others."""
        return self.under_way + self.waiting

    def eta_s(self, frames_a_second: float) -> float | None:
        """Whole seconds until the job's end; None without a pace."""
        if not frames_a_second:
            return None
        return float(round((self.frames + self.own) / frames_a_second + cost.AFTERWARDS_S))


class Publisher(Protocol):
    """Puts planning on the queue; the Celery one is `tasks.chord.CeleryPublisher`."""

    def plan(self, job_id: str) -> None:
        """Publish the planning of a picked job. Raises StoreError."""


class Dispatch:
    """Picks jobs and publishes them; any process may, at any time."""

    def __init__(self, client: "redis.Redis", fleet: Fleet, records: Records, most: int) -> None:
        """`most`: jobs under way of one generator; 0: its ready workers and SPARE."""
        self._redis, self._fleet, self._records, self._most = client, fleet, records, most
        self._pick = script(client, "prelude", "dispatch")
        self._ahead = script(client, "prelude", "ahead")
        self._settle = script(client, "prelude", "settle")

    def round(self, publisher: Publisher) -> None:
        """Fill every lane's window. Raises StoreError."""
        with answering("queue store"):
            waiting = cast(set[bytes], self._redis.smembers("lipchord:lanes"))
        workers = self._fleet.workers() if waiting else ()
        for key in sorted(waiting):
            self._fill(key.decode(), publisher, workers)

    def next(self, generator: str, publisher: Publisher, workers: Sequence[WorkerInfo]) -> None:
        """Fill one generator's window; a store that is away leaves it to the reaper."""
        try:
            self._fill(lane(generator), publisher, workers)
        except StoreError as error:
            log.warning("dispatch left to the reaper", error=str(error))

    def ahead(self, generator: str, tenant: str, n_frames: int = 1, job_id: str = "") -> Ahead:
        """What is likely to be rendered before a job's end. Raises StoreError.

        Args:
            n_frames: of a job that would come now.
            job_id: of a job that waits, instead.
        """
        with answering("queue store"):
            found = self._ahead(keys=[lane(generator)], args=[tenant, job_id, n_frames])
        return Ahead(*cast(list[int], found))

    def under_way(self, generator: str) -> int:
        """Jobs that were dispatched and have not ended. Raises StoreError."""
        with answering("queue store"):
            return self._redis.zcard(lane(generator) + ":underway")

    def settle(self, job_id: str, n_frames: int) -> None:
        """Charge a planned job's tenant its true frames instead of the estimate; once."""
        with answering("queue store"):
            self._settle(keys=[f"lipchord:job:{job_id}"], args=[n_frames])

    def _fill(self, key: str, publisher: Publisher, workers: Sequence[WorkerInfo]) -> None:
        window = self._most or SPARE + sum(_renders(worker, key) for worker in workers)
        with answering("queue store"):
            picked = cast(list[bytes], self._pick(keys=[key], args=[window]))
        for name in picked:
            failpoints.hit("dispatch:picked")
            publisher.plan(name.decode())
            self._records.mark_published(name.decode())


def _renders(worker: WorkerInfo, key: str) -> bool:
    return worker.generator is not None and worker.generator_ready and lane(worker.generator) == key
