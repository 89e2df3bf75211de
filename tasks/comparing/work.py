"""The two pieces of a comparison that a cpu worker does: before both jobs, and after them.

Both may be done twice: what they find is kept by compare-and-set. A lease keeps a
second worker from the same piece while the first lives.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import structlog

from merge import likeness as videos
from tasks.comparing.limits import too_long
from tasks.comparing.measure import ready_fleet, side
from tasks.comparing.verdict import judge
from tasks.comparison import Comparison, ComparisonStage, ComparisonState, Likeness
from tasks.contract import Failure, Job
from tasks.errors import MissingBlobError, StoreError, UnknownComparisonError
from tasks.judgement import Verdict, failure_of
from tasks.judgement import judge as judge_error
from tasks.keeper import Keeper
from tasks.ledger import MAX_ATTEMPTS
from tasks.plan import Capacity, make_plan
from tasks.storage import fetch
from tasks.worker import Worker

LEASE_S = 15.0  # a worker that is not heard for so long is dead

log = structlog.get_logger()

Piece = Callable[[Worker, Comparison], Comparison]


def carry_out(here: Worker, comparison_id: str) -> None:
    """Do what the comparison is at, if nobody else does. Raises StoreError."""
    book = here.comparisons
    try:
        comparison = book.get(comparison_id)
    except UnknownComparisonError:
        return
    pieces: dict[ComparisonStage, Piece] = {
        ComparisonStage.PREPARING: prepared,
        ComparisonStage.COMPARING: compared,
    }
    piece = pieces.get(comparison.stage) if comparison.stage else None
    if piece is None or not book.lease(comparison_id, here.name, LEASE_S):
        return
    try:
        with Keeper(lambda: book.lease(comparison_id, here.name, LEASE_S), LEASE_S):
            _attempt(here, comparison, piece)
    finally:
        book.release(comparison_id)


def _attempt(here: Worker, comparison: Comparison, piece: Piece) -> None:
    book = here.comparisons
    taken = book.put(replace(comparison, attempts=comparison.attempts + 1))
    if taken is None:
        return
    try:
        if taken.attempts > MAX_ATTEMPTS:
            raise RuntimeError("its worker died each time")
        book.put(piece(here, taken))
    except StoreError:
        raise
    except Exception as error:
        verdict = judge_error(error)
        log.warning("a comparison's work failed", comparison=comparison.id, exc_info=True)
        if verdict is Verdict.FINAL or taken.attempts >= MAX_ATTEMPTS:
            book.put(_failed(taken, failure_of(error), here.records.now()))
        else:
            book.put(replace(taken, published_at=None))


def prepared(here: Worker, comparison: Comparison) -> Comparison:
    """Make sound and face, which both jobs then find; look whether it fits into one chunk."""
    begun = time.monotonic()
    made = make_plan(
        comparison.request, here.storage, here.settings, Capacity(), lambda _done: None
    )
    if why := too_long(made.n_frames, float(made.fps)):
        return _failed(comparison, Failure("comparison-too-long", why), here.records.now())
    return replace(
        comparison,
        stage=ComparisonStage.SEQUENTIAL,
        attempts=0,
        published_at=None,
        n_frames=made.n_frames,
        speech_seconds=made.speech_seconds,
        prepare_seconds=round(time.monotonic() - begun, 3),
        fleet=ready_fleet(here.fleet.workers(), comparison.request.generator),
    )


def compared(here: Worker, comparison: Comparison) -> Comparison:
    """Decode both videos, gather the figures, judge."""
    one, many = here.records.job(comparison.sequential), here.records.job(comparison.parallel)
    found = _likeness(here, one, many)
    others = here.bystanders.spans(apart_from=(one.id, many.id))
    fleet = ready_fleet(here.fleet.workers(), comparison.request.generator)
    result = judge(
        side(one, others),
        side(many, others),
        found,
        comparison.request.num_workers or 1,
        fleet_changed=fleet != comparison.fleet,
    )
    return replace(
        comparison,
        state=ComparisonState.SUCCEEDED,
        stage=None,
        finished_at=here.records.now(),
        result=result,
    )


def _likeness(here: Worker, one: Job, many: Job) -> Likeness:
    if one.video is None or many.video is None:
        raise MissingBlobError("of one of the two videos")
    with TemporaryDirectory(prefix="compare-") as folder:
        found = videos.likeness(
            fetch(here.storage, one.video.key, Path(folder) / "one.mp4"),
            fetch(here.storage, many.video.key, Path(folder) / "many.mp4"),
        )
    rendered = [video.proof and video.proof.rendered for video in (one.video, many.video)]
    return Likeness(
        rendered_equal=rendered[0] == rendered[1] if all(rendered) else None,
        file_equal=one.video.sha256 == many.video.sha256,
        **asdict(found),
    )


def _failed(comparison: Comparison, failure: Failure, now: float) -> Comparison:
    return replace(
        comparison, state=ComparisonState.FAILED, stage=None, failure=failure, finished_at=now
    )
