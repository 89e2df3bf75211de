"""What /openapi.json says about each operation: bodies, answers, problems."""

from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from pydantic import BaseModel

from api import examples
from api.components import components, ref
from api.house_views import HealthView, VoicesView, WorkersView
from api.problems import KINDS, MEDIA_TYPE
from api.schemas import JobBody, SpeakBody
from api.views import HttpProblem, JobPageView, JobView

Operation = dict[str, Any]

INPUT = (
    "invalid-request", "empty-text", "no-speakable-text", "text-too-long", "unknown-language",
    "unknown-voice", "unknown-generator", "generator-not-held", "empty-file", "unreadable-media",
    "forbidden-format", "no-audio", "audio-too-short", "audio-too-long", "silent-audio",
    "image-too-small",
    "image-too-large", "media-limit", "no-face", "face-too-small", "missing-blob",
    "idempotency-mismatch", "invalid-json", "upload-too-large", "unsupported-type", "cross-site",
    "too-many-jobs", "queue-too-long", "blobs-full", "no-render-worker", "bad-webhook",
    "webhook-gone", "store-unavailable",
)  # fmt: skip
ENDED = ("canceled", "deadline", "generate-timeout", "render-failed", "internal", "busy")

KEYS: Operation = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of this service."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "password": {"type": "http", "scheme": "basic", "description": "Any name, the key. For pages."},
}
LOCATION = {"Location": {"description": "The job.", "schema": {"type": "string"}}}
RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
BYTES = {"type": "string", "contentMediaType": "application/octet-stream"}


def _json(model: type[BaseModel], what: str, example: object = None, **headers: Any) -> Operation:
    content: Operation = {"schema": ref(model)}
    if example is not None:
        content["example"] = example
    return {"description": what, "content": {"application/json": content}, "headers": headers}


def _mp4(what: str, **headers: Any) -> Operation:
    content = {"video/mp4": {"schema": BYTES | {"contentMediaType": "video/mp4"}}}
    return {"description": what, "content": content, "headers": headers}


def _playlist(what: str, **headers: Any) -> Operation:
    content = {"application/vnd.apple.mpegurl": {"schema": {"type": "string"}}}
    return {"description": what, "content": content, "headers": headers}


def _problems(*reasons: str) -> Operation:
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


def _body(model: type[SpeakBody], requests: dict[str, Any], forms: dict[str, Any]) -> Operation:
    """A request body as JSON, or as a form with files."""
    media = {
        "application/json": {"schema": ref(model), "examples": requests},
        "multipart/form-data": {"schema": ref(model, "Form"), "examples": forms},
    }
    return {"requestBody": {"required": True, "content": media}}


def _head(name: str, what: str) -> Operation:
    return {name: {"description": what, "schema": {"type": "string"}}}


ABOUT_VIDEO = (
    _head("X-Job-Id", "The job.") | _head("X-Chunks", "How many.") | _head("X-Frames", "How many.")
)

