"""What is said in a job's video, as captions."""

from apiflask import APIBlueprint
from flask import Response

from api import docs
from api.queries import CaptionsQuery
from api.services import services, tenant
from api.stream import served
from api.views import JOBS

bp = APIBlueprint("captions", __name__, url_prefix=JOBS, tag="Captions")


@bp.get("/<job_id>/captions.vtt")
@bp.input(CaptionsQuery, location="query", arg_name="query")
@bp.doc(**docs.CAPTIONS)
def captions(job_id: str, query: CaptionsQuery) -> Response:
    """Read what is said

    WebVTT, by the synthesiser's own times: for a `<track>` of a `<video>`, an editor, a reader.
    There as soon as the job is planned; only a job that was sent with `text` has any.
    """
    return served(services().queue.captions(job_id, query.words, tenant()))
