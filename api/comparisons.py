"""Comparisons over HTTP: start one, of a request or of a finished job; look, list, delete."""

from apiflask import APIBlueprint
from flask import Response, request

from api import comparison_docs as docs
from api.bodies import read_body
from api.comparison_views import COMPARISONS, ComparisonBody, ComparisonPageView, ComparisonView
from api.handlers import RETRY_SOON
from api.jobs import asked
from api.queries import ComparisonsQuery
from api.services import services, tenant
from api.views import answer
from tasks.comparison import Comparison, ComparisonPage

bp = APIBlueprint("comparisons", __name__, tag="Comparisons")


@bp.post(COMPARISONS)
@bp.doc(**docs.COMPARE)
def start() -> Response:
    """Compare parallel with sequential

    The same request is rendered twice by the same workers, in one piece and in parallel, one after
    the other; then both videos are decoded and compared. Follow `Location`.
    """
    wanted = asked(read_body(request, ComparisonBody), "")
    return _accepted(services().queue.comparisons.start(wanted, tenant()))


@bp.post("/api/v1/jobs/<job_id>/comparison")
@bp.doc(**docs.CHECK)
def of_job(job_id: str) -> Response:
    """Check a finished job against one piece

    Its request is rendered once more, in one piece and without any reuse, and both videos are
    compared. While such a check runs, asking again answers with that one.
    """
    job = services().queue.job(job_id, tenant())
    return _accepted(services().queue.comparisons.start_of(job))


@bp.get(f"{COMPARISONS}/<comparison_id>")
@bp.doc(**docs.LOOK)
def look(comparison_id: str) -> Response:
    """Look at a comparison"""
    comparison = services().queue.comparisons.get(comparison_id, tenant())
    headers = {} if comparison.state.terminal else RETRY_SOON
    response = answer(ComparisonView.of(comparison), headers=headers)
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get(COMPARISONS)
@bp.input(ComparisonsQuery, location="query", arg_name="query")
@bp.doc(**docs.LIST)
def listed(query: ComparisonsQuery) -> Response:
    """List comparisons

    Newest first; the last 200 are remembered. With `job`: all those that it is a side of.
    """
    desk = services().queue.comparisons
    if query.job:
        page = ComparisonPage(desk.of_job(query.job, tenant()), None)
    else:
        page = desk.page(tenant(), query.limit, query.cursor or None)
    return answer(ComparisonPageView.of(page))


@bp.delete(f"{COMPARISONS}/<comparison_id>")
@bp.doc(**docs.DELETE)
def delete(comparison_id: str) -> Response:
    """Stop and delete a comparison

    The jobs that were made for it are deleted with it, and their videos.
    """
    services().queue.comparisons.delete(comparison_id, tenant())
    return Response(status=204)


def _accepted(comparison: Comparison) -> Response:
    headers = {"Location": f"{COMPARISONS}/{comparison.id}", **RETRY_SOON}
    return answer(ComparisonView.of(comparison), 202, headers)