SUBMIT: Operation = {
    "operation_id": "submitJob",
    "extensions": _body(JobBody, examples.JOBS, examples.JOB_FORMS),
    "responses": {
        "202": _json(JobView, "Accepted.", examples.queued(), **LOCATION, **RETRY_AFTER),
        "200": _json(JobView, "It has ended already (`Prefer: wait`).", None, **LOCATION),
        **_problems(*INPUT),
    },
}
POLL: Operation = {
    "operation_id": "getJob",
    "responses": {
        "200": _json(JobView, "The job.", examples.running(), **_head("ETag", "Of this state.")),
        "304": {"description": "As it was (`If-None-Match`)."},
        **_problems("unknown-job", "invalid-request", "store-unavailable"),
    },
}
CANCEL: Operation = {
    "operation_id": "cancelJob",
    "responses": {
        "200": _json(JobView, "The job, which has ended."),
        **_problems("unknown-job", "store-unavailable"),
    },
}
CANCEL_BY_POST: Operation = CANCEL | {"operation_id": "cancelJobByPost"}
LIST: Operation = {
    "operation_id": "listJobs",
    "responses": {
        "200": _json(JobPageView, "A page of jobs."),
        **_problems("bad-cursor", "invalid-request", "store-unavailable"),
    },
}
VIDEO: Operation = {
    "operation_id": "getVideo",
    "responses": {
        "200": _mp4("The whole video.", **_head("ETag", "SHA-256 of the video.")),
        "206": _mp4("The bytes that `Range` asked for.", **_head("Content-Range", "Which.")),
        "304": {"description": "As it was (`If-None-Match`)."},
        **_problems("unknown-job", "not-ready", "gone", "bad-range", "store-unavailable"),
    },
}
STREAM: Operation = {
    "operation_id": "getStream",
    "responses": {
        "200": _playlist("The master playlist.", **_head("ETag", "Of these bytes.")),
        "304": {"description": "As it was (`If-None-Match`)."},
        **_problems("unknown-job", "not-ready", "gone", "store-unavailable"),
    },
}
STREAM_PART: Operation = {
    "operation_id": "getStreamFile",
    "responses": {
        "200": {
            "description": "A playlist, a header, or a segment.",
            "content": {
                "application/vnd.apple.mpegurl": {"schema": {"type": "string"}},
                "video/mp4": {"schema": BYTES | {"contentMediaType": "video/mp4"}},
                "audio/mp4": {"schema": BYTES | {"contentMediaType": "audio/mp4"}},
            },
            "headers": _head("ETag", "Of these bytes."),
        },
        "304": {"description": "As it was (`If-None-Match`)."},
        **_problems("unknown-job", "not-found", "not-ready", "gone", "store-unavailable"),
    },
}
EVENTS: Operation = {
    "operation_id": "watchJob",
    "responses": {
        "200": {
            "description": "Messages: `id`, `event`, and `data` in JSON.",
            "content": {
                "text/event-stream": {"schema": {"type": "string"}, "example": examples.EVENTS}
            },
        },
        **_problems("unknown-job", "invalid-request", "busy", "store-unavailable"),
    },
}
GENERATE_PARALLEL: Operation = {
    "operation_id": "generateParallel",
    "extensions": _body(JobBody, examples.JOBS, examples.JOB_FORMS),
    "responses": {"200": _mp4("The video.", **ABOUT_VIDEO), **_problems(*INPUT, *ENDED)},
}
GENERATE: Operation = {
    "operation_id": "generate",
    "extensions": _body(SpeakBody, examples.SPEECHES, examples.SPEECH_FORMS),
    "responses": {"200": _mp4("The video.", **ABOUT_VIDEO), **_problems(*INPUT, *ENDED)},
}
VOICES: Operation = {
    "operation_id": "listVoices",
    "responses": {"200": _json(VoicesView, "Sorted by code.", examples.VOICES)},
}
WORKERS: Operation = {
    "operation_id": "listWorkers",
    "responses": {
        "200": _json(WorkersView, "Those whose heart beats.", examples.WORKERS),
        **_problems("store-unavailable"),
    },
}
HEALTH: Operation = {
    "operation_id": "health",
    "responses": {"200": _json(HealthView, "It is.", {"status": "ok"})},
}
READY: Operation = {
    "operation_id": "ready",
    "responses": {
        "200": _json(HealthView, "It would.", {"status": "ready"}),
        **_problems("service-not-ready"),
    },
}
METRICS: Operation = {
    "operation_id": "metrics",
    "responses": {
        "200": {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    },
}


def describe(app: APIFlask, keys: bool) -> None:
    """Set what the document says about the whole, and add the schemas that `ref` names.

    Args:
        keys: whether an API key is needed here.
    """
    app.config.update(
        OPENAPI_VERSION="3.1.0",
        AUTO_200_RESPONSE=False,
        AUTO_404_RESPONSE=False,
        AUTO_VALIDATION_ERROR_RESPONSE=False,
        AUTO_SERVERS=False,
        DESCRIPTION="Text or speech, and a face, in; a talking video out.",
        LICENSE={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.spec_processor(lambda spec: _complete(spec, keys))


def _complete(spec: dict[Any, Any] | str, keys: bool) -> dict[Any, Any] | str:
    """Add the schemas and the keys; write header names as people do."""
    if isinstance(spec, str):  # YAML, which is not what this app is configured for
        return spec
    spec.setdefault("components", {})["schemas"] = components()
    spec["components"]["securitySchemes"] = KEYS
    for address, path in spec["paths"].items():
        for operation in path.values():
            if address.startswith("/api/"):
                operation["responses"] |= _problems("unauthorized")
                operation["security"] = [*({name: []} for name in KEYS), *([] if keys else [{}])]
            for parameter in operation["parameters"]:
                if parameter["in"] == "header":
                    parameter["name"] = parameter["name"].title()
    return spec
