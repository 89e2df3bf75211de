"""What a comparison does next: a duty of the reaper, and done at once when a task has ended.

Each step is one compare-and-set on the comparison's record, or one that may be
said twice: its jobs have their ids from the beginning, so that sending one again is
the same job. One comparison of a generator goes at a time, the oldest first, and
its two jobs one after the other: together they would share the workers.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

import structlog

from tasks.comparing.book import Book
from tasks.comparing.measure import ready_fleet
from tasks.comparison import Comparison, ComparisonStage, ComparisonState
from tasks.contract import Failure, Job, JobRequest, JobState
from tasks.errors import BusyError, RejectedError, UnknownJobError
from tasks.fleet import Fleet
from tasks.reception import Reception
from tasks.records import Records

AGAIN_S = 30.0  # a message that nobody has taken by then is published again

Step = Callable[[Comparison], "Comparison | None"]

log = structlog.get_logger()


class Publisher(Protocol):
    """Puts a comparison's work on the queue; the Celery one is `tasks.chord.CeleryPublisher`."""

    def compare(self, comparison_id: str) -> None:
        """Publish the piece of work that the comparison is at. Raises StoreError."""


class Driver:
    """Moves comparisons on; any process may, at any time. Every method may raise StoreError."""

    def __init__(
        self,
        book: Book,
        records: Records,
        fleet: Fleet,
        reception: Reception,
        publisher: Publisher,
        deadline_s: float,
    ) -> None:
        """`deadline_s`: a comparison older than this is given up, seconds."""
        self._book, self._records, self._fleet = book, records, fleet
        self._reception, self._publisher = reception, publisher
        self._deadline_s = deadline_s
        self._steps: dict[ComparisonStage, Step] = {
            ComparisonStage.WAITING: self._begin,
            ComparisonStage.PREPARING: self._publish,
            ComparisonStage.SEQUENTIAL: self._follow_sequential,
            ComparisonStage.PARALLEL: self._follow_parallel,
            ComparisonStage.COMPARING: self._publish,
        }

    def round(self) -> None:
        """Move every comparison on whose turn it is."""
        busy: set[str] = set()
        for comparison in self._book.active():
            self._keep_uploads(comparison)
            if comparison.request.generator not in busy:
                busy.add(comparison.request.generator)
                self._drive(comparison)

    def _keep_uploads(self, comparison: Comparison) -> None:
        """Of jobs that are yet to be sent: hygiene forgets the holds of ids without a record."""
        before = (ComparisonStage.WAITING, ComparisonStage.PREPARING)
        awaited = [comparison.sequential] if comparison.stage in before else []
        if not comparison.of_job and comparison.stage in (*before, ComparisonStage.SEQUENTIAL):
            awaited.append(comparison.parallel)
        for job_id in awaited:
            self._reception.keep(job_id, comparison.request)

    def _drive(self, comparison: Comparison) -> None:
        moved: Comparison | None = comparison
        while moved is not None and (step := self._step(moved)) is not None:
            moved = step(moved)

    def _step(self, comparison: Comparison) -> Step | None:
        if comparison.stage is None:
            return None  # it is over
        if self._records.now() - comparison.created_at > self._deadline_s:
            failure = Failure("deadline", _too_late(self._deadline_s))
            return lambda late: self.fail(late, failure)
        return self._steps[comparison.stage]

    def fail(self, comparison: Comparison, failure: Failure) -> Comparison | None:
        """It ends so; None: another change came first."""
        return self._end(comparison, ComparisonState.FAILED, failure)

    def _end(
        self, comparison: Comparison, state: ComparisonState, failure: Failure
    ) -> Comparison | None:
        log.info("a comparison ended", comparison=comparison.id, state=state, why=failure.reason)
        now = self._records.now()
        return self._book.put(
            replace(comparison, state=state, stage=None, failure=failure, finished_at=now)
        )

    def _move(self, comparison: Comparison, stage: ComparisonStage) -> Comparison | None:
        return self._book.put(replace(comparison, stage=stage, attempts=0, published_at=None))

    # -- steps -------------------------------------------------------------------------

    def _begin(self, comparison: Comparison) -> Comparison | None:
        if not comparison.of_job:
            return self._move(comparison, ComparisonStage.PREPARING)
        fleet = ready_fleet(self._fleet.workers(), comparison.request.generator)
        return self._move(replace(comparison, fleet=fleet), ComparisonStage.SEQUENTIAL)

    def _publish(self, comparison: Comparison) -> None:
        """Its work goes on the queue, and again when nobody has it for a while."""
        now = self._records.now()
        at = comparison.published_at
        if (at is not None and now - at <= AGAIN_S) or self._book.leased(comparison.id):
            return
        if self._book.put(replace(comparison, published_at=now)):
            self._publisher.compare(comparison.id)

    def _follow_sequential(self, comparison: Comparison) -> Comparison | None:
        request = replace(comparison.request, num_workers=1)
        after = ComparisonStage.COMPARING if comparison.of_job else ComparisonStage.PARALLEL
        return self._follow(comparison, comparison.sequential, request, after)

    def _follow_parallel(self, comparison: Comparison) -> Comparison | None:
        after = ComparisonStage.COMPARING
        return self._follow(comparison, comparison.parallel, comparison.request, after)

    def _follow(
        self, comparison: Comparison, job_id: str, request: JobRequest, after: ComparisonStage
    ) -> Comparison | None:
        """Send a job, or look how far it is."""
        try:
            job = self._records.job(job_id)
        except UnknownJobError:
            return self._send(comparison, job_id, request)
        if job.state is JobState.SUCCEEDED:
            return self._move(comparison, after)
        if job.state.terminal:
            canceled = job.state is JobState.CANCELED
            state = ComparisonState.CANCELED if canceled else ComparisonState.FAILED
            return self._end(comparison, state, _why(job, str(comparison.stage)))
        return None

    def _send(self, comparison: Comparison, job_id: str, request: JobRequest) -> Comparison | None:
        try:
            self._reception.submit(request, None, comparison.tenant, job_id)
        except BusyError as error:
            log.info("a comparison waits", comparison=comparison.id, reason=error.reason)
        except RejectedError as error:
            return self.fail(comparison, Failure(error.reason, error.detail))
        return None


def _why(job: Job, side: str) -> Failure:
    if job.failure is None:
        return Failure("canceled", f"Its {side} job was {job.state}. Compare anew.")
    return Failure(job.failure.reason, f"Its {side} job has {job.state}: {job.failure.detail}")


def _too_late(deadline_s: float) -> str:
    return (
        f"The comparison was not finished within {deadline_s:.0f} s. Look at GET /api/v1/workers "
        "for render workers that are ready, and compare again."
    )
