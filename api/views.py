"""What an answer says about jobs, in the words of the API."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

from flask import Response, jsonify
from pydantic import BaseModel, Field

from api.problem_views import ProblemView, failure_view
from api.proof_view import ProofView
from api.schemas import JobBody
from tasks.contract import (
    ChunkState,
    ChunkStatus,
    Job,
    JobPage,
    JobState,
    Stage,
    WebhookState,
    WebhookStatus,
)

View = TypeVar("View", bound=BaseModel)

JOBS = "/api/v1/jobs"
SHOWN_TEXT = 200  # characters of a text in a list of jobs


class RequestView(JobBody):
    """The request as it was understood; it can be sent again as it is."""


class ChunkView(BaseModel):
    """How far one chunk is."""

    index: int
    first_frame: int
    n_frames: int
    state: ChunkState
    frames_done: int
    worker: str | None = Field(description="Who has it, or had it last.")
    seconds: float | None = Field(description="Spent rendering and encoding, once it is done.")
    attempts: int
    error: str | None = Field(description="Why the last attempt that failed did so.")
    reused: bool = Field(
        description="An earlier job had rendered these very frames: nothing was left to do."
    )
    started_at: datetime | None = Field(description="When its last attempt began.")
    finished_at: datetime | None = Field(description="When it was done.")


class ChunksView(BaseModel):
    """The chunks of a job; both numbers are 0 until it is planned."""

    total: int
    done: int
    each: list[ChunkView] | None = Field(
        serialization_alias="list", description="In order; null in a list of jobs."
    )


class VideoView(BaseModel):
    """The finished MP4."""

    size: int = Field(description="Bytes.")
    sha256: str


class WebhookView(BaseModel):
    """What became of the webhook."""

    state: WebhookState = Field(
        description="`waiting` for the job's end; `pending` until heard; `failed`: given up; "
        "`disabled`: the receiver answered 410."
    )
    attempts: int
    last_status: int | None = Field(description="HTTP status of the last answer.")
    last_error: str | None = Field(description="Of the last attempt, where it failed.")
    next_at: datetime | None = Field(description="When the next attempt is due.")


class LinksView(BaseModel):
    """Where to go from here."""

    here: str = Field(serialization_alias="self")
    video: str | None = Field(description="Null until the job has succeeded, and once deleted.")
    page: str = Field(description="For people.")
    stream: str | None = Field(
        description="HLS playlist of what is finished, from the plan on; it can be opened as soon "
        "as `playable_seconds` is above 0. Null where nothing is left to play."
    )
    captions: str | None = Field(
        description="WebVTT of what is said, from the plan on. Null for a job with a sound of its "
        "own, and where nothing is left to play."
    )
    events: str = Field(description="Server-sent events: what happens to the job.")


class JobView(BaseModel):
    """A job. `state` is one of six; the last four are for ever."""

    id: str
    state: JobState
    stage: Stage | None = Field(description="What a running job is doing.")
    progress: float = Field(ge=0, le=1, description="Never falls.")
    eta_seconds: float | None = Field(description="Until the end, where it can be estimated.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    fps: str | None
    n_frames: int | None
    speech_seconds: float | None
    playable_seconds: float = Field(
        description="How much of the beginning can be watched now: see `links.stream`."
    )
    chunks: ChunksView
    timings: dict[str, float] = Field(description="Seconds so far, by stage.")
    warnings: list[str]
    error: ProblemView | None
    video: VideoView | None
    proof: ProofView | None = Field(description="Null until there is a video, and once deleted.")
    webhook: WebhookView | None = Field(description="Null where the request names none.")
    request: RequestView
    links: LinksView


class JobPageView(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobView]
    next_cursor: str | None = Field(description="For the page after this one; null at the end.")


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
