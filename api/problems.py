"""One table: reason of an error → HTTP status, title and advice, as problem+json (RFC 9457)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import Response, g

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of problem.

    Attributes:
        status: HTTP status when it is the answer to a request.
        title: what happened; the same for every occurrence.
        advice: what to do next; shown at `/problems/<name>`.
    """

    status: int
    title: str
    advice: str


_FILE = "Open the file in a player: if it does not play there, export it again and send that."
_LATER = "Nothing is wrong with the request: send it again after the seconds in Retry-After."
_RETRY = "Send the job again; if it fails again, tell whoever runs this service the job's id."

KINDS: Mapping[str, Kind] = {
    # What the request says.
    "invalid-request": Kind(422, "The request has a wrong field", "Mend the fields in `errors`."),
    "invalid-input": Kind(422, "The input cannot be used", "Follow the problem's `detail`."),
    "invalid-json": Kind(400, "The body is not JSON", "Send one JSON object, in UTF-8."),
    "bad-cursor": Kind(400, "This cursor is not one of ours", "Use `next_cursor` as it was given."),
    "bad-request": Kind(400, "The request could not be understood", "See /docs for its form."),
    "bad-range": Kind(416, "The range lies outside the video", "Ask for bytes below its length."),
    "unsupported-type": Kind(
        415, "Unknown kind of body", "Send application/json or multipart/form-data."
    ),
    "idempotency-mismatch": Kind(
        422, "This Idempotency-Key belongs to another request", "Use a new key for a new request."
    ),
    "unauthorized": Kind(
        401, "An API key is needed", "Send `Authorization: Bearer KEY`, with a key of this service."
    ),
    "cross-site": Kind(
        403, "Another web site may not send jobs", "Send it from this site, or from a program."
    ),
    "bad-webhook": Kind(422, "The webhook's URL cannot be used", "Follow the `detail`."),
    "webhook-gone": Kind(
        422, "The webhook's receiver wants no more", "Leave `webhook` out, or give another URL."
    ),
    # Text and voices.
    "invalid-text": Kind(422, "The text cannot be spoken", "Follow the problem's `detail`."),
    "empty-text": Kind(422, "There is nothing to say", "Give `text`, or sound in `audio`."),
    "no-speakable-text": Kind(422, "The text has no letters or digits", "Add words to `text`."),
    "text-too-long": Kind(422, "The text is too long", "Split the text into several jobs."),
    "unknown-language": Kind(422, "Unknown language", "Choose a code from GET /api/v1/voices."),
    "unknown-voice": Kind(422, "Unknown voice", "Choose a variant from GET /api/v1/voices."),
    "speech-failed": Kind(500, "The text could not be spoken", _RETRY),
    # Media.
    "invalid-media": Kind(422, "The file cannot be used", _FILE),
    "empty-file": Kind(422, "The file is empty", "Send a file with content."),
    "unreadable-media": Kind(422, "The file cannot be read", _FILE),
    "forbidden-format": Kind(
        422, "This format is not accepted", "Send the media itself: wav, mp3, mp4, jpg, png…"
    ),
    "no-audio": Kind(422, "The file has no sound", "Send a file with a sound track."),
    "audio-too-short": Kind(422, "The sound is too short", "Send a longer recording."),
    "audio-too-long": Kind(422, "The sound is too long", "Split the recording into several jobs."),
    "silent-audio": Kind(422, "The sound is silent", "Check the microphone or the volume."),
    "image-too-small": Kind(422, "The picture is too small", "Send a larger picture."),
    "image-too-large": Kind(422, "The picture is too large", "Scale the picture down first."),
    "media-limit": Kind(
        422, "The file takes too long or too much memory to read", "Send it shorter or smaller."
    ),
    "upload-too-large": Kind(413, "The upload is too large", "Send a smaller file."),
    "missing-blob": Kind(422, "An upload is no longer kept", "Send the file itself again."),
    # Faces.
    "invalid-face": Kind(422, "The face cannot be used", "Send another picture."),
    "no-face": Kind(
        422, "No face was found", "Send a sharp, well-lit picture of one face, from the front."
    ),
    "face-too-small": Kind(422, "The face is too small", "Crop the picture around the face."),
    "bad-landmarks": Kind(
        422, "These landmarks cannot be a face", "Move the point that `detail` names."
    ),
    "missing-face": Kind(
        422, "There is no such registered face", "Choose one from GET /api/v1/faces."
    ),
    "unknown-face": Kind(
        404, "There is no such face", "See GET /api/v1/faces for those there are."
    ),
    "too-many-faces": Kind(
        409, "You have as many faces as you may", "Delete one that is not needed any more."
    ),
    "no-cpu-worker": Kind(503, "No cpu worker has looked at the face", _LATER),
    # Generators.
    "unknown-generator": Kind(422, "Unknown generator", "Choose one that the `detail` names."),
    "generator-not-held": Kind(
        503, "No render worker holds this generator", "Choose one that the `detail` names."
    ),
    "generator-error": Kind(500, "The generator failed", _RETRY),
    "bad-weights": Kind(
        500, "The generator's weights do not load", "Check the checkpoint that is configured."
    ),
    # Jobs and their videos.
    "unknown-job": Kind(404, "There is no such job", "See GET /api/v1/jobs for those there are."),
    "unknown-comparison": Kind(
        404, "There is no such comparison", "See GET /api/v1/comparisons for those there are."
    ),
    "comparison-too-long": Kind(
        422,
        "The clip is too long to compare",
        "Compare a shorter one.",
    ),
    "too-many-comparisons": Kind(429, "You have as many comparisons as you may", _LATER),
    "unlike-videos": Kind(500, "The two videos cannot be compared", _RETRY),
    "no-captions": Kind(
        404, "The job has no captions", "Send `text` instead of a sound: then there are some."
    ),
    "job-lost": Kind(410, "The job was lost with the store's data", "Send the job again."),
    "not-ready": Kind(409, "The video is not ready yet", "Ask again after Retry-After seconds."),
    "gone": Kind(410, "There is no video any more, or never was", "Send the job again."),
    "canceled": Kind(409, "The job was canceled", "Send it again if it is still wanted."),
    "deadline": Kind(504, "The job took longer than it may", "Send a shorter text, or later."),
    "generate-timeout": Kind(
        504, "The video is not ready in time", "The job goes on: follow `Location`."
    ),
    "stale": Kind(409, "The job has moved on meanwhile", "Read the job again."),
    # What went wrong inside.
    "merge-error": Kind(500, "The chunks could not be joined", _RETRY),
    "bad-chunk": Kind(500, "A chunk is damaged", _RETRY),
    "missing-chunk": Kind(500, "A chunk is missing", _RETRY),
    "unlike-chunks": Kind(500, "Two chunks do not fit together", _RETRY),
    "wrong-chunk-length": Kind(500, "A chunk has not the frames it should have", _RETRY),
    "unreadable-track": Kind(500, "The sound track could not be read", _RETRY),
    "bad-sound-track": Kind(500, "The sound track could not be joined", _RETRY),
    "video-not-verified": Kind(500, "The finished video is not the one asked for", _RETRY),
    "write-failed": Kind(500, "The video could not be written", _RETRY),
    "encode-error": Kind(500, "The video could not be encoded", _RETRY),
    "render-failed": Kind(500, "A chunk could not be rendered", _RETRY),
    "renderers-changed": Kind(503, "The render workers changed under the job", _RETRY),
    "worker-lost": Kind(500, "The workers died on this job", _RETRY),
    "store-unavailable": Kind(503, "The store does not answer", _LATER),
    "too-many-jobs": Kind(429, "You have as many unfinished jobs as you may", _LATER),
    "queue-too-long": Kind(503, "The job would wait too long", _LATER),
    "blobs-full": Kind(503, "There is no room for more videos", _LATER),
    "no-render-worker": Kind(503, "No render worker is ready", _LATER),
    "busy": Kind(503, "Too many requests wait for their video", _LATER),
    "service-not-ready": Kind(503, "Jobs cannot be done just now", _LATER),
    "internal": Kind(500, "Something broke on our side", _RETRY),
    # HTTP itself.
    "not-found": Kind(404, "There is nothing at this address", "See /docs for what there is."),
    "wrong-method": Kind(405, "This address does not take this method", "See the Allow header."),
}


def kind_of(reason: str, otherwise: int = 500) -> Kind:
    """The kind of a reason; a reason from a room that is newer than this table gets a plain one.

    Args:
        reason: stable word, such as "no-face".
        otherwise: status of a reason that is not in the table.
    """
    title = reason.replace("-", " ").capitalize()
    return KINDS.get(reason) or Kind(otherwise, title, "Follow the problem's `detail`.")


def problem(reason: str, detail: str, otherwise: int = 500, **more: Any) -> dict[str, Any]:
    """The members of a problem: type, title, status, detail, and `more` as extensions."""
    kind = kind_of(reason, otherwise)
    members = {"type": f"/problems/{reason}", "title": kind.title, "status": kind.status}
    return {**members, "detail": detail, **more}


def problem_response(
    reason: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    otherwise: int = 500,
    **more: Any,
) -> Response:
    """A problem as an HTTP answer; its `instance` is the id of this request."""
    body = problem(reason, detail, otherwise, instance=f"urn:uuid:{g.request_id}", **more)
    answer = Response(json.dumps(body, ensure_ascii=False), body["status"], mimetype=MEDIA_TYPE)
    answer.headers.extend(headers or {})
    answer.headers["Cache-Control"] = "no-store"
    return answer
