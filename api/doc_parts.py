"""Parts of what /openapi.json says: bodies, answers, headers, problems."""

from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from api.components import ref
from api.problem_views import HttpProblem
from api.problems import KINDS, MEDIA_TYPE

Operation = dict[str, Any]

RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
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
            "content": {MEDIA_TYPE: {"schema": ref(HttpProblem)}},
            "headers": RETRY_AFTER if status in (429, 503) else {},
        }
        for status, named in by_status.items()
    }


def body(
    model: type[BaseModel], requests: dict[str, Any], forms: dict[str, Any] | None = None
) -> Operation:
    """A request body as JSON, or as a form with files where there are examples of such a form."""
    media: Operation = {"application/json": {"schema": ref(model), "examples": requests}}
    if forms is not None:
        media["multipart/form-data"] = {"schema": ref(model, "Form"), "examples": forms}
    return {"requestBody": {"required": True, "content": media}}


def header(name: str, what: str) -> Operation:
    """A header of an answer, and what it says."""
    return {name: {"description": what, "schema": {"type": "string"}}}


def playlist_answer(what: str, **headers: Any) -> Operation:
    """A playlist (RFC 8216)."""
    content = {"application/vnd.apple.mpegurl": {"schema": {"type": "string"}}}
    return {"description": what, "content": content, "headers": headers}
