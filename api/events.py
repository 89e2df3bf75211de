"""Server-sent events: what happens to a job, as it happens (WHATWG HTML, 9.2)."""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

from apiflask import APIBlueprint
from flask import Flask, Response, current_app

from api import docs
from api.queries import EventsHeaders, EventsQuery
from api.services import Services, services, tenant
from api.views import JOBS, job_view
from tasks.errors import TasksError
from tasks.live import JobEvent

Take = Callable[[float], tuple[JobEvent, ...]]

bp = APIBlueprint("events", __name__, url_prefix=JOBS, tag="Events")

HEARTBEAT_S = 15.0  # proxies close what is silent for a minute, some for half of one
BURST_S = 0.25  # what happens within it is told together, with one view of the job
RETRY_MS = 1000
ENTRY = re.compile(r"[0-9]{1,16}(-[0-9]{1,10})?")


@bp.get("/<job_id>/events")
@bp.input(EventsHeaders, location="headers", arg_name="headers")
@bp.input(EventsQuery, location="query", arg_name="query")
@bp.doc(**docs.EVENTS)
def events(job_id: str, headers: EventsHeaders, query: EventsQuery) -> Response:
    """Watch what happens to a job

    Server-sent events: every entry of the job's history, from the first or from the one after
    `Last-Event-ID`, and after each burst `event: job` with the whole job. When the job has ended
    comes `event: end`, and the connection closes. 503 where too many watch already: poll then.
    """
    services().queue.version(job_id, tenant())
    given = headers.last_event_id or query.after
    after = given if ENTRY.fullmatch(given) else "0-0"  # what is no id of ours: from the first
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    with ExitStack() as held:
        held.enter_context(services().streams.slot())
        watch = held.enter_context(services().queue.watch(job_id, after))
        closing = held.pop_all()
    response = Response(_told(app, services(), job_id, watch.take), mimetype="text/event-stream")
    response.call_on_close(closing.close)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would hold it back
    return response


def _told(app: Flask, house: Services, job_id: str, take: Take) -> Iterator[str]:
    """The messages, until the job has ended; `take` waits so many seconds for news."""
    yield f"retry: {RETRY_MS}\n\n"
    news, last = take(0), ""
    while True:
        yield "".join(map(_entry, news))
        last = news[-1].id if news else last
        try:
            job = house.queue.job(job_id)
            with app.app_context():
                view = job_view(job).model_dump_json(by_alias=True)
            yield _message("job", view, last)
            if job.state.terminal:
                yield _message("end", "{}", last)
                return
        except TasksError as error:  # gone meanwhile, or a store is away: the client asks again
            yield f": {type(error).__name__}\n\n"
            return
        time.sleep(BURST_S)
        while not (news := take(HEARTBEAT_S)):
            yield ": still here\n\n"


def _entry(event: JobEvent) -> str:
    return _message(event.name, json.dumps({"at": event.at, **event.facts}), event.id)


def _message(name: str, data: str, entry_id: str) -> str:
    head = f"id: {entry_id}\n" if entry_id else ""
    return f"{head}event: {name}\ndata: {data}\n\n"
