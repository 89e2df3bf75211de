"""JobQueue: the front door. Submit, look, cancel, fetch; nothing else is public."""

from collections.abc import Mapping
from typing import BinaryIO, Protocol

from tasks.contract import Job, JobPage, JobRequest, MediaKind, VideoInfo, VoiceInfo, WorkerInfo
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import Storage


class Publisher(Protocol):
    """Puts work on the queue; the Celery one is `tasks.chord.CeleryPublisher`."""

    def plan(self, job_id: str) -> None:
        """Publish the planning of an accepted job."""

    def inspect(self, kind: MediaKind, key: str) -> None:
        """Publish a look at an uploaded blob."""


class JobQueue:
    """Everything that the API may do with jobs. Safe for many threads."""

    def __init__(
        self, records: Records, storage: Storage, publisher: Publisher, settings: Settings
    ) -> None: ...

    def store_upload(self, stream: BinaryIO) -> str:
        """Keep an upload under its content hash; returns its blob key.

        Raises:
            RejectedError: "upload-too-large" or "empty-file".
            StoreError: the store is full or does not answer.
        """

    def submit(self, request: JobRequest, idempotency_key: str | None = None) -> Job:
        """Check, record, publish. When this returns, the job survives any one process.

        Raises:
            RejectedError: what is wrong with the request, and what to do.
            StoreError: the store does not answer; nothing was accepted.
        """

    def job(self, job_id: str) -> Job:
        """Raises UnknownJobError."""

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job as soon as it is terminal, or as it is after `timeout_s`."""

    def jobs(self, limit: int = 20, cursor: str | None = None) -> JobPage:
        """Newest first. Raises RejectedError("bad-cursor")."""

    def cancel(self, job_id: str) -> Job:
        """Idempotent; a terminal job stays as it is. Raises UnknownJobError."""

    def open_video(self, job_id: str) -> tuple[VideoInfo, BinaryIO]:
        """The MP4, seekable, read part by part.

        Raises:
            UnknownJobError, NotReadyError (not finished yet), GoneError (failed, canceled, expired).
        """

    def voices(self) -> tuple[VoiceInfo, ...]:
        """Languages that can be spoken, sorted by code."""

    def workers(self) -> tuple[WorkerInfo, ...]:
        """Living workers, by heartbeat."""

    def generators(self) -> tuple[str, ...]:
        """Installed generators, sorted."""

    def not_ready(self) -> tuple[str, ...]:
        """Why a job sent now would not start, in sentences; empty when all is well."""

    def depths(self) -> Mapping[str, int]:
        """Messages waiting, by Celery queue name."""

    def counters(self) -> Mapping[str, int]:
        """Jobs ever accepted and ended, by state name ("accepted", "succeeded", …)."""
