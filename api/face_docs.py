"""What /openapi.json says about registered faces, with the shipped avatar as the example."""

from typing import Any

from api.doc_parts import BYTES, Operation, body, etag, header, json_answer, problems
from api.face_views import (
    EXAMPLE_ID,
    FACES,
    FaceBody,
    FaceCorrection,
    FacesView,
    FaceView,
    face_view,
)
from tasks.kept import KeptFace, MadeFace

# The landmarks of the shipped avatar.
POINTS = (
    (201, 338), (204, 382), (212, 424), (226, 466), (246, 506), (272, 544), (304, 578), (342, 604),
    (384, 614), (426, 604), (464, 578), (496, 544), (522, 506), (542, 466), (556, 424), (564, 382),
    (567, 338), (230, 305), (254, 286), (282, 280), (314, 287), (343, 299), (425, 299), (454, 287),
    (486, 280), (514, 286), (538, 305), (384, 346), (384, 379), (384, 411), (384, 444), (352, 465),
    (368, 472), (384, 476), (400, 472), (416, 465), (260, 344), (285, 328), (325, 332), (345, 353),
    (321, 360), (283, 358), (423, 353), (443, 332), (483, 328), (508, 344), (485, 358), (447, 360),
    (316, 520), (346, 514), (372, 510), (384, 514), (396, 510), (422, 514), (452, 520), (429, 544),
    (404, 556), (384, 558), (364, 556), (339, 544), (328, 524), (361, 530), (384, 532), (407, 530),
    (440, 524), (407, 530), (384, 532), (361, 530),
)  # fmt: skip

EXAMPLE_BLOB = "blob_" + "0f" * 32
FORMS: dict[str, Any] = {
    "picture": {"summary": "A picture as a file", "value": {"face": "(bytes of a picture)"}}
}
BODIES: dict[str, Any] = {
    "sent": {"summary": "A picture that was sent before", "value": {"face": EXAMPLE_BLOB}}
}
CORRECTIONS: dict[str, Any] = {
    "landmarks": {
        "summary": "All 68 points",
        "value": {"landmarks": [list(point) for point in POINTS]},
    }
}


def shown() -> dict[str, Any]:
    """A face as the API shows it."""
    blob = EXAMPLE_BLOB
    made = MadeFace(
        source=blob, card=blob, canonical=blob, picture=blob, preview=blob, width=768, height=768,
        n_frames=1, landmarks=POINTS, located=POINTS, locator="built-in",
        warnings=("There are two faces; the larger one speaks.",),
    )  # fmt: skip
    face = KeptFace(EXAMPLE_ID, "public", 1_767_225_600.0, 1, made)
    return face_view(face).model_dump(mode="json", by_alias=True)


INPUT = (
    "invalid-request", "empty-file", "unreadable-media", "forbidden-format", "image-too-small",
    "image-too-large", "media-limit", "no-face", "face-too-small", "missing-blob", "invalid-json",
    "upload-too-large", "unsupported-type", "cross-site", "too-many-faces", "blobs-full",
    "no-cpu-worker", "busy", "store-unavailable",
)  # fmt: skip


def _jpeg(what: str) -> Operation:
    content = {"image/jpeg": {"schema": BYTES | {"contentMediaType": "image/jpeg"}}}
    return {"description": what, "content": content, "headers": etag("Of the picture.")}


def _jpeg_operation(operation_id: str) -> Operation:
    return {
        "operation_id": operation_id,
        "responses": {
            "200": _jpeg("The picture."),
            "304": {"description": "As it was (`If-None-Match`)."},
            **problems("unknown-face", "store-unavailable"),
        },
    }


KEEP_FACE: Operation = {
    "operation_id": "registerFace",
    "extensions": body(FaceBody, BODIES, FORMS),
    "responses": {
        "201": json_answer(
            FaceView, "Kept.", shown(), **header("Location", "The face.", f"{FACES}/{EXAMPLE_ID}")
        ),
        **problems(*INPUT),
    },
}
LIST_FACES: Operation = {
    "operation_id": "listFaces",
    "responses": {
        "200": json_answer(
            FacesView, "A page of faces.", {"faces": [shown()], "next_cursor": "1767225600.000000"}
        ),
        **problems("bad-cursor", "invalid-request", "store-unavailable"),
    },
}
FACE: Operation = {
    "operation_id": "getFace",
    "responses": {
        "200": json_answer(FaceView, "The face.", shown()),
        **problems("unknown-face", "store-unavailable"),
    },
}
CORRECT_FACE: Operation = {
    "operation_id": "correctFace",
    "extensions": body(FaceCorrection, CORRECTIONS),
    "responses": {
        "200": json_answer(FaceView, "The corrected face.", shown()),
        **problems(
            "unknown-face", "bad-landmarks", "stale", "invalid-request", "invalid-json",
            "upload-too-large", "unsupported-type", "cross-site", "no-cpu-worker", "busy",
            "store-unavailable",
        ),
    },
}  # fmt: skip
DELETE_FACE: Operation = {
    "operation_id": "deleteFace",
    "responses": {
        "204": {"description": "It is gone."},
        **problems("unknown-face", "cross-site", "store-unavailable"),
    },
}
FACE_PICTURE = _jpeg_operation("getFacePicture")
FACE_PREVIEW = _jpeg_operation("getFacePreview")
