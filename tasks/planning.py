"""A job's plan in a cpu worker: by the fleet as it is, with what is there already, held."""

from collections.abc import Callable
from dataclasses import replace

from tasks.blueprint import Plan
from tasks.errors import MissingBlobError, StoreError
from tasks.holds import Holds, Kind
from tasks.paces import paces
from tasks.plan import Capacity, make_plan
from tasks.reuse import Reuse
from tasks.versions import Crew, crew
from tasks.worker import Worker

UNLIKE = (
    "The render workers that were ready differ in processor, so the last bit of a pixel may differ "
    "from one chunk to the next, and no earlier chunk was used again."
)
TRIES = 3  # each is cheap: sound and face are remembered


def plan_job(here: Worker, job_id: str, note: Callable[[float], None]) -> Plan:
    """Make the plan and hold its blobs for the job.

    It is for render workers of one version: chunks by others are neither used again nor made.

    Args:
        note: told how far it is, 0..1; raises where there is no use in going on.

    Raises:
        InputError: the sound or the face cannot be used, and what to do.
        StoreError: a store does not answer, or blobs went away again and again.
    """
    request = here.records.job(job_id).request
    by = crew(here.fleet.workers(), request.generator)
    ready = paces(by.members, here.fleet.waiting(request.generator))
    # It is one of those under way itself.
    busy = here.dispatch.under_way(request.generator) > len(ready) > 0
    capacity, reuse = Capacity(ready, busy), _reuse(here, by) if request.reuse else None
    for _ in range(TRIES):
        made = make_plan(request, here.storage, here.settings, capacity, note, reuse)
        try:
            hold_plan(here.holds, job_id, made)
        except MissingBlobError:
            continue  # the last job that owned it was deleted just now: make it again
        unlike = (UNLIKE,) if len(by.kinds) > 1 else ()
        return replace(made, fingerprint=by.fingerprint, warnings=(*made.warnings, *unlike))
    raise StoreError("The blob store loses what was just stored. Look whether it is full.")


def hold_plan(holds: Holds, job_id: str, plan: Plan) -> None:
    """None of the plan's blobs goes while the job runs.

    Raises:
        MissingBlobError: one has gone already.
    """
    holds.hold(job_id, [plan.pcm, plan.track, plan.face], Kind.INPUT)
    if plan.captions:
        holds.hold(job_id, [plan.captions], Kind.RESULT)
    holds.hold(job_id, [chunk.key for chunk in plan.chunks if chunk.key], Kind.CHUNK)


def _reuse(here: Worker, by: Crew) -> Reuse | None:
    return Reuse(by.kinds[0], here.known) if here.settings.reuse and len(by.kinds) == 1 else None
