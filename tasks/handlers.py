"""The Celery tasks: each takes ids, does its step, and moves the job's record on.

Every one may run twice, at the same time, on two machines. What the record
refuses (`StaleError`, a job that is over) ends in `Ignore`, which leaves the
chord alone; a chunk that somebody else has done counts as done.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from celery.exceptions import Ignore
from celery.signals import task_postrun, worker_process_init

from lipsync_engine.errors import CanceledError, EngineError, InputError
from merge.errors import MergeError
from tasks import reaper, worker
from tasks.app import app
from tasks.chord import CeleryPublisher, publish_chord
from tasks.contract import (
    CHORD_FAILED,
    INSPECT,
    MERGE,
    PLAN,
    RENDER_CHUNK,
    Failure,
    MediaKind,
)
from tasks.errors import MissingBlobError, StaleError, StoreError, UnlikeRenderersError
from tasks.holds import Kind
from tasks.media import look_at
from tasks.planning import plan_job
from tasks.records import ClaimOutcome, PlanClaim
from tasks.stitch import stitch

log = structlog.get_logger()

T = TypeVar("T")

PROGRESS_S = 0.5  # between two words about a chunk's progress; also how soon a cancel is seen
RETRY: dict[str, Any] = {  # of what may pass: a store that is away for a while
    "autoretry_for": (StoreError,),
    "max_retries": 10,
    "retry_backoff": 1,
    "retry_backoff_max": 30,
    "retry_jitter": True,
}


@worker_process_init.connect
def _child_started(**_: object) -> None:
    worker.start(lambda started: reaper.start(started, CeleryPublisher(app)))


@task_postrun.connect
def _task_ended(**_: object) -> None:
    """Where the task has ended its job, a place is free: the next job takes it at once."""
    try:
        worker.current().dispatch.round(CeleryPublisher(app))
    except StoreError as error:
        log.warning("dispatch left to the reaper", error=str(error))


@app.task(name=PLAN, **RETRY)
def plan(job_id: str) -> None:
    """Turn a request into sound, face and cuts; then publish the chord."""
    here = worker.current()
    claim = here.records.begin_plan(job_id)
    if claim is PlanClaim.STOP:
        raise Ignore
    if claim is PlanClaim.PLAN:
        made = _or_fail(job_id, lambda: plan_job(here, job_id))
        if not here.records.set_plan(job_id, made):
            raise Ignore
    planned = here.records.plan(job_id)
    here.dispatch.settle(job_id, planned.n_frames)
    publish_chord(app, job_id, planned.to_render, planned.request.generator)


@app.task(name=RENDER_CHUNK, **RETRY)
def render_chunk(job_id: str, index: int) -> None:
    """Render one chunk on this process's device; safe to run twice."""
    here = worker.current()
    claim = here.records.claim(job_id, index, here.name)
    if claim.outcome is ClaimOutcome.DONE:
        return
    if claim.outcome is not ClaimOutcome.RENDER:
        raise Ignore
    made = here.records.plan(job_id)
    chunk = made.chunks[index]
    here.note(job=job_id)
    note = _at_most_every(
        PROGRESS_S, lambda frames: here.records.note_progress(job_id, index, claim.fence, frames)
    )
    try:
        blob = _or_fail(job_id, lambda: here.renderer.render(made, chunk, note))
        here.holds.hold_new(job_id, blob.key, Kind.CHUNK)
        here.records.commit(job_id, index, claim.fence, blob.key, chunk.n_frames)
    except (CanceledError, StaleError) as error:
        here.note(job=None)
        raise Ignore from error
    here.chunk_done(chunk.n_frames)


@app.task(name=MERGE, **RETRY)
def merge(job_id: str) -> None:
    """Join the chunks under the whole sound track, verify, store; the job has succeeded."""
    here = worker.current()
    made = here.records.plan(job_id)
    fence = here.records.begin_merge(job_id, len(made.chunks))
    if fence is None:
        raise Ignore
    keys = here.records.chunk_keys(job_id)
    video = _or_fail(job_id, lambda: stitch(made, keys, here.storage, here.settings))
    here.holds.hold_new(job_id, video.key)
    here.records.finish(job_id, fence, video)


@app.task(name=CHORD_FAILED, **RETRY)
def chord_failed(job_id: str) -> None:
    """The chord's errback: a chunk failed in a way that its task could not record."""
    worker.current().records.fail(job_id, Failure(
        "render-failed",
        "A chunk could not be rendered. The workers' logs say more; send the job again, and "
        "report it if it fails again.",
    ))  # fmt: skip


@app.task(name=INSPECT, **RETRY)
def inspect(kind: str, key: str, fps: str) -> None:
    """Look at an upload before it becomes a job."""
    here = worker.current()
    failure = None
    try:
        look_at(MediaKind(kind), key, fps, here.storage, here.settings)
    except InputError as error:
        failure = Failure(error.code, str(error))
    here.inspections.put(MediaKind(kind), key, fps, failure)


def _or_fail(job_id: str, step: Callable[[], T]) -> T:
    """Do a step; what cannot pass by itself ends the job, with words for its user."""
    try:
        return step()
    except (CanceledError, StaleError, StoreError):
        raise
    except Exception as error:
        failure = _failure(error)
        log.error("job failed", job=job_id, reason=failure.reason, exc_info=True)
        worker.current().records.fail(job_id, failure)
        raise Ignore from error


def _failure(error: Exception) -> Failure:
    if isinstance(error, EngineError | MergeError | MissingBlobError | UnlikeRenderersError):
        return Failure(error.code, str(error))
    return Failure(
        "internal",
        f"Something broke that is not your input's fault ({type(error).__name__}). "
        "The worker's log has the details; send the job again, and report it if it fails again.",
    )


def _at_most_every(seconds: float, note: Callable[[int], bool]) -> Callable[[int], bool]:
    """Pass a call on only when the last one is `seconds` ago; in between, all is well."""
    last = time.monotonic()

    def limited(frames: int) -> bool:
        nonlocal last
        if time.monotonic() - last < seconds:
            return True
        last = time.monotonic()
        return note(frames)

    return limited
