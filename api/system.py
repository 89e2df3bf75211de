"""The house itself: voices, workers, health, readiness, numbers."""

from apiflask import APIBlueprint
from flask import Response, request

from api import docs, fleet_docs
from api.fleet_views import fleet_view
from api.handlers import RETRY_LATER
from api.house_views import HealthView, VoicesView, WorkersView, voice_view, worker_view
from api.problems import problem_response
from api.services import services, tenant
from api.views import answer

bp = APIBlueprint("system", __name__, tag="The house")


@bp.get("/api/v1/voices")
@bp.doc(**docs.VOICES)
def voices() -> Response:
    """List languages and voices"""
    found = [voice_view(voice) for voice in services().queue.voices()]
    return answer(VoicesView(voices=found), headers={"Cache-Control": "public, max-age=3600"})


@bp.get("/api/v1/workers")
@bp.doc(**docs.WORKERS)
def workers() -> Response:
    """List living workers

    The job that each has in hand is shown only where no API keys are configured.
    """
    hide = services().tenants.asked  # another tenant's job is nobody's business
    found = [worker_view(w) for w in services().queue.workers()]
    shown = [view.model_copy(update={"job": None}) if hide else view for view in found]
    return answer(WorkersView(workers=shown))


@bp.get("/api/v1/fleet")
@bp.doc(**fleet_docs.FLEET)
def fleet() -> Response:
    """See all workers, by host

    Each worker's device, generator, measured speed, state, the chunk in hand, GPU memory and last
    error; and what waits for each generator. Where API keys are configured, a job in hand is named
    only to its own tenant.
    """
    queue, asker = services().queue, tenant()
    hide = services().tenants.asked
    mine = (lambda job_id: queue.owns(job_id, asker)) if hide else (lambda _job_id: True)
    return answer(fleet_view(queue.members(), queue.numbers.depths(), mine))


@bp.get("/healthz")
@bp.doc(**docs.HEALTH)
def healthz() -> Response:
    """Is this process alive?

    Asks nobody else: a store that is away is no reason to restart the API.
    """
    return answer(HealthView(status="ok"))


@bp.get("/readyz")
@bp.doc(**docs.READY)
def readyz() -> Response:
    """Would a job that is sent now be started?"""
    reasons = services().queue.not_ready()
    if reasons:
        return problem_response("service-not-ready", " ".join(reasons), RETRY_LATER)
    return answer(HealthView(status="ready"))


@bp.get("/metrics")
@bp.doc(**docs.METRICS)
def metrics() -> Response:
    """Numbers for Prometheus"""
    body, content_type = services().metrics.exposition(request.headers.get("Accept", ""))
    return Response(body, content_type=content_type)
