"""A lane of jobs on a real store: sent, dispatched and ended by the test, in no time."""

from dataclasses import dataclass, field

import redis

from tasks.acceptance import Acceptance, Terms
from tasks.contract import JobRequest, MediaKind
from tasks.dispatch import Dispatch
from tasks.epoch import new_job_id
from tasks.errors import StoreError
from tasks.fleet import Fleet
from tasks.records import Records
from tasks.stores import connect
from tasks.synced import Synced

HELLO = JobRequest(text="Hello there")


@dataclass
class Yard:
    """A lane with a window of `most` jobs; ending one lets the next go."""

    client: redis.Redis
    most: int = 2
    order: list[str] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    away: bool = False

    def __post_init__(self) -> None:
        self.records = Records(self.client)
        self.acceptance = Acceptance(self.client, Synced(self.client, required=False))
        self.fleet = Fleet(self.client, 2.0)
        self.dispatch = Dispatch(self.client, self.fleet, self.records, self.most)

    def plan(self, job_id: str) -> None:
        if self.away:
            raise StoreError("away")
        self.order.append(job_id)

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        raise AssertionError("nothing is uploaded here")

    def send(self, tenant: str, cost: int = 1, seconds: float = 0.0, fill: bool = True) -> str:
        terms = Terms(tenant, cost=cost, seconds=seconds)
        job_id = self.acceptance.submit(new_job_id(), HELLO, terms)
        self.names[job_id] = tenant
        if fill:
            self.dispatch.round(self)
        return job_id

    def end(self, job_id: str) -> None:
        assert self.records.cancel(job_id)
        self.dispatch.round(self)

    def tenants(self) -> list[str]:
        """Whose jobs were dispatched, in order."""
        return [self.names[job_id] for job_id in self.order]


def emptied(server: str, most: int = 2) -> Yard:
    """A lane of its own, on an empty store."""
    client = connect(server)
    client.flushall()
    return Yard(client, most)
