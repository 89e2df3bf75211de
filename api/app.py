"""create_app: the routes, the limits and the headers that every answer gets."""

import time
import uuid
from importlib.metadata import version

from apiflask import APIFlask
from flask import Response, g, request

from api import (
    captions,
    check,
    comparisons,
    docs,
    events,
    faces,
    generate,
    handlers,
    jobs,
    pages,
    stream,
    system,
)
from api.bodies import FIELDS_LIMIT
from api.metrics.registry import Metrics
from api.problems import problem_response
from api.services import Services, services
from api.tenants import Tenants
from api.waiting import STREAM_SLOTS, Waiting
from tasks.client import JobQueue
from tasks.settings import Settings

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
}


def create_app(queue: JobQueue, settings: Settings) -> APIFlask:
    """The WSGI application; one process may hold several, each with its own queue.

    Raises:
        ValueError: the file of API keys cannot be used.
    """
    app = APIFlask(__name__, title="Lipchord", version=version("lipchord"), docs_path=None)
    _configure(app, settings)
    tenants = Tenants(settings.api_keys_file)
    app.extensions["lipchord"] = Services(
        queue, settings, Waiting(), Waiting(STREAM_SLOTS), Metrics(queue), tenants
    )
    for room in (
        jobs, captions, stream, events, check, comparisons, faces, generate, system, pages
    ):  # fmt: skip
        app.register_blueprint(room.bp)
    handlers.register(app)
    app.before_request(_begin)
    app.after_request(_finish)
    docs.describe(app, tenants.asked)
    return app


def _configure(app: APIFlask, settings: Settings) -> None:
    app.config.update(
        MAX_CONTENT_LENGTH=2 * settings.max_upload_bytes + FIELDS_LIMIT,  # a sound and a face
        MAX_FORM_MEMORY_SIZE=FIELDS_LIMIT,
        MAX_FORM_PARTS=64,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]


def _begin() -> Response | None:
    """Number the request; refuse what another web site makes a browser send (no CORS here).

    Raises:
        UnauthorizedError: it needs an API key.
    """
    g.request_id, g.started = str(uuid.uuid4()), time.perf_counter()
    if request.method not in SAFE_METHODS and request.headers.get("Sec-Fetch-Site") == "cross-site":
        return problem_response(
            "cross-site",
            "A page of another web site sent this. Open this service's own page instead.",
        )
    if request.path.startswith("/api/"):
        g.tenant = services().tenants.of(request)
    return None


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-Id"] = g.request_id
    services().metrics.observe(request, response, g.started)
    return response
