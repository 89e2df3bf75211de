"""From an exception to a problem: nothing else leaves this API, and never a traceback."""

from typing import Any

import structlog
from apiflask import APIFlask, HTTPError
from flask import Response, g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import HTTPException

from api.bodies import BadBodyError, BadJSONError
from api.complaints import complaints
from api.face_views import FacesQuery
from api.problems import problem_response
from api.queries import (
    CaptionsQuery,
    ComparisonsQuery,
    EventsHeaders,
    EventsQuery,
    JobsQuery,
    PollHeaders,
    PollQuery,
    SubmitHeaders,
)
from api.tenants import UnauthorizedError
from api.waiting import FullHouseError
from tasks.errors import (
    BusyError,
    ManyFaultsError,
    NotReadyError,
    RejectedError,
    StoreError,
    TasksError,
)

log = structlog.get_logger()

RETRY_SOON = {"Retry-After": "1"}  # s; a job moves on that fast
RETRY_LATER = {"Retry-After": "10"}  # s; a store comes back, a slot gets free

REASONS = {
    400: ("bad-request", "The request could not be understood. See /docs for its form."),
    404: ("not-found", "There is nothing at this address. See /docs for what there is."),
    405: ("wrong-method", "This address takes only the methods that the Allow header lists."),
    413: ("upload-too-large", "The request is too large. Send a shorter or more compressed file."),
    415: ("unsupported-type", "Send application/json, or multipart/form-data with files."),
    416: ("bad-range", "The range lies outside the video; Content-Range says its length."),
}
LOCATED: dict[str, type[BaseModel]] = {
    model.__name__: model
    for model in (
        CaptionsQuery,
        ComparisonsQuery,
        JobsQuery,
        FacesQuery,
        PollHeaders,
        PollQuery,
        SubmitHeaders,
        EventsHeaders,
        EventsQuery,
    )
}


def register(app: APIFlask) -> None:
    """Let every error of this app end in a problem."""
    app.register_error_handler(TasksError, on_tasks_error)
    app.register_error_handler(BadBodyError, on_bad_body)
    app.register_error_handler(BadJSONError, lambda e: problem_response("invalid-json", str(e)))
    app.register_error_handler(
        FullHouseError, lambda e: problem_response("busy", str(e), RETRY_LATER)
    )
    app.register_error_handler(UnauthorizedError, on_unauthorized)
    app.register_error_handler(HTTPError, on_bad_parameter)
    app.register_error_handler(HTTPException, on_http_error)
    app.register_error_handler(Exception, on_surprise)


def on_tasks_error(error: TasksError) -> Response:
    """What the queue said, with its own words."""
    if isinstance(error, BusyError):
        retry = {"Retry-After": str(error.retry_after_s)}
        return problem_response(error.reason, error.detail, retry, otherwise=503)
    if isinstance(error, RejectedError):
        more: dict[str, Any] = {"otherwise": 422}
        faults = error.faults if isinstance(error, ManyFaultsError) else (error,)
        if len(faults) > 1 or error.field:
            more["errors"] = [{"field": f.field or "", "detail": f.detail} for f in faults]
        return problem_response(error.reason, error.detail, **more)
    if isinstance(error, StoreError):
        log.error("store unavailable", error=str(error), **_where())
        return problem_response(error.code, str(error), RETRY_LATER)
    headers = RETRY_SOON if isinstance(error, NotReadyError) else {}
    return problem_response(error.code, str(error), headers)


def on_unauthorized(error: UnauthorizedError) -> Response:
    """No key, or an unknown one (RFC 6750, 3); browsers understand Basic, and then ask for it."""
    response = problem_response("unauthorized", str(error))
    why = ', error="invalid_token"' if error.given else ""
    response.headers.add("WWW-Authenticate", f'Bearer realm="lipchord"{why}')
    response.headers.add("WWW-Authenticate", 'Basic realm="lipchord", charset="UTF-8"')
    return response


def on_bad_body(error: BadBodyError) -> Response:
    """Wrong fields of a body, each by name."""
    return problem_response("invalid-request", str(error), errors=error.complaints)


def on_bad_parameter(error: HTTPError) -> Response:
    """A query or a header that APIFlask's pydantic adapter refused."""
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return problem_response("bad-request", str(error.message))
    return on_bad_body(BadBodyError(complaints(cause, LOCATED[cause.title])))


def on_http_error(error: HTTPException) -> Response:
    """Werkzeug's errors: no such address, wrong method, too large…"""
    reason, detail = REASONS.get(error.code or 500, REASONS[400])
    headers = {name: value for name, value in error.get_headers() if name != "Content-Type"}
    return problem_response(reason, detail, headers)


def on_surprise(error: Exception) -> Response:
    """A bug of ours: the log gets the traceback, the user gets a number to name."""
    log.error("request failed", exc_info=error, **_where())
    return problem_response(
        "internal",
        "Something broke on our side, not through your input. Try again; if it happens again, "
        "report it with the id in `instance`.",
    )


def _where() -> dict[str, str]:
    return {"request_id": g.request_id, "method": request.method, "path": request.path}
