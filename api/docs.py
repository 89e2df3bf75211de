"""What /openapi.json says about each operation: bodies, answers, problems."""

from typing import Any

from apiflask import APIFlask

from api import examples
from api.check_view import CheckView
from api.components import components
from api.doc_parts import (
    BYTES,
    RETRY_AFTER,
    Operation,
    body,
    etag,
    header,
    json_answer,
    mp4_answer,
    problems,
    text_answer,
)
from api.house_views import HealthView, VoicesView, WorkersView
from api.illustrated import illustrate
from api.job_views import JobPageView, JobView
from api.parameters import describe_parameter
from api.schemas import JobBody, SpeakBody
from api.views import JOBS

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
PLAYLIST = "application/vnd.apple.mpegurl"
ENDED = ("canceled", "deadline", "generate-timeout", "render-failed", "internal", "busy")

KEYS: Operation = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key of this service."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "password": {"type": "http", "scheme": "basic", "description": "Any name, the key. For pages."},
}
LOCATION = header("Location", "The job.", f"{JOBS}/{examples.JOB_ID}")
ABOUT_VIDEO = (
    header("X-Job-Id", "The job.", examples.JOB_ID)
    | header("X-Chunks", "How many chunks it was cut into.", "2")
    | header("X-Frames", "How many frames the video has.", "55")
)

