"""Which jobs are over and which were deleted: what storage hygiene asks of the records.

Kept faces hold blobs too, each revision under its own name (`tasks.kept.holder`): the
present one needs them, an earlier one does not.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import cast

import redis

from tasks.contract import JobState
from tasks.errors import UnknownJobError
from tasks.kept import held_by
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

    def fates(self, holders: Iterable[str]) -> dict[str, Fate]:
        """What became of each: ids of jobs, and names of faces' revisions."""
        names = list(holders)
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                if (face := held_by(name)) is not None:
                    pipe.hmget(f"lipchord:face:{face[0]}", "revision", "deleted")
                else:
                    pipe.hmget(f"lipchord:job:{name}", "state", "deleted_at")
            found = cast(list[list["bytes | None"]], pipe.execute())
        return {name: _fate_of(name, *facts) for name, facts in zip(names, found, strict=True)}

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


def _fate_of(name: str, one: "bytes | None", other: "bytes | None") -> Fate:
    face = held_by(name)
    return _fate(one, other) if face is None else _face_fate(face[1], one, other)


def _face_fate(revision: int, present: "bytes | None", deleted: "bytes | None") -> Fate:
    """A later revision than the present one is about to be recorded, or never will be."""
    if deleted is not None:
        return Fate.FREED
    if present is None or revision > int(present):
        return Fate.UNKNOWN
    return Fate.RUNNING if revision == int(present) else Fate.FREED


def _fate(state: "bytes | None", deleted_at: "bytes | None") -> Fate:
    if state is None:
        return Fate.UNKNOWN
    reached = JobState(state.decode())
    if deleted_at is not None or reached is JobState.CANCELED:
        return Fate.FREED
    return Fate.OVER if reached.terminal else Fate.RUNNING
