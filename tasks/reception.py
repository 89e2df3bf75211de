"""From a request to an accepted job that is on its way: check, record, dispatch."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import redis

from lipsync_engine.timeline import frame_count, parse_fps
from tasks import cost, failpoints
from tasks.acceptance import Acceptance, QuotaError, Terms
from tasks.admission import Admission, Publisher
from tasks.check import Estimate, Estimating
from tasks.contract import Job, JobRequest, JobState
from tasks.dispatch import Dispatch
from tasks.epoch import Epoch, new_job_id
from tasks.errors import (
    BusyError,
    MissingBlobError,
    RejectedError,
    StaleError,
    StoreError,
    UnknownFaceError,
)
from tasks.face_records import FaceRecords
from tasks.faults import Faults
from tasks.fleet import Fleet
from tasks.holds import Holds, Kind
from tasks.house import WorkerInfo
from tasks.inspection import Inspections, uploads_of
from tasks.kept import KeptFace
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

CHANGED = "The face was changed or deleted just now. Send the job again with a face that is there."


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
        self._estimating = Estimating(settings, self._storage)
        self._faces = FaceRecords(queue, self._synced)
        self.load = Load(settings, blobs, self._fleet, self._dispatch)
        self.ids, self.forget = self._acceptance.ids, self._acceptance.forget

    def admit(self, tenant: str, idempotency_key: str | None, generator: str) -> None:
        """See `JobQueue.admit`."""
        terms = self._terms(tenant, idempotency_key)
        if self._acceptance.knows(terms):
            return  # it was accepted before, and will be answered so
        self.load.check_blobs()
        unfinished = self._acceptance.unfinished(tenant)
        if 0 < terms.most_jobs <= unfinished:
            raise self._too_many(tenant, unfinished, generator)

    def pin(self, request: JobRequest, tenant: str) -> tuple[JobRequest, tuple[str, str]]:
        """For two jobs to be sent later: the request with its face as it is now (or was, for its
        first job), and ids for which its uploads are held. Raises RejectedError."""
        face, epoch = None, self._epoch.now()
        if request.face_card is None:
            request, face = self._with_face(request, tenant, known=False)
        ids = new_job_id(epoch), new_job_id(epoch)
        for job_id in ids:
            self._hold_uploads(job_id, request, face)
            self.keep(job_id, request)
        return request, ids

    def keep(self, job_id: str, request: JobRequest) -> None:
        """Go on holding the uploads of a pinned job: hygiene forgets ids without a record."""
        keys = [*uploads_of(request), *filter(None, [request.face_card])]
        if keys:
            with suppress(MissingBlobError):  # gone: sending the job will say so
                self._holds.hold(job_id, keys, Kind.UPLOAD)

    def submit(
        self, request: JobRequest, idempotency_key: str | None, tenant: str, job_id: str = ""
    ) -> Job:
        """See `JobQueue.submit`; `job_id`: from `pin`; sent again, it is the same job."""
        terms = self._terms(tenant, idempotency_key)
        workers = self._fleet.workers()
        known = self._acceptance.knows(terms)
        face = None
        if not job_id:
            request, face = self._with_face(request, tenant, known)
        if not known:  # else: answered, however full the house is
            if not job_id:
                self._admission.check(request, workers)
            terms = self._with_costs(terms, request)
            self.load.check(tenant, request.generator, terms.cost, workers)
        job_id = job_id or new_job_id(self._epoch.now())
        self._hold_uploads(job_id, request, face)
        failpoints.hit("submit:before-record")
        accepted = self._record(job_id, request, terms)
        failpoints.hit("submit:after-record")
        if accepted == job_id:
            self._dispatch.next(request.generator, self._publisher, workers)
        failpoints.hit("submit:after-publish")
        return self.with_estimate(self._records.job(accepted), workers)

    def check(self, request: JobRequest, tenant: str, faults: Faults) -> Estimate:
        """See `JobQueue.check`; `faults`: those that were found already."""
        self.admit(tenant, None, request.generator)
        workers = self._fleet.workers()
        face, checked = None, replace(request, face=None)  # where the face is unknown: the rest
        with faults.noting():
            request, face = self._with_face(request, tenant, known=False)
            checked = request
        for fault in self._admission.faults(checked, workers):
            faults.add(fault)
        faults.settle()
        length = self._estimating.length(request, self._guessed_s(request))
        n_frames = frame_count(length.n_samples, parse_fps(request.fps))
        self.load.check(tenant, request.generator, n_frames, workers)
        ahead = self._dispatch.ahead(request.generator, tenant, n_frames)
        warnings = face.made.warnings if face else ()
        return self._estimating.estimate(request, length, ahead, workers, warnings)

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
        if uploads_of(request) or request.face_card:
            with suppress(StoreError):
                self._holds.forget(job_id)

    def _with_face(
        self, request: JobRequest, tenant: str, known: bool
    ) -> tuple[JobRequest, KeptFace | None]:
        """The request with the registered face as it is now, and that face.

        A later correction or deletion of the face does not change the job: it takes the card.

        Args:
            known: a job was accepted under this key: it is answered, whatever became of the face.

        Raises:
            RejectedError: there is no such face.
        """
        if request.face is None or not request.face.startswith("face_"):
            return request, None
        try:
            face = self._faces.face(request.face, tenant)
        except UnknownFaceError as error:
            if known:
                return request, None
            raise RejectedError("missing-face", str(error), "face") from error
        return replace(request, face_card=face.made.card), face

    def _hold_uploads(self, job_id: str, request: JobRequest, face: KeptFace | None) -> None:
        """Before the record: from now on nothing takes the job's uploads and face away."""
        if not (keys := uploads_of(request) + (list(face.made.of_a_job) if face else [])):
            return  # most jobs have none, and the blob store is not asked
        try:
            self._holds.hold(job_id, keys, Kind.UPLOAD)
        except MissingBlobError as error:
            if face is not None and error.key in face.made.of_a_job:
                raise RejectedError("missing-face", CHANGED, "face") from error
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
            self.load.check_blobs()
        except BusyError as error:
            reasons.append(error.detail)
        return tuple(reasons)

    def _terms(self, tenant: str, idempotency_key: str | None) -> Terms:
        return Terms(tenant, idempotency_key, most_jobs=self._settings.tenant_jobs)

    def _with_costs(self, terms: Terms, request: JobRequest) -> Terms:
        """The terms with what the job is thought to cost."""
        frames = cost.frames(request, self._guessed_s(request))
        return replace(terms, cost=frames, seconds=cost.worker_seconds(request.generator, frames))

    def _guessed_s(self, request: JobRequest) -> float:
        """Length of the job's sound, by its characters or bytes."""
        size = 0
        if request.speech is not None:
            try:
                size = self._storage.stat(request.speech).size
            except MissingBlobError as error:
                raise RejectedError(error.code, GONE.format(error.key)) from error
        return cost.speech_seconds(request, size, self._settings.max_audio_s)

    def _too_many(self, tenant: str, unfinished: int, generator: str) -> BusyError:
        return BusyError(
            "too-many-jobs",
            f"{unfinished} of your jobs are not finished, and no more than "
            f"{self._settings.tenant_jobs} may be. Send this one when some of them are.",
            self.load.next_end_s(tenant, generator),
        )
