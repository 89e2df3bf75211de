"""What the chord cannot promise: a thread in every cpu worker looks after all jobs for ever.

Its round is a list of duties. Each is a function without arguments that may be
done by two reapers at once and may be cut off in the middle: what is true stands
in the records, and each of them is changed by one script. A duty that fails is
said in the log and does not keep the others from theirs.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from tasks import admission, failpoints
from tasks.comparing.drive import Driver
from tasks.contract import Failure
from tasks.errors import StoreError
from tasks.hygiene import Hygiene
from tasks.reception import Reception
from tasks.records import MERGING, PLANNING, Records
from tasks.stores import connect
from tasks.webhooks import deliver
from tasks.worker import Worker

GRACE_S = 5.0  # a message comes to its worker within milliseconds; younger ones are left alone

Duty = Callable[[], None]

log = structlog.get_logger()


class Publisher(admission.Publisher, Protocol):
    """Puts pieces of work on the queue; the Celery one is `tasks.chord.CeleryPublisher`."""

    def chunk(self, job_id: str, index: int, generator: str) -> None:
        """Publish one chunk. Raises StoreError."""

    def merge(self, job_id: str) -> None:
        """Publish the merge. Raises StoreError."""


def duties(worker: Worker, publisher: Publisher) -> tuple[Duty, ...]:
    """All that a cpu worker looks after, in order."""
    return (
        lambda: reap(worker.records, publisher, worker.settings.job_deadline_s),
        lambda: worker.dispatch.round(publisher),
        driver(worker, publisher).round,
        Hygiene(worker.holds, worker.endings),
    )


def driver(worker: Worker, publisher: Publisher) -> Driver:
    """What moves comparisons on."""
    settings = worker.settings
    reception = Reception(
        settings, connect(settings.queue_url), connect(settings.blob_url), publisher
    )
    return Driver(
        worker.comparisons, worker.records, worker.fleet, reception, publisher,
        settings.job_deadline_s,
    )  # fmt: skip


def start(worker: Worker, publisher: Publisher) -> None:
    """Start the thread, in a cpu worker; elsewhere do nothing."""
    if worker.settings.worker_kind != "cpu":
        return
    deliver.start(worker.settings)
    args = (duties(worker, publisher), worker.settings.reaper_s)
    threading.Thread(target=_for_ever, args=args, name="reaper", daemon=True).start()


def do(duties: Sequence[Duty]) -> None:
    """One round."""
    for duty in duties:
        try:
            duty()
        except StoreError as error:
            log.warning("a duty of the reaper was missed", error=str(error))
        except Exception:
            log.exception("a duty of the reaper broke")


def reap(records: Records, publisher: Publisher, deadline_s: float) -> None:
    """Look after every job that is not over: see `tasks/lua/look_after.lua`. Raises StoreError."""
    too_late = Failure("deadline", _too_late(deadline_s))
    for job_id in records.active():
        found = records.look_after(job_id, deadline_s, too_late, GRACE_S)
        if found.ended == "gone":
            records.forget(job_id)
        elif found.ended:
            log.warning("the reaper ended a job", job=job_id, state=found.ended)
        failpoints.hit("reaper:mid")
        for piece in found.pieces:
            log.warning("the reaper publishes again", job=job_id, piece=piece)
            _publish(publisher, job_id, piece, found.generator)


def _publish(publisher: Publisher, job_id: str, piece: str, generator: str) -> None:
    if piece == PLANNING:
        publisher.plan(job_id)
    elif piece == MERGING:
        publisher.merge(job_id)
    else:
        publisher.chunk(job_id, int(piece), generator)


def _for_ever(duties: Sequence[Duty], every_s: float) -> None:
    while True:
        do(duties)
        time.sleep(every_s)


def _too_late(deadline_s: float) -> str:
    return (
        f"The job was not finished within {deadline_s:.0f} s. Look at GET /api/v1/workers for "
        "render workers that are ready, add some, and send the job again."
    )
