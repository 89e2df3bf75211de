"""What the rooms say to each other about jobs. Standard library only.

Blobs are named by keys (`blob_` and the hex SHA-256 of their bytes); a job by
an opaque id (`job_` and 32 hex digits). Lengths of video are frame counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tasks.proof import Proof

# Names of Celery's tasks: publishers use these strings and import no worker code.
PLAN = "lipchord.plan"
RENDER_CHUNK = "lipchord.render_chunk"
MERGE = "lipchord.merge"
CHORD_FAILED = "lipchord.chord_failed"
INSPECT = "lipchord.inspect"
COMPARE = "lipchord.compare"

CPU_QUEUE = "cpu"  # plan, merge, inspect, compare
PUBLIC = "public"  # the tenant of everybody, where no API keys are configured


def render_queue(generator: str) -> str:
    """The queue that only workers holding this generator read."""
    return f"render.{generator}"


class JobState(StrEnum):
    """queued -> running -> succeeded | failed | canceled | expired; the last four are for ever."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"
    EXPIRED = "expired"

    @property
    def terminal(self) -> bool:
        return self not in (JobState.QUEUED, JobState.RUNNING)


class Stage(StrEnum):
    """What a running job is doing."""

    PLANNING = "planning"
    RENDERING = "rendering"
    MERGING = "merging"


class ChunkState(StrEnum):
    """How far one chunk is."""

    QUEUED = "queued"
    RENDERING = "rendering"
    DONE = "done"


class WebhookState(StrEnum):
    """How far the telling is."""

    WAITING = "waiting"  # for the job's end
    PENDING = "pending"  # not yet heard: an attempt is due at `next_at`
    DELIVERED = "delivered"
    FAILED = "failed"  # given up after the last attempt
    DISABLED = "disabled"  # the receiver answered 410 Gone


class MediaKind(StrEnum):
    """What an uploaded blob is meant to be."""

    SPEECH = "speech"
    FACE = "face"


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What the user asked for. Exactly one of `text` and `speech` is given.

    Attributes:
        text: what is said, up to 20 000 characters.
        language: code of the text's language, as espeak-ng knows it ("ru", "en-gb").
        voice: a variant of the language's voice ("f2"), or None for the language's own.
        rate: words a minute, 80..450.
        pitch: 0..99, 50 is the voice's own.
        speech: blob key of an uploaded sound, instead of `text`.
        face: blob key of an uploaded picture or video, or id of a registered face; None is the
            shipped avatar.
        face_card: blob key of the registered face's card as it was at the submit; see
            `tasks.face_making`. Set by the house, not by the user.
        generator: name of an installed generator.
        fps: frames a second, as `lipsync_engine.timeline.parse_fps` reads it.
        num_workers: render workers to plan for, 1..64; None: as many as are ready.
        seed: of blinks and sway.
        blink: whether the face blinks.
        sway: whether the head sways a little.
        paste, av_offset_frames, rest_in_silence: of `wav2lip`; see
            `lipsync_engine.generator.Look`.
        box: of `wav2lip`, the face as "y1,y2,x1,x2" in pixels of the picture as the engine
            keeps it; None: from the landmarks.
        webhook: URL that is told when the job has ended; None: nobody is told.
        reuse: whether frames that an earlier job rendered are used again.
    """

    text: str | None = None
    language: str = "en"
    voice: str | None = None
    rate: int = 165
    pitch: int = 50
    speech: str | None = None
    face: str | None = None
    generator: str = "viseme"
    fps: str = "25"
    num_workers: int | None = None
    seed: int = 0
    blink: bool = True
    sway: bool = True
    paste: str = "feathered"
    av_offset_frames: int = 0
    rest_in_silence: bool = True
    box: str | None = None
    webhook: str | None = None
    face_card: str | None = None
    reuse: bool = True


@dataclass(frozen=True, slots=True)
class ChunkStatus:
    """How far one chunk is.

    Attributes:
        frames_done: rendered so far, 0..n_frames.
        worker: name of the worker that has it or had it last.
        seconds: wall time of its rendering and encoding, once done.
        started_at, finished_at: of its last attempt, Unix time, seconds, by the store's clock.
        attempts: how often a worker took it.
        error: why the last attempt that failed did so.
        reused: an earlier job had rendered these very frames; nothing was left to do.
    """

    index: int
    first_frame: int
    n_frames: int
    state: ChunkState = ChunkState.QUEUED
    frames_done: int = 0
    worker: str | None = None
    seconds: float | None = None
    attempts: int = 0
    error: str | None = None
    reused: bool = False
    started_at: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a job failed: `reason` is stable ("no-face"), `detail` tells the user what to do."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """A finished MP4: blob key, bytes, the hex SHA-256 that serves as its ETag, what it holds."""

    key: str
    size: int
    sha256: str
    proof: Proof | None = None


@dataclass(frozen=True, slots=True)
class WebhookStatus:
    """What became of a job's webhook.

    Attributes:
        attempts: calls that have ended, well or not.
        last_status: HTTP status of the last answer; None where there was none.
        last_error: of the last attempt, in words; None when it went well.
        next_at: when the next attempt is due, Unix time, seconds; None: there is none.
    """

    state: WebhookState = WebhookState.WAITING
    attempts: int = 0
    last_status: int | None = None
    last_error: str | None = None
    next_at: float | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the outside sees it.

    Attributes:
        progress: 0..1, never falls.
        created_at, started_at, finished_at: Unix time, seconds, by the store's clock.
        fps: as "25" or "30000/1001"; None until planned.
        n_frames: of the whole video; None until planned.
        speech_seconds: length of the sound; None until planned.
        playable_seconds: how much of the beginning can be watched now.
        eta_seconds: estimate until the end; None where there is nothing to base one on.
        tenant: whose job it is: a name from the file of API keys.
        timings: seconds spent so far, by stage: "plan", "render", "merge".
        webhook: None where the request names none.
    """

    id: str
    state: JobState
    stage: Stage | None
    progress: float
    request: JobRequest
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    fps: str | None = None
    n_frames: int | None = None
    speech_seconds: float | None = None
    chunks: tuple[ChunkStatus, ...] = ()
    eta_seconds: float | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    failure: Failure | None = None
    video: VideoInfo | None = None
    tenant: str = PUBLIC
    webhook: WebhookStatus | None = None
    playable_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class JobPage:
    """Jobs, newest first; `next_cursor` asks for the page after this one, None at the end."""

    jobs: tuple[Job, ...]
    next_cursor: str | None
