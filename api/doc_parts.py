"""Parts of what /openapi.json says: bodies, answers, headers, problems."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from api.components import ref
from api.problem_views import HttpProblem
from api.problems import KINDS, MEDIA_TYPE, problem

Operation = dict[str, Any]

RETRY_AFTER = {
    "Retry-After": {
        "description": "When to ask again, seconds.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 1,
    }
}
REQUEST_ID = "3f0c6a52-8f0e-4f7e-9a6b-2d1c0b9a8f7e"
BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def json_answer(
    model: type[BaseModel], what: str, example: object = None, **headers: Any
) -> Operation:
    """An answer of this model, with the headers that it has."""
    content: Operation = {"schema": ref(model)}
    if example is not None:
        content["example"] = example
    return {"description": what, "content": {"application/json": content}, "headers": headers}


def mp4_answer(what: str, **headers: Any) -> Operation:
    """An MP4."""
    content = {"video/mp4": {"schema": BYTES | {"contentMediaType": "video/mp4"}}}
    return {"description": what, "content": content, "headers": headers}


def problems(*reasons: str) -> Operation:
    """One answer for each status that these reasons have, naming all of them."""
    by_status: dict[int, list[str]] = {}
    for reason in reasons:
        by_status.setdefault(KINDS[reason].status, []).append(reason)
    return {
        str(status): {
            "description": f"{HTTPStatus(status).phrase}: {', '.join(named)}.",
            "content": {MEDIA_TYPE: {"schema": ref(HttpProblem), "example": _example(named[0])}},
            "headers": RETRY_AFTER if status in (429, 503) else {},
        }
        for status, named in by_status.items()
    }


def _example(reason: str) -> Operation:
    """A problem of this kind, as an answer has it."""
    shown = problem(reason, KINDS[reason].advice, instance="urn:uuid:" + REQUEST_ID)
    if reason == "invalid-request":
        detail = "`rate` must be a whole number from 80 to 450, not 9000."
        return shown | {"detail": detail, "errors": [{"field": "rate", "detail": detail}]}
    return shown | {"job": "job_" + "1f0a2b3c" * 4} if reason == "canceled" else shown


def body(
    model: type[BaseModel], requests: dict[str, Any], forms: dict[str, Any] | None = None
) -> Operation:
    """A request body as JSON, or as a form with files where there are examples of such a form."""
    media: Operation = {"application/json": {"schema": ref(model), "examples": requests}}
    if forms is not None:
        media["multipart/form-data"] = {"schema": ref(model, "Form"), "examples": forms}
    return {"requestBody": {"required": True, "content": media}}


def header(name: str, what: str, example: str) -> Operation:
    """A header of an answer, and what it says."""
    return {name: {"description": what, "schema": {"type": "string"}, "example": example}}


def etag(of: str) -> Operation:
    """The ETag of an answer."""
    return header("ETag", f"{of} Send it back in `If-None-Match`.", '"1f0a2b3c4d5e6f70"')


def text_answer(
    kind: str, what: str, example: str, schema: Operation | None = None, **headers: Any
) -> Operation:
    """An answer in words, of this media type."""
    content = {kind: {"schema": schema or {"type": "string"}, "example": example}}
    return {"description": what, "content": content, "headers": headers}
