"""The Celery tasks: each takes ids, claims its step, does it, and moves the job's record on.

Every one may run twice, at the same time, on two machines. What the record
refuses ends in `Ignore`, which leaves the chord alone; a chunk that somebody
else has done counts as done, so that the chord's count goes on. How an attempt
ends that does not succeed is in `tasks.attempt`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import structlog
from celery import Task
from celery.exceptions import Ignore
from celery.signals import task_postrun, worker_process_init
from celery.states import SUCCESS

from lipsync_engine.errors import CanceledError, InputError
from merge.errors import MergeError
from tasks import failpoints, reaper, worker
from tasks.app import app
from tasks.attempt import STORE_PATIENCE_S, Attempt, carry_out, wait_for_store
from tasks.blueprint import Plan
from tasks.chord import CeleryPublisher, publish_chord
from tasks.comparing.handlers import driver
from tasks.contract import (
    CHORD_FAILED,
    INSPECT,
    MERGE,
    PLAN,
    RENDER_CHUNK,
    Failure,
    MediaKind,
)
from tasks.errors import StaleError, StoreError, TasksError, UnknownJobError
from tasks.face_making import make_face
from tasks.holds import Kind
from tasks.keeper import Keeper
from tasks.kept import MAKE_FACE, MadeFace
from tasks.media import look_at
from tasks.mending import mended
from tasks.patience import patiently
from tasks.planning import plan_job
from tasks.progress import Progress
from tasks.records import MERGING, PLANNING, ClaimOutcome, PlanClaim
from tasks.stitch import stitch
from tasks.stream_sound import sound_of_video
from tasks.upgrading import check_version

log = structlog.get_logger()

T = TypeVar("T")

CLAIM_PATIENCE_S = 5.0  # for a store that is away; then the message comes again later
LEASED: dict[str, Any] = {  # attempts are counted in the record
    "bind": True,
    "max_retries": None,
    "Request": "tasks.lost:LeasedRequest",
}
RETRY: dict[str, Any] = {  # of what has no record
    "autoretry_for": (StoreError,),
    "max_retries": 10,
    "retry_backoff": 1,
    "retry_backoff_max": 30,
    "retry_jitter": True,
}


@worker_process_init.connect
def _child_started(**_: object) -> None:
    worker.start_child(lambda started: reaper.start(started, CeleryPublisher(app)))


@task_postrun.connect
def _task_ended(sender: Task, state: str, **_: object) -> None:
    """Where the task has ended its job, a place is free: the next job takes it at once."""
    if sender.name == RENDER_CHUNK and state == SUCCESS:
        return  # such a job goes on: thousands of chunks need not ask
    here, publisher = worker.current(), CeleryPublisher(app)
    try:
        here.dispatch.round(publisher)
        if here.settings.worker_kind == "cpu":  # it may have been a comparison's
            driver().round()
    except StoreError as error:
        log.warning("dispatch left to the reaper", error=str(error))


@app.task(name=PLAN, **LEASED)
def plan(self: Task, job_id: str) -> None:
    """Turn a request into sound, face and cuts; then publish the chord."""
    here = worker.current()
    claim, fence = _asked(self, lambda: here.records.claim_plan(job_id, here.name))
    if claim not in (PlanClaim.PLAN, PlanClaim.PLANNED):
        raise Ignore
    failpoints.hit("plan:claimed")
    attempt = Attempt(here.records, job_id, PLANNING, fence)
    carry_out(self, attempt, lambda keeper: _plan(attempt, keeper, claim))


def _plan(attempt: Attempt, keeper: Keeper, claim: PlanClaim) -> None:
    here, job_id = worker.current(), attempt.job_id

    def note(done: float) -> None:
        if keeper.lost or not here.records.note_planning(job_id, done):
            raise CanceledError

    if claim is PlanClaim.PLAN:
        made = plan_job(here, job_id, note)
        if not patiently(lambda: here.records.set_plan(job_id, made), STORE_PATIENCE_S):
            raise CanceledError
    failpoints.hit("plan:recorded")
    planned = here.records.plan(job_id)
    here.dispatch.settle(job_id, planned.n_frames)
    publish_chord(app, job_id, planned.to_render, planned.request.generator)
    here.records.mark_chord(job_id)
    try:
        _sound(job_id, planned)
    except (MergeError, TasksError) as error:  # only early playback needs it before the merge
        log.warning("the sound is left to the merge", job=job_id, error=str(error))


def _sound(job_id: str, planned: Plan) -> None:
    """Make the video's sound, hold it for the job, and say that it is there."""
    here = worker.current()
    key = sound_of_video(planned, here.storage, here.settings)
    here.holds.hold_new(job_id, key, Kind.CHUNK)
    here.records.note_sound(job_id, key)


