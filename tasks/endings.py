"""Which jobs are over and which were deleted: what storage hygiene asks of the records."""

from collections.abc import Iterable
from enum import StrEnum
from typing import cast

import redis

from tasks.contract import JobState
from tasks.errors import UnknownJobError
from tasks.scripts import script
from tasks.stores import answering

STORE = "queue store"


class Fate(StrEnum):
    """What became of a job, as far as its blobs are concerned."""

    RUNNING = "running"  # needs all that it has
    OVER = "over"  # its video and its uploads are kept for their time, its chunks for reuse
    FREED = "freed"  # canceled or deleted: needs nothing
    UNKNOWN = "unknown"  # no record: it expired, or is about to be written


class Endings:
    """Looks at job records in the queue store; marks jobs as deleted."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self._delete = script(client, "prelude", "delete")

    def fates(self, job_ids: Iterable[str]) -> dict[str, Fate]:
        """What became of each."""
        ids = list(job_ids)
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            for job_id in ids:
                pipe.hmget(f"lipchord:job:{job_id}", "state", "deleted_at")
            found = cast(list[list["bytes | None"]], pipe.execute())
        return {job_id: _fate(*facts) for job_id, facts in zip(ids, found, strict=True)}

    def delete(self, job_id: str) -> bool:
        """A job that is over has no video from now on; False while it runs.

        Raises:
            UnknownJobError: there is no such job.
        """
        with answering(STORE):
            outcome = int(self._delete(keys=[f"lipchord:job:{job_id}"]))
        if outcome < 0:
            raise UnknownJobError(job_id)
        return bool(outcome)


def _fate(state: "bytes | None", deleted_at: "bytes | None") -> Fate:
    if state is None:
        return Fate.UNKNOWN
    reached = JobState(state.decode())
    if deleted_at is not None or reached is JobState.CANCELED:
        return Fate.FREED
    return Fate.OVER if reached.terminal else Fate.RUNNING
