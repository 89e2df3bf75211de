"""JobQueue: the front door. Submit, look, cancel, fetch; nothing else is public."""

from contextlib import suppress
from functools import lru_cache
from typing import BinaryIO

from lipsync_engine import languages, registry
from tasks.admission import Limited, Publisher
from tasks.captions import Captions
from tasks.check import Estimate
from tasks.comparing.desk import Desk
from tasks.contract import (
    PUBLIC,
    Job,
    JobPage,
    JobRequest,
    JobState,
    VideoInfo,
)
from tasks.endings import Endings
from tasks.epoch import Epoch
from tasks.errors import (
    GoneError,
    MissingBlobError,
    NotReadyError,
    RejectedError,
    StoreError,
    UnknownJobError,
)
from tasks.events import Events
from tasks.faces import Faces
from tasks.faults import Faults
from tasks.fleet import Fleet
from tasks.holds import Holds
from tasks.house import Member, VoiceInfo, WorkerInfo
from tasks.numbers import Numbers
from tasks.paging import parse_cursor
from tasks.reception import Reception
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage, Storage
from tasks.stores import connect
from tasks.stream import Stream
from tasks.watching import Watching
from tasks.webhooks.admit import WebhookAdmission


class JobQueue(Watching):
    """Everything that the API may do with jobs. Safe for many threads."""

    def __init__(self, settings: Settings, publisher: Publisher) -> None:
        queue = connect(settings.queue_url)
        self._settings = settings
        self._records, self._epoch = Records(queue, settings.job_ttl_s), Epoch(queue)
        blobs = connect(settings.blob_url)
        self._storage: Storage = RedisStorage(blobs, settings.blob_part_bytes)
        self._holds, self._endings = Holds(blobs, settings), Endings(queue)
        self._fleet = Fleet(queue, settings.heartbeat_s)
        self._reception = Reception(settings, queue, blobs, publisher)
        self._webhooks = WebhookAdmission(settings, queue)
        self.comparisons = Desk(settings, queue, self._reception, publisher, self.delete)
        self.faces = Faces(settings, queue, blobs, publisher, self._reception.load)
        self.numbers = Numbers(settings)
        self._captions = Captions(self._records, self._storage)
        self._stream, self._events = (
            Stream(self._records, self._storage, self._captions.cues),
            Events(queue),
        )

    # -- accept ------------------------------------------------------------------------

    def store_upload(self, stream: BinaryIO) -> str:
        """Keep an upload under its content hash; returns its blob key.

        Raises:
            RejectedError: "upload-too-large" or "empty-file".
            StoreError: the store is full or does not answer.
        """
        limited = Limited(stream, self._settings.max_upload_bytes)
        blob = self._storage.put(limited, self._settings.upload_ttl_s)  # type: ignore[arg-type]
        if blob.size == 0:
            raise RejectedError(
                "empty-file", "The uploaded file is empty (0 bytes). Choose another."
            )
        return blob.key

    def admit(
        self, tenant: str = PUBLIC, idempotency_key: str | None = None, generator: str = "viseme"
    ) -> None:
        """Refuse early what `submit` would refuse, before an upload is kept for it.

        Raises:
            BusyError: the tenant has its share of jobs, or the blob store is too full.
            StoreError.
        """
        self._reception.admit(tenant, idempotency_key, generator)

    def submit(
        self, request: JobRequest, idempotency_key: str | None = None, tenant: str = PUBLIC
    ) -> Job:
        """Check, record, dispatch. When this returns, the job survives any one process.

        Raises:
            RejectedError: what is wrong with the request, and what to do.
            BusyError: the same request may pass later.
            StoreError: the store does not answer, or does not keep what it is told.
        """
        self._webhooks.check(request.webhook)
        return self._reception.submit(request, idempotency_key, tenant)

    def check(self, request: JobRequest, tenant: str = PUBLIC) -> Estimate:
        """What `submit` would say to this request now, and what the job would take; keeps nothing.

        Raises:
            RejectedError: as `submit`, and where several things are wrong, all of them at once
                (ManyFaultsError). BusyError, StoreError: as `submit`.
        """
        faults = Faults()
        with faults.noting():
            self._webhooks.check(request.webhook)
        return self._reception.check(request, tenant, faults)

    # -- look --------------------------------------------------------------------------

    def jobs(self, limit: int = 20, cursor: str | None = None, tenant: str = PUBLIC) -> JobPage:
        """The tenant's jobs, newest first. Raises RejectedError("bad-cursor")."""
        ids = self._reception.ids(tenant, limit + 1, parse_cursor(cursor))
        jobs = [job for job_id, _ in ids[:limit] if (job := self._remembered(job_id, tenant))]
        more = len(ids) > limit
        return JobPage(tuple(jobs), f"{ids[limit - 1][1]:.6f}" if more else None)

    def _remembered(self, job_id: str, tenant: str) -> Job | None:
        try:
            return self._records.job(job_id)
        except UnknownJobError:
            self._records.forget(job_id)  # its record has expired; the lists forget it too
            self._reception.forget(tenant, job_id)
            return None

    def cancel(self, job_id: str, tenant: str | None = None) -> Job:
        """Idempotent; a terminal job stays as it is. Raises UnknownJobError."""
        job = self._own(job_id, tenant)
        if self._records.cancel(job_id):
            self._release(job_id)
            self._reception.dispatch_next(job.request.generator)  # its place is free
        return self._records.job(job_id)

    def delete(self, job_id: str, tenant: str | None = None) -> Job:
        """Cancel a job that runs; of one that is over, drop video, chunks and uploads.

        What another job owns too stays. Idempotent. Raises UnknownJobError.
        """
        self.cancel(job_id, tenant)
        self._endings.delete(job_id)
        self._release(job_id)
        return self._records.job(job_id)

    def _release(self, job_id: str) -> None:
        """After the record: it says already that the job needs nothing."""
        with suppress(StoreError):  # the reaper's hygiene does it when the store is back
            self._holds.release(job_id)

    def open_video(self, job_id: str, tenant: str | None = None) -> tuple[VideoInfo, BinaryIO]:
        """The MP4, seekable, read part by part.

        Raises:
            UnknownJobError, NotReadyError (not finished yet),
            GoneError (failed, canceled, expired).
        """
        job = self._own(job_id, tenant)
        if not job.state.terminal:
            raise NotReadyError(
                f"The video is not ready: the job is {job.stage or job.state}, "
                f"{job.progress:.0%} done. Ask again in a moment."
            )
        if job.state is JobState.SUCCEEDED and job.video is None:
            raise GoneError("The video was deleted. Send the job again.")
        if job.state is not JobState.SUCCEEDED or job.video is None:
            why = f" {job.failure.detail}" if job.failure else ""
            raise GoneError(f"The job has {job.state} and left no video.{why} Send it again.")
        try:
            return job.video, self._storage.open(job.video.key)
        except MissingBlobError as error:
            raise GoneError("The video has expired. Send the job again.") from error

    # -- the house ---------------------------------------------------------------------

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Languages that can be spoken, sorted by code."""
        return _voices()

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Living workers, by heartbeat."""
        return self._fleet.workers()

    def members(self) -> tuple[Member, ...]:
        """All workers, with what each of them does; also those that have just gone."""
        return self._fleet.members()

    def generators(self) -> tuple[str, ...]:
        """Installed generators, sorted."""
        return registry.names()

    def not_ready(self) -> tuple[str, ...]:
        """Why a job sent now would not start, in sentences; empty when all is well."""
        try:
            workers = self.workers()
            self._storage.resolve("readiness")
            reasons = [*self._reception.reasons()]
        except StoreError as error:
            return (str(error),)
        if not any(worker.kind == "cpu" for worker in workers):
            reasons.append("No cpu worker is alive: nothing plans or merges.")
        if not any(worker.kind == "render" and worker.generator_ready for worker in workers):
            reasons.append("No render worker has its generator ready yet.")
        return tuple(reasons)


@lru_cache(1)
def _voices() -> tuple[VoiceInfo, ...]:
    found = [
        VoiceInfo(voice.language, voice.name, tuple(voice.variants)) for voice in languages.voices()
    ]
    return tuple(sorted(found, key=lambda voice: voice.language))