@app.task(name=RENDER_CHUNK, **LEASED)
def render_chunk(self: Task, job_id: str, index: int) -> None:
    """Render one chunk on this process's device; safe to run twice."""
    here = worker.current()
    claim = _asked(self, lambda: here.records.claim(job_id, index, here.name))
    if claim.outcome is ClaimOutcome.DONE:
        return
    if claim.outcome is not ClaimOutcome.RENDER:
        raise Ignore
    failpoints.hit("chunk:claimed")
    stall_s, piece = here.settings.stall_s, str(index)
    attempt = Attempt(here.records, job_id, piece, claim.fence, stall_s, here.note_failure)
    in_chord = self.request.chord is not None
    try:
        carry_out(self, attempt, lambda keeper: _render(attempt, keeper, index, in_chord))
    finally:
        here.put_down()


def _render(attempt: Attempt, keeper: Keeper, index: int, in_chord: bool) -> None:
    here, job_id = worker.current(), attempt.job_id
    made, chunk = here.records.plan_of_chunk(job_id, index)
    here.take(job_id, index, chunk.n_frames)
    check_version(here, attempt, made, CeleryPublisher(app))
    progress = Progress(attempt, keeper, lambda done: here.note_left(chunk.n_frames - done))
    blob = here.renderer.render(made, chunk, progress)
    failpoints.hit("chunk:stored")
    here.holds.hold_new(job_id, blob.key, Kind.CHUNK)
    merge_is_due = patiently(
        lambda: here.records.commit(
            job_id, index, attempt.fence, blob.key, chunk.n_frames, in_chord
        ),
        STORE_PATIENCE_S,
    )
    failpoints.hit("chunk:committed")
    here.chunk_done(chunk)
    if merge_is_due:
        _or_the_reaper(lambda: CeleryPublisher(app).merge(job_id))


@app.task(name=MERGE, **LEASED)
def merge(self: Task, job_id: str) -> None:
    """Join the chunks under the whole sound track, verify, store; the job has succeeded."""
    here = worker.current()

    def begin() -> int | None:
        return here.records.begin_merge(job_id, len(here.records.plan(job_id).chunks), here.name)

    fence = _asked(self, begin)
    if fence is None:
        raise Ignore
    failpoints.hit("merge:begun")
    attempt = Attempt(here.records, job_id, MERGING, fence)
    carry_out(self, attempt, lambda keeper: _merge(attempt, keeper))


def _merge(attempt: Attempt, keeper: Keeper) -> None:
    here, job_id = worker.current(), attempt.job_id
    made = here.records.plan(job_id)

    def go_on() -> None:
        if keeper.lost or not attempt.mine():
            raise CanceledError

    keys = here.records.chunk_keys(job_id)
    with mended(attempt, keys, here.storage, CeleryPublisher(app)):
        _sound(job_id, made)
        video = stitch(made, keys, here.storage, here.settings, go_on)
    failpoints.hit("merge:stored")
    here.holds.hold_new(job_id, video.key, Kind.RESULT)
    patiently(lambda: here.records.finish(job_id, attempt.fence, video), STORE_PATIENCE_S)
    failpoints.hit("merge:finished")


@app.task(name=CHORD_FAILED)
def chord_failed(job_id: str) -> None:
    """The chord's errback. A chord can fail although all its chunks are in (a lost connection
    where a part is counted is enough), so this says nothing about the job: its record does."""
    log.warning("a chord failed; the reaper goes by the record", job=job_id)


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


@app.task(name=MAKE_FACE, **RETRY)
def make_kept_face(ticket: str, source: str, wanted: list[list[float]] | None) -> None:
    """Look at a face that is to be kept, with a person's correction where there is one."""
    here = worker.current()
    points = None if wanted is None else [(x, y) for x, y in wanted]
    found: MadeFace | Failure
    try:
        found = make_face(source, points, here.storage, here.settings)
    except InputError as error:
        found = Failure(error.code, str(error))
    here.face_findings.put(ticket, found)


def _asked(task: Task, claim: Callable[[], T]) -> T:
    """A claim's answer; where the store does not give one, the message comes again."""
    try:
        return patiently(claim, CLAIM_PATIENCE_S)
    except StoreError as error:
        raise wait_for_store(task, error) from error
    except (StaleError, UnknownJobError) as error:  # chunks missing, held, or a record that is gone
        raise Ignore from error


def _or_the_reaper(publish: Callable[[], None]) -> None:
    try:
        publish()
    except StoreError as error:
        log.warning("left to the reaper", error=str(error))
