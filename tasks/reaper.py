"""What the chord cannot promise: a thread in every cpu worker looks after forgotten jobs.

A job that was accepted but never published (its API process died in between)
is published; a job past its deadline expires. Idempotent: two reapers at once
are harmless, because the record decides.
"""

import threading
import time

import structlog

from tasks.admission import Publisher
from tasks.contract import Failure, JobState
from tasks.errors import StoreError, UnknownJobError
from tasks.hygiene import Hygiene
from tasks.records import Records
from tasks.webhooks import deliver
from tasks.worker import Worker

GRACE_S = 5.0  # a submit publishes within milliseconds; younger jobs are left to it

log = structlog.get_logger()


def start(worker: Worker, publisher: Publisher) -> None:
    """Start the thread, in a cpu worker; elsewhere do nothing."""
    if worker.settings.worker_kind != "cpu":
        return
    deliver.start(worker.settings)
    args = (worker, publisher)
    threading.Thread(target=_for_ever, args=args, name="reaper", daemon=True).start()


def reap(records: Records, publisher: Publisher, deadline_s: float) -> None:
    """One round over all jobs that are not over. Raises StoreError."""
    now = records.now()
    for job_id in records.active():
        try:
            job = records.job(job_id)
        except UnknownJobError:
            records.forget(job_id)
            continue
        age = now - job.created_at
        if age > deadline_s:
            records.expire(job_id, Failure("deadline", _too_late(deadline_s)))
        elif job.state is JobState.QUEUED and age > GRACE_S and records.unpublished(job_id):
            publisher.plan(job_id)
            records.mark_published(job_id)
            log.warning("published a job that its API process had not", job=job_id)


def _for_ever(worker: Worker, publisher: Publisher) -> None:
    hygiene = Hygiene(worker.holds, worker.endings)
    while True:
        try:
            reap(worker.records, publisher, worker.settings.job_deadline_s)
            worker.dispatch.round(publisher)
            hygiene()
        except StoreError as error:
            log.warning("reaper's round missed", error=str(error))
        time.sleep(worker.settings.reaper_s)


def _too_late(deadline_s: float) -> str:
    return (
        f"The job was not finished within {deadline_s:.0f} s. Look at GET /api/v1/workers for "
        "render workers that are ready, add some, and send the job again."
    )
