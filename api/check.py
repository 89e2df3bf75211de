"""The pre-flight check over HTTP: a job's body in, what it would take out; nothing is rendered."""

from apiflask import APIBlueprint
from flask import Response, request

from api import docs
from api.bodies import read_body
from api.check_view import CheckView
from api.jobs import asked
from api.schemas import JobBody
from api.services import services, tenant
from api.views import answer, like

bp = APIBlueprint("check", __name__, url_prefix="/api/v1/check", tag="Before a job")


@bp.post("")
@bp.doc(**docs.CHECK)
def check() -> Response:
    """Check a job before it is sent

    Takes the body of POST /api/v1/jobs. Says what that would refuse, in the same words, or how
    many frames, chunks and seconds the job would take. Files are kept as uploads are, so that the
    job can name them; nothing else is.
    """
    with services().waiting.slot():
        wanted = asked(read_body(request, JobBody))
        found = services().queue.check(wanted, tenant())
    view = like(CheckView, found, warnings=list(found.warnings), face=wanted.face,
                audio=wanted.speech)  # fmt: skip
    return answer(view)
