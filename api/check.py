"""The pre-flight check over HTTP: a job's body in, what it would take out; nothing is rendered."""

from collections.abc import Iterator
from contextlib import contextmanager

from apiflask import APIBlueprint
from flask import Response, request

from api import docs
from api.bodies import BadBodyError, Body, read_body
from api.check_view import CheckView
from api.complaints import Complaint
from api.jobs import asked
from api.schemas import JobBody, SpeakBody
from api.services import services, tenant
from api.views import answer, like
from tasks.errors import BusyError, ManyFaultsError, RejectedError

bp = APIBlueprint("check", __name__, url_prefix="/api/v1/check", tag="Before a job")


@bp.post("")
@bp.doc(**docs.CHECK)
def check() -> Response:
    """Check a job before it is sent

    Takes the body of POST /api/v1/jobs. Says what that would refuse, in the same words and all
    of it at once (`errors`), or how many frames, chunks and seconds the job would take. Files are
    kept as uploads are, so that the job can name them; nothing else is.
    """
    wrong: list[Complaint] = []
    body: Body[SpeakBody] = read_body(request, JobBody, wrong)
    with services().waiting.slot(), _together(wrong):
        wanted = asked(body)
        found = services().queue.check(wanted, tenant())
    view = like(CheckView, found, warnings=list(found.warnings), face=wanted.face,
                audio=wanted.speech)  # fmt: skip
    return answer(view)


@contextmanager
def _together(wrong: list[Complaint]) -> Iterator[None]:
    """What the block refuses, and the fields that were wrong before it, as one problem.

    Raises:
        BadBodyError: also where the block has refused nothing.
    """
    if {complaint["field"] for complaint in wrong} & {"text", "audio"}:
        raise BadBodyError(wrong)  # without its source, the rest is no job
    try:
        yield
    except RejectedError as error:
        if not wrong or isinstance(error, BusyError):
            raise
        faults = error.faults if isinstance(error, ManyFaultsError) else (error,)
        wrong += [{"field": fault.field or "", "detail": fault.detail} for fault in faults]
    if wrong:
        raise BadBodyError(wrong)
