"""The desk: what the API may do with comparisons. Start, look, list, delete."""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import redis
import structlog

from lipsync_engine.timeline import parse_fps
from tasks.comparing.book import KEPT, Book
from tasks.comparing.drive import Driver, Publisher
from tasks.comparing.limits import too_long
from tasks.comparing.measure import ready_fleet
from tasks.comparison import Comparison, ComparisonPage, new_comparison_id
from tasks.contract import Job, JobRequest, JobState
from tasks.errors import (
    GoneError,
    NotReadyError,
    RejectedError,
    StoreError,
    UnknownComparisonError,
    UnknownJobError,
)
from tasks.faults import Faults
from tasks.fleet import Fleet
from tasks.paging import parse_cursor
from tasks.reception import Reception
from tasks.records import Records
from tasks.settings import Settings
from tasks.synced import Synced

ID = re.compile(r"cmp_[0-9a-f]{32}")
LEAST = 2  # workers: one against one says nothing

log = structlog.get_logger()


class Desk:
    """Safe for many threads. Every method may raise StoreError."""

    def __init__(
        self,
        settings: Settings,
        queue: "redis.Redis",
        reception: Reception,
        publisher: Publisher,
        delete_job: Callable[[str], Job],
    ) -> None:
        self._settings, self._reception, self._delete_job = settings, reception, delete_job
        self._book = Book(queue, settings.job_ttl_s, Synced(queue, bool(settings.require_sync)))
        self._records, self._fleet = Records(queue), Fleet(queue, settings.heartbeat_s)
        self._driver = Driver(
            self._book, self._records, self._fleet, reception, publisher, settings.job_deadline_s
        )

    def start(self, request: JobRequest, tenant: str) -> Comparison:
        """Render a request in one piece and in parallel, and compare.

        Raises:
            RejectedError: what is wrong with the request, or that it is too long for one piece.
            BusyError: the same may pass later.
        """
        request = replace(request, reuse=False, webhook=None)
        request = replace(request, num_workers=request.num_workers or self._ready(request))
        estimate = self._reception.check(request, tenant, Faults())
        _refuse_long(request, estimate.n_frames, estimate.exact)
        return self._begun(self._new(request, tenant))

    def start_of(self, job: Job) -> Comparison:
        """Render a finished job's request in one piece, and compare; one that runs is returned.

        Raises:
            NotReadyError, GoneError: it has no video yet, or any more.
            RejectedError: it is too long for one piece.
            BusyError.
        """
        _refuse_without_video(job)
        for known in self.of_job(job.id, job.tenant):
            if not known.state.terminal:
                return known
        n_frames = job.n_frames or 0
        _refuse_long(job.request, n_frames)
        shared = len({chunk.worker for chunk in job.chunks if chunk.worker})
        request = replace(
            job.request,
            reuse=False,
            webhook=None,
            num_workers=job.request.num_workers or max(1, shared),
        )
        comparison = replace(
            self._new(request, job.tenant),
            parallel=job.id,
            of_job=True,
            n_frames=n_frames,
            speech_seconds=job.speech_seconds,
        )
        return self._begun(comparison)

    def get(self, comparison_id: str, tenant: str) -> Comparison:
        """Raises UnknownComparisonError: no such comparison, or it is another tenant's."""
        if not ID.fullmatch(comparison_id):
            raise UnknownComparisonError(comparison_id)
        comparison = self._book.get(comparison_id)
        if comparison.tenant != tenant:
            raise UnknownComparisonError(comparison_id)
        return comparison

    def page(self, tenant: str, limit: int, cursor: str | None) -> ComparisonPage:
        """The tenant's, newest first. Raises RejectedError("bad-cursor")."""
        found = self._book.of_tenant(tenant, limit + 1, parse_cursor(cursor))
        last = f"{found[limit - 1].created_at:.6f}" if len(found) > limit else None
        return ComparisonPage(found[:limit], last)

    def of_job(self, job_id: str, tenant: str) -> tuple[Comparison, ...]:
        """The tenant's that a job is a side of, newest first."""
        found = self._book.of_tenant(tenant, KEPT, None)
        return tuple(one for one in found if job_id in (one.sequential, one.parallel))

    def delete(self, comparison_id: str, tenant: str) -> None:
        """Stop it, forget it, and delete the jobs that were made for it, with their videos.

        Raises:
            UnknownComparisonError.
        """
        comparison = self.get(comparison_id, tenant)
        self._book.forget(comparison)
        own = [comparison.sequential] + [comparison.parallel] * (not comparison.of_job)
        for job_id in own:
            with suppress(UnknownJobError):
                self._delete_job(job_id)

    def _new(self, request: JobRequest, tenant: str) -> Comparison:
        pinned, jobs = self._reception.pin(request, tenant)
        return Comparison(new_comparison_id(), tenant, pinned, self._records.now(), *jobs)

    def _begun(self, comparison: Comparison) -> Comparison:
        self._book.put(comparison)
        try:
            self._driver.round()
        except StoreError as error:
            log.warning("a comparison is left to the reaper", error=str(error))
        return self._book.get(comparison.id)

    def _ready(self, request: JobRequest) -> int:
        return max(LEAST, len(ready_fleet(self._fleet.workers(), request.generator)))


def _refuse_long(request: JobRequest, n_frames: int, exact: bool = True) -> None:
    """Before anything is rendered. Where the length is a guess, the preparation knows it."""
    if why := too_long(n_frames, float(parse_fps(request.fps)), estimated=not exact):
        raise RejectedError("comparison-too-long", why)


def _refuse_without_video(job: Job) -> None:
    if not job.state.terminal:
        raise NotReadyError("The job has no video to compare yet. Ask again when it has succeeded.")
    if job.state is not JobState.SUCCEEDED or job.video is None:
        raise GoneError("The job has no video to compare: it left none, or it was deleted.")
