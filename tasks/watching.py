"""The side of the front door that looks on: a job as it is, as it changes, and as it plays."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from tasks.captions import Captions
from tasks.contract import Job
from tasks.epoch import JOB_ID, Epoch
from tasks.errors import UnknownJobError
from tasks.events import Events, Watch
from tasks.live import StreamPart, Version
from tasks.reception import Reception
from tasks.records import Records
from tasks.stream import Stream

T = TypeVar("T")

POLL_S = 0.1  # between two looks at a job that somebody waits for


class Watching:
    """What may be asked about one job. Another tenant's job is unknown; tenant None: of any."""

    _records: Records
    _epoch: Epoch
    _reception: Reception
    _events: Events
    _stream: Stream
    _captions: Captions

    def job(self, job_id: str, tenant: str | None = None) -> Job:
        """The job as it is now; one that waits with an estimate.

        Raises:
            UnknownJobError: no such job, or it is another tenant's; None: of any tenant.
            LostJobError: the store has lost its data, and the job.
        """
        return self._reception.with_estimate(self._own(job_id, tenant))

    def _own(self, job_id: str, tenant: str | None) -> Job:
        job = self._known(self._records.job, job_id)
        if tenant not in (None, job.tenant):
            raise UnknownJobError(job_id)
        return job

    def owns(self, job_id: str, tenant: str) -> bool:
        """Whether the job is the tenant's."""
        try:
            return self.version(job_id, tenant).tenant == tenant
        except UnknownJobError:
            return False

    def version(self, job_id: str, tenant: str | None = None) -> Version:
        """Which of its states the job is in, cheaply. Raises UnknownJobError."""
        version = self._known(self._records.version, job_id)
        if tenant not in (None, version.tenant):
            raise UnknownJobError(job_id)
        return version

    def _known(self, look: Callable[[str], T], job_id: str) -> T:
        """What a look at the record shows; where there is none, why."""
        if not JOB_ID.fullmatch(job_id):
            raise UnknownJobError(job_id)
        try:
            return look(job_id)
        except UnknownJobError as error:
            raise self._epoch.why_unknown(job_id) from error

    def wait(self, job_id: str, timeout_s: float) -> Job:
        """The job as soon as it is terminal, or as it is after `timeout_s`."""
        until = time.monotonic() + timeout_s
        job = self._own(job_id, None)
        while not job.state.terminal and time.monotonic() < until:
            time.sleep(min(POLL_S, max(0.0, until - time.monotonic())))
            if self._records.state(job_id).terminal:
                break
        return self.job(job_id)

    @contextmanager
    def watch(self, job_id: str, after: str = "0-0") -> Iterator[Watch]:
        """What happened to the job after entry `after`, and happens from now on.

        Raises:
            StoreError: the store does not answer now.
        """
        with self._events.watch(job_id, after) as watch:
            yield watch

    def stream(self, job_id: str, name: str, tenant: str | None = None) -> StreamPart:
        """One file of the job's stream; see `tasks.stream.Stream.part`."""
        self.version(job_id, tenant)
        return self._stream.part(job_id, name)

    def captions(self, job_id: str, words: bool, tenant: str | None = None) -> StreamPart:
        """The job's captions; see `tasks.captions.Captions.text`."""
        self.version(job_id, tenant)
        return self._captions.text(job_id, words)
