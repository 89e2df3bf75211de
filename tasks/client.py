"""JobQueue: the front door. Submit, look, cancel, fetch; nothing else is public."""

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from math import isfinite
from typing import BinaryIO

from lipsync_engine import registry, speech
from tasks import failpoints
from tasks.admission import Admission, Limited, Publisher
from tasks.contract import (
    CPU_QUEUE,
    Job,
    JobPage,
    JobRequest,
    JobState,
    VideoInfo,
    VoiceInfo,
    WorkerInfo,
    new_job_id,
    render_queue,
)
from tasks.endings import Endings
from tasks.errors import (
    GoneError,
    MissingBlobError,
    NotReadyError,
    RejectedError,
    StaleError,
    StoreError,
    UnknownJobError,
)
from tasks.fleet import Fleet
from tasks.holds import Holds
from tasks.inspection import Inspections
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage, Storage
from tasks.stores import answering, connect
from tasks.webhooks.admit import WebhookAdmission

POLL_S = 0.1  # between two looks at a job that somebody waits for
JOB_ID = re.compile(r"job_[0-9a-f]{32}")


class JobQueue:
    """Everything that the API may do with jobs. Safe for many threads."""

    def __init__(self, settings: Settings, publisher: Publisher) -> None:
        queue = connect(settings.queue_url)
        self._settings, self._publisher, self._queue = settings, publisher, queue
        self._records = Records(queue, settings.job_ttl_s)
        blobs = connect(settings.blob_url)
        self._storage: Storage = RedisStorage(blobs, settings.blob_part_bytes)
        self._holds, self._endings = Holds(blobs, settings), Endings(queue)
        self._fleet = Fleet(queue, settings.heartbeat_s)
        self._admission = Admission(settings, publisher, self._fleet, Inspections(queue))
        self._webhooks = WebhookAdmission(settings, queue)

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

    def submit(self, request: JobRequest, idempotency_key: str | None = None) -> Job:
        """Check, record, publish. When this returns, the job survives any one process.

        Raises:
            RejectedError: what is wrong with the request, and what to do.
            StoreError: the store does not answer; nothing was accepted.
        """
        self._webhooks.check(request.webhook)
        self._admission.check(request)
        job_id = new_job_id()
        self._hold_uploads(job_id, request)
        failpoints.hit("submit:before-record")
        try:
            accepted = self._records.submit(job_id, request, idempotency_key)
        except StaleError as error:
            self._holds.forget(job_id)
            raise RejectedError(
                "idempotency-mismatch",
                "This Idempotency-Key was used with another request. Send a new key, or the "
                "same request.",
            ) from error
        failpoints.hit("submit:after-record")
        if accepted == job_id:
            self._publish(job_id)
            failpoints.hit("submit:after-publish")
        elif uploads_of(request):
            self._holds.forget(job_id)
        return self._records.job(accepted)

    def _hold_uploads(self, job_id: str, request: JobRequest) -> None:
        """Before the record: from now on nothing takes the job's uploads away."""
        if not (keys := uploads_of(request)):
            return  # most jobs have none, and the blob store is not asked
        try:
            self._holds.hold(job_id, keys)
        except MissingBlobError as error:
            raise RejectedError(
                "missing-blob",
                f"The file {error.key} is not here any more: its time was over, or the last job "
                "that had it was deleted. Send the file itself.",
            ) from error

    def _publish(self, job_id: str) -> None:
        try:
            self._publisher.plan(job_id)
            self._records.mark_published(job_id)
        except StoreError:
            return  # the record is on disk: the reaper publishes it when the store is back

    # -- look --------------------------------------------------------------------------

    def job(self, job_id: str) -> Job:
        """Raises UnknownJobError."""
        if not JOB_ID.fullmatch(job_id):
            raise UnknownJobError(job_id)
        return self._records.job(job_id)

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job as soon as it is terminal, or as it is after `timeout_s`."""
        until = time.monotonic() + timeout_s
        job = self.job(job_id)
        while not job.state.terminal and time.monotonic() < until:
            time.sleep(min(POLL_S, max(0.0, until - time.monotonic())))
            if self._records.state(job_id).terminal:
                break
        return self._records.job(job_id)

    def jobs(self, limit: int = 20, cursor: str | None = None) -> JobPage:
        """Newest first. Raises RejectedError("bad-cursor")."""
        ids = self._records.ids(limit + 1, _parse_cursor(cursor) if cursor else None)
        jobs = [job for job_id, _ in ids[:limit] if (job := self._remembered(job_id))]
        more = len(ids) > limit
        return JobPage(tuple(jobs), f"{ids[limit - 1][1]:.6f}" if more else None)

    def _remembered(self, job_id: str) -> Job | None:
        try:
            return self._records.job(job_id)
        except UnknownJobError:
            self._records.forget(job_id)  # its record has expired; the list forgets it too
            return None

    def cancel(self, job_id: str) -> Job:
        """Idempotent; a terminal job stays as it is. Raises UnknownJobError."""
        self.job(job_id)
        if self._records.cancel(job_id):
            self._release(job_id)
        return self._records.job(job_id)

    def delete(self, job_id: str) -> Job:
        """Cancel a job that runs; of one that is over, drop video, chunks and uploads.

        What another job owns too stays. Idempotent. Raises UnknownJobError.
        """
        self.job(job_id)
        self._records.cancel(job_id)
        self._endings.delete(job_id)
        self._release(job_id)
        return self._records.job(job_id)

    def _release(self, job_id: str) -> None:
        """After the record: it says already that the job needs nothing."""
        with suppress(StoreError):  # the reaper's hygiene does it when the store is back
            self._holds.release(job_id)

    def open_video(self, job_id: str) -> tuple[VideoInfo, BinaryIO]:
        """The MP4, seekable, read part by part.

        Raises:
            UnknownJobError, NotReadyError (not finished yet),
            GoneError (failed, canceled, expired).
        """
        job = self.job(job_id)
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

    def generators(self) -> tuple[str, ...]:
        """Installed generators, sorted."""
        return registry.names()

    def not_ready(self) -> tuple[str, ...]:
        """Why a job sent now would not start, in sentences; empty when all is well."""
        try:
            workers = self.workers()
            self._storage.resolve("readiness")
        except StoreError as error:
            return (str(error),)
        reasons = []
        if not any(worker.kind == "cpu" for worker in workers):
            reasons.append("No cpu worker is alive: nothing plans or merges.")
        if not any(worker.kind == "render" and worker.generator_ready for worker in workers):
            reasons.append("No render worker has its generator ready yet.")
        return tuple(reasons)

    def depths(self) -> Mapping[str, int]:
        """Messages waiting, by Celery queue name."""
        queues = [CPU_QUEUE, *map(render_queue, registry.names())]
        with answering("queue store"):
            pipe = self._queue.pipeline(transaction=False)
            for queue in queues:
                pipe.llen(queue)
            return dict(zip(queues, pipe.execute(), strict=True))

    def counters(self) -> Mapping[str, int]:
        """Jobs ever accepted and ended, by state name ("accepted", "succeeded", …)."""
        return self._records.counters()


def uploads_of(request: JobRequest) -> list[str]:
    """Keys of the uploaded blobs that a request speaks of."""
    return [key for key in (request.speech, request.face) if key is not None]


@lru_cache(1)
def _voices() -> tuple[VoiceInfo, ...]:
    found = [
        VoiceInfo(voice.language, voice.name, tuple(voice.variants)) for voice in speech.voices()
    ]
    return tuple(sorted(found, key=lambda voice: voice.language))


def _parse_cursor(cursor: str) -> float:
    with suppress(ValueError):
        if isfinite(created_at := float(cursor)):
            return created_at
    raise RejectedError(
        "bad-cursor", "The cursor is not one of ours. Use next_cursor of the page before."
    )
