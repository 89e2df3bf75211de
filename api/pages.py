"""Pages for people: send a job, read the API, look a problem up. No CDN, no inline script."""

import json

from apiflask import APIBlueprint
from flask import Response, abort, render_template, request

from api.problems import KINDS, MEDIA_TYPE, problem

bp = APIBlueprint("pages", __name__, enable_openapi=False)


@bp.get("/")
def index() -> str:
    """The form that makes a video."""
    return render_template("index.html")


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
