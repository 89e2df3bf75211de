"""When a child process dies, its parent says so at once: nobody waits for the lease to lapse.

Celery's parent sees the death of the process that renders, and puts the message
back (`task_reject_on_worker_lost`); the next one to take it may be another
worker, and would find a live lease. So the parent ends the lease first. When the
parent dies too, the lease has to lapse.
"""

from functools import lru_cache
from typing import Any

import structlog
from billiard.einfo import ExceptionWithTraceback
from billiard.exceptions import Terminated, TimeLimitExceeded, WorkerLostError
from celery.worker.request import Request

from tasks.contract import MERGE, PLAN
from tasks.errors import StoreError
from tasks.leaving import tell_fleet
from tasks.records import MERGING, PLANNING, Records
from tasks.settings import Settings
from tasks.stores import connect

DIED = "Its process died under its work ({}); see the worker's log."
DEATHS = (WorkerLostError, TimeLimitExceeded, Terminated, SystemExit)

log = structlog.get_logger()


class LeasedRequest(Request):  # type: ignore[misc]
    """A message in the parent's hands, whose task has a lease on a piece of a job."""

    def on_failure(self, exc_info: Any, *args: Any, **kwargs: Any) -> Any:
        """The child died, or raised: `Ignore` and `Retry` come this way, too."""
        error = exc_info.exception
        if isinstance(error, ExceptionWithTraceback):
            error = error.exc
        if isinstance(error, DEATHS):
            _abandon(self.task.name, self.args)
        return super().on_failure(exc_info, *args, **kwargs)


def _abandon(task: str, args: Any) -> None:
    piece = {PLAN: PLANNING, MERGE: MERGING}.get(task) or str(args[1])
    records, name = _records()
    tell_fleet(lambda fleet, name: fleet.note_error(name, DIED.format(piece)))
    try:
        if records.abandon(args[0], piece, name):
            log.warning("a process died under its work", job=args[0], piece=piece)
    except StoreError as error:
        log.warning("left to the lease", error=str(error))


@lru_cache(1)
def _records() -> tuple[Records, str]:
    """The parent's own connection, and the name that its child works under."""
    settings = Settings.from_env()
    return Records(connect(settings.queue_url), settings.job_ttl_s), settings.worker_name
