"""Jobs in the words of the API: what each field of an answer means, and its unit.

Each field's example in /openapi.json is what the examples of whole answers have there.
"""

from datetime import datetime

from pydantic import BaseModel, Field

from api.problem_views import ProblemView
from api.proof_view import ProofView
from api.schemas import JobBody
from tasks.contract import ChunkState, JobState, Stage, WebhookState


class RequestView(JobBody):
    """The request as it was understood; it can be sent again as it is."""


class ChunkView(BaseModel):
    """How far one chunk is."""

    index: int = Field(description="Its place in the video, from 0.")
    first_frame: int = Field(description="Number of its first frame in the video, from 0.")
    n_frames: int = Field(description="Frames that it has.")
    state: ChunkState = Field(description="`queued`, `rendering` or `done`.")
    frames_done: int = Field(description="Frames rendered so far.")
    worker: str | None = Field(description="Who has it, or had it last.")
    seconds: float | None = Field(
        description="Seconds spent rendering and encoding, once it is done."
    )
    attempts: int = Field(description="How often a worker took it.")
    error: str | None = Field(description="Why the last attempt that failed did so.")
    reused: bool = Field(
        description="An earlier job had rendered these very frames: nothing was left to do."
    )
    started_at: datetime | None = Field(description="When its last attempt began, UTC.")
    finished_at: datetime | None = Field(description="When it was done, UTC.")


class ChunksView(BaseModel):
    """The chunks of a job; both numbers are 0 until it is planned."""

    total: int = Field(description="How many there are.")
    done: int = Field(description="How many are rendered.")
    each: list[ChunkView] | None = Field(
        serialization_alias="list", description="In order; null in a list of jobs."
    )


class VideoView(BaseModel):
    """The finished MP4."""

    size: int = Field(description="Bytes.")
    sha256: str = Field(description="Of its bytes, 64 hex digits; also its ETag.")


class WebhookView(BaseModel):
    """What became of the webhook."""

    state: WebhookState = Field(
        description="`waiting` for the job's end; `pending` until heard; `failed`: given up; "
        "`disabled`: the receiver answered 410."
    )
    attempts: int = Field(description="Calls that have ended, well or not.")
    last_status: int | None = Field(description="HTTP status of the last answer.")
    last_error: str | None = Field(description="Of the last attempt, where it failed.")
    next_at: datetime | None = Field(description="When the next attempt is due, UTC.")


class LinksView(BaseModel):
    """Where to go from here."""

    here: str = Field(serialization_alias="self", description="This job.")
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

    id: str = Field(description="`job_` and 32 hex digits.")
    state: JobState = Field(description="How far it is; how it ended.")
    stage: Stage | None = Field(description="What a running job is doing.")
    progress: float = Field(ge=0, le=1, description="Share that is done, 0 to 1. Never falls.")
    eta_seconds: float | None = Field(
        description="Seconds until the end, where it can be estimated."
    )
    created_at: datetime = Field(description="When it was accepted, UTC.")
    started_at: datetime | None = Field(description="When its planning began, UTC.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    fps: str | None = Field(
        description="Frames a second, as a whole number or a fraction; null until planned."
    )
    n_frames: int | None = Field(description="Frames of the video; null until planned.")
    speech_seconds: float | None = Field(
        description="Length of the sound, seconds; null until planned."
    )
    playable_seconds: float = Field(
        description="Seconds of the beginning that can be watched now: see `links.stream`."
    )
    chunks: ChunksView = Field(description="The pieces that workers render.")
    timings: dict[str, float] = Field(description="Seconds so far, by stage.")
    warnings: list[str] = Field(description="What you should know of it, in sentences.")
    error: ProblemView | None = Field(description="Why it failed or expired.")
    video: VideoView | None = Field(
        description="Null until the job has succeeded, and once deleted."
    )
    proof: ProofView | None = Field(description="Null until there is a video, and once deleted.")
    webhook: WebhookView | None = Field(description="Null where the request names none.")
    request: RequestView = Field(description="What was asked for, with every default.")
    links: LinksView = Field(description="Addresses at this service.")


class JobPageView(BaseModel):
    """Jobs, newest first."""

    jobs: list[JobView] = Field(description="At most `limit`.")
    next_cursor: str | None = Field(description="For the page after this one; null at the end.")
