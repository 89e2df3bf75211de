"""From a request to an accepted job that is on its way: check, record, dispatch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import redis

from tasks import cost, failpoints
from tasks.acceptance import Acceptance, QuotaError, Terms
from tasks.admission import Admission, Publisher
from tasks.contract import (
    Job,
    JobRequest,
    JobState,
)
from tasks.dispatch import Dispatch
from tasks.epoch import Epoch, new_job_id
from tasks.errors import BusyError, MissingBlobError, RejectedError, StaleError, StoreError
from tasks.fleet import Fleet
from tasks.holds import Holds
from tasks.house import WorkerInfo
from tasks.inspection import Inspections
from tasks.load import Load
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage
from tasks.synced import NOT_SYNCED, Promise, Synced

MISMATCH = (
    "This Idempotency-Key was used with another request. Send a new key, or the same request."
)
GONE = (
    "The file {} is not here any more: its time was over, or the last job that had it was "
    "deleted. Send the file itself."
)


class Reception:
    """What `JobQueue` does with a request before it is a job, and while it waits."""

    def __init__(
        self, settings: Settings, queue: "redis.Redis", blobs: "redis.Redis", publisher: Publisher
    ) -> None:
        self._settings, self._publisher = settings, publisher
        self._records, self._epoch = Records(queue, settings.job_ttl_s), Epoch(queue)
        self._storage = RedisStorage(blobs, settings.blob_part_bytes)
        self._holds = Holds(blobs, settings)
        self._fleet = Fleet(queue, settings.heartbeat_s)
        self._admission = Admission(settings, publisher, Inspections(queue))
        self._synced = Synced(queue, bool(settings.require_sync))
        self._acceptance = Acceptance(queue, self._synced)
        self._dispatch = Dispatch(queue, self._fleet, self._records, settings.jobs_under_way)
        self._load = Load(settings, blobs, self._fleet, self._dispatch)
        self.ids, self.forget = self._acceptance.ids, self._acceptance.forget

    def admit(self, tenant: str, idempotency_key: str | None, generator: str) -> None:
        """See `JobQueue.admit`."""
        terms = self._terms(tenant, idempotency_key)
        if self._acceptance.knows(terms):
            return  # it was accepted before, and will be answered so
        self._load.check_blobs()
        unfinished = self._acceptance.unfinished(tenant)
        if 0 < terms.most_jobs <= unfinished:
            raise self._too_many(tenant, unfinished, generator)

    def submit(self, request: JobRequest, idempotency_key: str | None, tenant: str) -> Job:
        """See `JobQueue.submit`."""
        terms = self._terms(tenant, idempotency_key)
        workers = self._fleet.workers()
        if not self._acceptance.knows(terms):  # else: answered, however full the house is
            self._admission.check(request, workers)
            terms = self._with_costs(terms, request)
            self._load.check(tenant, request.generator, terms.cost, workers)
        job_id = new_job_id(self._epoch.now())
        self._hold_uploads(job_id, request)
        failpoints.hit("submit:before-record")
        accepted = self._record(job_id, request, terms)
        failpoints.hit("submit:after-record")
        if accepted == job_id:
            self._dispatch.next(request.generator, self._publisher, workers)
        failpoints.hit("submit:after-publish")
        return self.with_estimate(self._records.job(accepted), workers)

    def _record(self, job_id: str, request: JobRequest, terms: Terms) -> str:
        """The job's id, or the earlier one's of the same key.

        Where the store does not answer, the record may stand all the same: the job
        keeps its holds, and hygiene drops them when no record appears.
        """
        try:
            accepted = self._acceptance.submit(job_id, request, terms)
        except StaleError as error:
            self._let_go(job_id, request)
            raise RejectedError("idempotency-mismatch", MISMATCH) from error
        except QuotaError as error:
            self._let_go(job_id, request)
            raise self._too_many(terms.tenant, error.unfinished, request.generator) from error
        if accepted != job_id:
            self._let_go(job_id, request)
        return accepted

    def _let_go(self, job_id: str, request: JobRequest) -> None:
        """The job is none; hygiene does the same, later."""
        if uploads_of(request):
            with suppress(StoreError):
                self._holds.forget(job_id)

    def _hold_uploads(self, job_id: str, request: JobRequest) -> None:
        """Before the record: from now on nothing takes the job's uploads away."""
        if not (keys := uploads_of(request)):
            return  # most jobs have none, and the blob store is not asked
        try:
            self._holds.hold(job_id, keys)
        except MissingBlobError as error:
            raise RejectedError(error.code, GONE.format(error.key)) from error

    def dispatch_next(self, generator: str) -> None:
        """Let the next waiting jobs go where there is a place for them."""
        self._dispatch.next(generator, self._publisher, self._fleet.workers())

    def with_estimate(self, job: Job, workers: Sequence[WorkerInfo] | None = None) -> Job:
        """The job; one that waits with its `eta_seconds`, where there is a pace to go by."""
        if job.state is not JobState.QUEUED:
            return job
        generator = job.request.generator
        ahead = self._dispatch.ahead(generator, job.tenant, job_id=job.id)
        pace = cost.pace(self._fleet.workers() if workers is None else workers, generator)
        return replace(job, eta_seconds=ahead.eta_s(pace))

    def reasons(self) -> tuple[str, ...]:
        """Why a job would not be accepted now, in sentences. Raises StoreError."""
        reasons = []
        if self._settings.require_sync and self._synced.promise() is Promise.NONE:
            reasons.append(NOT_SYNCED)
        try:
            self._load.check_blobs()
        except BusyError as error:
            reasons.append(error.detail)
        return tuple(reasons)

    def _terms(self, tenant: str, idempotency_key: str | None) -> Terms:
        return Terms(tenant, idempotency_key, most_jobs=self._settings.tenant_jobs)

    def _with_costs(self, terms: Terms, request: JobRequest) -> Terms:
        """The terms with what the job is thought to cost."""
        size = 0
        if request.speech is not None:
            try:
                size = self._storage.stat(request.speech).size
            except MissingBlobError as error:
                raise RejectedError(error.code, GONE.format(error.key)) from error
        seconds = cost.speech_seconds(request, size, self._settings.max_audio_s)
        frames = cost.frames(request, seconds)
        return replace(terms, cost=frames, seconds=cost.worker_seconds(request.generator, frames))

    def _too_many(self, tenant: str, unfinished: int, generator: str) -> BusyError:
        return BusyError(
            "too-many-jobs",
            f"{unfinished} of your jobs are not finished, and no more than "
            f"{self._settings.tenant_jobs} may be. Send this one when some of them are.",
            self._load.next_end_s(tenant, generator),
        )


def uploads_of(request: JobRequest) -> list[str]:
    """Keys of the uploaded blobs that a request speaks of."""
    return [key for key in (request.speech, request.face) if key is not None]