SUBMIT: Operation = {
    "operation_id": "submitJob",
    "extensions": body(JobBody, examples.JOBS, examples.JOB_FORMS),
    "responses": {
        "202": json_answer(JobView, "Accepted.", examples.queued(), **LOCATION, **RETRY_AFTER),
        "200": json_answer(
            JobView, "It has ended already (`Prefer: wait`).", examples.succeeded(), **LOCATION
        ),
        **problems(*INPUT),
    },
}
CHECK: Operation = {
    "operation_id": "checkJob",
    "extensions": body(JobBody, examples.JOBS, examples.JOB_FORMS),
    "responses": {
        "200": json_answer(CheckView, "It would be accepted.", examples.CHECKED),
        **problems(*INPUT, "busy"),
    },
}
POLL: Operation = {
    "operation_id": "getJob",
    "responses": {
        "200": json_answer(JobView, "The job.", examples.running(), **etag("Of this state.")),
        "304": {"description": "As it was (`If-None-Match`)."},
        **problems("unknown-job", "job-lost", "invalid-request", "store-unavailable"),
    },
}
CANCEL: Operation = {
    "operation_id": "cancelJob",
    "responses": {
        "200": json_answer(JobView, "The job, which has ended.", examples.failed()),
        **problems("unknown-job", "job-lost", "store-unavailable"),
    },
}
CANCEL_BY_POST: Operation = CANCEL | {"operation_id": "cancelJobByPost"}
LIST: Operation = {
    "operation_id": "listJobs",
    "responses": {
        "200": json_answer(JobPageView, "A page of jobs.", examples.page()),
        **problems("bad-cursor", "invalid-request", "store-unavailable"),
    },
}
VIDEO: Operation = {
    "operation_id": "getVideo",
    "responses": {
        "200": mp4_answer("The whole video.", **etag("SHA-256 of the video.")),
        "206": mp4_answer(
            "The bytes that `Range` asked for.",
            **header("Content-Range", "Which.", "bytes 0-1023/1048576"),
        ),
        "304": {"description": "As it was (`If-None-Match`)."},
        **problems(
            "unknown-job", "job-lost", "not-ready", "gone", "bad-range", "store-unavailable"
        ),
    },
}
CAPTIONS: Operation = {
    "operation_id": "getCaptions",
    "responses": {
        "200": text_answer(
            "text/vtt", "The captions, WebVTT.", examples.CAPTIONS, **etag("Of these bytes.")
        ),
        "304": {"description": "As it was (`If-None-Match`)."},
        **problems(
            "unknown-job",
            "no-captions",
            "job-lost",
            "not-ready",
            "gone",
            "invalid-request",
            "store-unavailable",
        ),
    },
}
STREAM: Operation = {
    "operation_id": "getStream",
    "responses": {
        "200": text_answer(
            PLAYLIST, "The master playlist.", examples.MASTER, **etag("Of these bytes.")
        ),
        "304": {"description": "As it was (`If-None-Match`)."},
        **problems("unknown-job", "job-lost", "not-ready", "gone", "store-unavailable"),
    },
}
STREAM_PART: Operation = {
    "operation_id": "getStreamFile",
    "responses": {
        "200": {
            "description": "A playlist, a header, or a segment.",
            "content": {
                PLAYLIST: {"schema": {"type": "string"}, "example": examples.PLAYLIST},
                "video/mp4": {"schema": BYTES | {"contentMediaType": "video/mp4"}},
                "audio/mp4": {"schema": BYTES | {"contentMediaType": "audio/mp4"}},
                "text/vtt": {"schema": {"type": "string"}, "example": examples.CAPTIONS},
            },
            "headers": etag("Of these bytes."),
        },
        "304": {"description": "As it was (`If-None-Match`)."},
        **problems(
            "unknown-job", "job-lost", "not-found", "not-ready", "gone", "store-unavailable"
        ),
    },
}
# Readers of event streams take each message for an object, others the whole for a text.
MESSAGE: Operation = {
    "type": ["string", "object"],
    "properties": {name: {"type": "string"} for name in ("id", "event", "data")},
    "required": ["event", "data"],
}
EVENTS: Operation = {
    "operation_id": "watchJob",
    "responses": {
        "200": text_answer(
            "text/event-stream",
            "Messages: `id`, `event`, and `data` in JSON.",
            examples.EVENTS,
            MESSAGE,
        ),
        **problems("unknown-job", "job-lost", "invalid-request", "busy", "store-unavailable"),
    },
}
GENERATE_PARALLEL: Operation = {
    "operation_id": "generateParallel",
    "extensions": body(JobBody, examples.JOBS, examples.JOB_FORMS),
    "responses": {"200": mp4_answer("The video.", **ABOUT_VIDEO), **problems(*INPUT, *ENDED)},
}
GENERATE: Operation = {
    "operation_id": "generate",
    "extensions": body(SpeakBody, examples.SPEECHES, examples.SPEECH_FORMS),
    "responses": {"200": mp4_answer("The video.", **ABOUT_VIDEO), **problems(*INPUT, *ENDED)},
}
VOICES: Operation = {
    "operation_id": "listVoices",
    "responses": {"200": json_answer(VoicesView, "Sorted by code.", examples.VOICES)},
}
WORKERS: Operation = {
    "operation_id": "listWorkers",
    "responses": {
        "200": json_answer(WorkersView, "Those whose heart beats.", examples.WORKERS),
        **problems("store-unavailable"),
    },
}
HEALTH: Operation = {
    "operation_id": "health",
    "responses": {"200": json_answer(HealthView, "It is.", {"status": "ok"})},
}
READY: Operation = {
    "operation_id": "ready",
    "responses": {
        "200": json_answer(HealthView, "It would.", {"status": "ready"}),
        **problems("service-not-ready"),
    },
}
METRICS: Operation = {
    "operation_id": "metrics",
    "responses": {"200": text_answer("text/plain", "In Prometheus' own words.", examples.METRICS)},
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
    """Add the schemas, the keys and the examples of single fields."""
    if isinstance(spec, str):  # YAML, which is not what this app is configured for
        return spec
    spec.setdefault("components", {})["schemas"] = components()
    spec["components"]["securitySchemes"] = KEYS
    illustrate(spec)
    for address, path in spec["paths"].items():
        for operation in path.values():
            if address.startswith("/api/"):
                operation["responses"] |= problems("unauthorized")
                operation["security"] = [*({name: []} for name in KEYS), *([] if keys else [{}])]
            for parameter in operation["parameters"]:
                describe_parameter(parameter)
    return spec
