"""Pages for people: send a job, read the API, look a problem up. No CDN, no inline script."""

import json
from typing import Any

from apiflask import APIBlueprint
from flask import Response, abort, current_app, render_template, request

from api.problems import KINDS, MEDIA_TYPE, problem
from api.services import services

bp = APIBlueprint("pages", __name__, enable_openapi=False)

PAGES = (("/", "studio", "Studio"), ("/parallel_test", "compare", "Side by side"),
         ("/docs", "api", "API"))  # fmt: skip


@bp.app_context_processor
def navigation() -> dict[str, Any]:
    """What `base.html` leads to: the pages that this app has, and Flower where it is configured."""
    known = {rule.rule for rule in current_app.url_map.iter_rules()}
    pages: list[dict[str, Any]] = [
        {"address": address, "name": name, "words": words}
        for address, name, words in PAGES
        if address in known
    ]
    flower = services().settings.flower_url
    if flower:
        pages.append({"address": flower, "name": "flower", "words": "Flower", "elsewhere": True})
    return {"navigation": pages}


@bp.get("/")
def index() -> str:
    """The form that makes a video."""
    return render_template("index.html")


@bp.get("/jobs/<job_id>")
def job(job_id: str) -> str:  # noqa: ARG001 - the page reads its address
    """What happened to one job; the page asks the API for it."""
    return render_template("job.html")


@bp.get("/parallel_test")
def parallel_test() -> str:
    """Sequential and parallel, side by side."""
    return render_template("parallel_test.html")


@bp.get("/docs")
def reference() -> str:
    """/openapi.json, readable."""
    return render_template("docs.html")


@bp.get("/problems/<name>")
def about_problem(name: str) -> str | Response:
    """What the `type` of a problem points to: what it means and what to do."""
    if name not in KINDS:
        abort(404)
    kind = KINDS[name]
    if request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html":
        return render_template("problem.html", name=name, kind=kind)
    return json_response(problem(name, kind.advice))


def json_response(body: dict[str, object]) -> Response:
    """A description of a problem; the answer itself is a 200."""
    return Response(json.dumps(body, ensure_ascii=False), mimetype=MEDIA_TYPE)
