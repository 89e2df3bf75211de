"""From what the queue says of jobs to what an answer says."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

from flask import Response, jsonify
from pydantic import BaseModel

from api.job_views import (
    ChunksView,
    ChunkView,
    JobPageView,
    JobView,
    LinksView,
    RequestView,
    VideoView,
    WebhookView,
)
from api.problem_views import failure_view
from api.proof_view import ProofView
from tasks.contract import ChunkState, ChunkStatus, Job, JobPage, JobState, WebhookStatus

View = TypeVar("View", bound=BaseModel)

JOBS = "/api/v1/jobs"
SHOWN_TEXT = 200  # characters of a text in a list of jobs


def job_view(job: Job, brief: bool = False) -> JobView:
    """A job; `brief` leaves the list of chunks out and shortens the text, for lists of jobs."""
    request = RequestView.of(job.request)
    if brief:
        request = request.model_copy(update=shortened(request))
    chunks = ChunksView(
        total=len(job.chunks),
        done=sum(chunk.state is ChunkState.DONE for chunk in job.chunks),
        each=None if brief else [_chunk(chunk) for chunk in job.chunks],
    )
    return like(
        JobView,
        job,
        created_at=moment(job.created_at),
        started_at=moment(job.started_at),
        finished_at=moment(job.finished_at),
        chunks=chunks,
        timings=dict(job.timings),
        warnings=list(job.warnings),
        error=failure_view(job.failure),
        video=VideoView(size=job.video.size, sha256=job.video.sha256) if job.video else None,
        proof=like(ProofView, job.video.proof) if job.video and job.video.proof else None,
        webhook=_webhook(job.webhook),
        request=request,
        links=_links(job),
    )


def _chunk(chunk: ChunkStatus) -> ChunkView:
    times = {name: moment(getattr(chunk, name)) for name in ("started_at", "finished_at")}
    return like(ChunkView, chunk, **times)


def _links(job: Job) -> LinksView:
    here = f"{JOBS}/{job.id}"
    done = job.state is JobState.SUCCEEDED
    streamed = job.playable_seconds > 0 if job.state.terminal else job.n_frames is not None
    return LinksView(
        here=here,
        video=f"{here}/video" if done and job.video else None,
        stream=f"{here}/stream.m3u8" if streamed else None,
        captions=f"{here}/captions.vtt" if streamed and job.request.text is not None else None,
        events=f"{here}/events",
        page=f"/jobs/{job.id}",
    )


def page_view(page: JobPage) -> JobPageView:
    """A page of jobs, each in brief."""
    return JobPageView(
        jobs=[job_view(job, brief=True) for job in page.jobs], next_cursor=page.next_cursor
    )


def answer(
    view: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """A view as JSON, in UTF-8."""
    response = jsonify(view.model_dump(mode="json", by_alias=True))
    response.status_code = status
    response.headers.extend(headers or {})
    return response


def like(view: type[View], source: object, **instead: Any) -> View:
    """A view whose fields are the source's attributes of the same names, but for `instead`."""
    names = view.model_fields.keys() - instead.keys()
    return view(**{name: getattr(source, name) for name in names}, **instead)


def shortened(request: RequestView) -> dict[str, str]:
    """What a list says instead: no long text, and no query, where receivers keep their keys."""
    instead = {}
    if request.text is not None and len(request.text) > SHOWN_TEXT:
        instead["text"] = request.text[:SHOWN_TEXT] + "…"
    if request.webhook is not None and "?" in request.webhook:
        instead["webhook"] = request.webhook.partition("?")[0] + "?…"
    return instead


def _webhook(status: WebhookStatus | None) -> WebhookView | None:
    return like(WebhookView, status, next_at=moment(status.next_at)) if status else None


@overload
def moment(seconds: float) -> datetime: ...


@overload
def moment(seconds: None) -> None: ...


@overload
def moment(seconds: float | None) -> datetime | None: ...


def moment(seconds: float | None) -> datetime | None:
    """A Unix time as people write it, UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
