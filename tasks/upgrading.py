"""A render worker of another version than a job's: while a fleet is upgraded, or once it was."""

import structlog

from tasks.attempt import Attempt
from tasks.blueprint import Plan
from tasks.chord import CeleryPublisher
from tasks.contract import Failure
from tasks.errors import StaleError, StoreError, UnlikeRenderersError
from tasks.records import Returned
from tasks.versions import any_left, may_render
from tasks.worker import Worker

log = structlog.get_logger()


def check_version(here: Worker, attempt: Attempt, plan: Plan, publisher: CeleryPublisher) -> None:
    """Return where this worker may render the job; else see to it that another does, or can.

    While a worker of the job's version is there, the chunk is passed on to it. When none is
    left, the job is planned anew, for those that are.

    Raises:
        UnlikeRenderersError: the chunk is to be passed on.
        StaleError: the job is planned anew; this attempt is over.
        StoreError.
    """
    own = here.renderer.fingerprint
    planned = plan.fingerprint or attempt.records.renderers(attempt.job_id, own)
    if may_render(planned, own):
        return
    if any_left(here.fleet.workers(), plan.request.generator, planned):
        raise UnlikeRenderersError
    _plan_anew(attempt, publisher)
    raise StaleError(f"{attempt.job_id} is planned anew for another version")


def _plan_anew(attempt: Attempt, publisher: CeleryPublisher) -> None:
    too_often = Failure(UnlikeRenderersError.code, str(UnlikeRenderersError()))
    outcome = attempt.records.replan(attempt.job_id, int(attempt.piece), attempt.fence, too_often)
    if outcome is not Returned.QUEUED:
        return
    log.warning("the job's version is gone; planning it anew", job=attempt.job_id)
    try:
        publisher.plan(attempt.job_id)
    except StoreError as away:
        log.warning("left to the reaper", error=str(away))
