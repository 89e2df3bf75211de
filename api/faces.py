"""Registered faces over HTTP: keep, look, correct, delete; the preview shows the landmarks."""

from apiflask import APIBlueprint
from flask import Response, request

from api import face_docs
from api.bodies import read_body
from api.face_views import FACES, FaceBody, FaceCorrection, FacesQuery, face_view, faces_view
from api.services import services, tenant
from api.views import answer
from tasks.errors import RejectedError
from tasks.kept import KeptFace

bp = APIBlueprint("faces", __name__, url_prefix=FACES, tag="Faces")


@bp.post("")
@bp.doc(**face_docs.KEEP_FACE)
def keep() -> Response:
    """Register a face

    A picture or a video, looked at once and kept until it is deleted; jobs then name it by its
    id. The answer comes when its landmarks are found.
    """
    body, faces = read_body(request, FaceBody), services().queue.faces
    key = body.fields.face
    if "face" in body.files:
        faces.admit(tenant())
        key = services().queue.store_upload(body.files["face"].stream)  # type: ignore[arg-type]
    if key is None:
        raise RejectedError(
            "invalid-request", "There is no face: send a picture or a video as `face`.", "face"
        )
    with services().waiting.slot():
        face = faces.register(key, tenant())
    return answer(face_view(face), 201, {"Location": f"{FACES}/{face.id}"})


@bp.get("")
@bp.input(FacesQuery, location="query", arg_name="query")
@bp.doc(**face_docs.LIST_FACES)
def listed(query: FacesQuery) -> Response:
    """List faces

    Newest first.
    """
    page = services().queue.faces.faces(tenant(), query.limit, query.cursor)
    return answer(faces_view(page))


@bp.get("/<face_id>")
@bp.doc(**face_docs.FACE)
def face(face_id: str) -> Response:
    """Look at a face"""
    return answer(face_view(_face(face_id)))


@bp.patch("/<face_id>")
@bp.doc(**face_docs.CORRECT_FACE)
def correct(face_id: str) -> Response:
    """Correct a face's landmarks

    All 68, in pixels of `picture`. Of a video the correction moves and turns with the head through
    all its frames. Jobs that were accepted before keep the face as it was.
    """
    wanted = read_body(request, FaceCorrection).fields.landmarks
    with services().waiting.slot():
        return answer(face_view(services().queue.faces.correct(face_id, tenant(), wanted)))


@bp.delete("/<face_id>")
@bp.doc(**face_docs.DELETE_FACE)
def delete(face_id: str) -> Response:
    """Delete a face

    Can be repeated. Jobs that were accepted with it are finished; new ones cannot name it.
    """
    services().queue.faces.delete(face_id, tenant())
    return Response(status=204)


@bp.get("/<face_id>/picture")
@bp.doc(**face_docs.FACE_PICTURE)
def picture(face_id: str) -> Response:
    """The picture of a face

    JPEG, in the very pixels that `landmarks` counts; of a video, its first that shows the face.
    """
    return _jpeg(_face(face_id).made.picture)


@bp.get("/<face_id>/preview")
@bp.doc(**face_docs.FACE_PREVIEW)
def preview(face_id: str) -> Response:
    """The picture with its landmarks drawn

    JPEG, of the same size as `picture`.
    """
    return _jpeg(_face(face_id).made.preview)


def _face(face_id: str) -> KeptFace:
    return services().queue.faces.face(face_id, tenant())


def _jpeg(key: str) -> Response:
    """A small blob as a picture; 304 where the client has it."""
    with services().queue.faces.open(key) as file:
        response = Response(file.read(), mimetype="image/jpeg")
    response.set_etag(key.removeprefix("blob_"))
    response.headers["Cache-Control"] = "private, no-cache"  # a correction changes it
    response.make_conditional(request)
    return response
