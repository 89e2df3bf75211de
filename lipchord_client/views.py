"""What the API says, as typed dictionaries: the JSON as it comes, and its fields by name.

A field that this client does not know yet is in the dictionary all the same.
"""

from typing import Any, Literal, NotRequired, TypedDict

State = Literal["queued", "running", "succeeded", "failed", "canceled", "expired"]
ENDED = ("succeeded", "failed", "canceled", "expired")


class ProblemView(TypedDict):
    """Why a job failed; `type` is stable, `detail` says what to do."""

    type: str
    title: str
    status: int
    detail: str


class ChunkView(TypedDict):
    """How far one chunk is; `seconds` once it is done."""

    index: int
    first_frame: int
    n_frames: int
    state: Literal["queued", "rendering", "done"]
    frames_done: int
    worker: str | None
    seconds: float | None
    attempts: int
    error: str | None
    reused: bool
    started_at: NotRequired[str | None]
    finished_at: NotRequired[str | None]


class ChunksView(TypedDict):
    """`list` is null in a list of jobs."""

    total: int
    done: int
    list: list[ChunkView] | None


class VideoView(TypedDict):
    """The finished MP4: bytes, and the hex digest of them."""

    size: int
    sha256: str


class WebhookView(TypedDict):
    """What became of the webhook."""

    state: str
    attempts: int
    last_status: int | None
    last_error: str | None
    next_at: str | None


class LinksView(TypedDict):
    """Where to go from there; `video` once there is one."""

    self: str
    video: str | None
    stream: NotRequired[str | None]
    events: NotRequired[str | None]
    captions: NotRequired[str | None]
    page: NotRequired[str | None]


class ProofView(TypedDict):
    """What was measured in the finished MP4; `rendered` is the same however a job is cut."""

    n_frames: int
    fps: str
    width: int
    height: int
    picture_seconds: float
    sound_seconds: float
    codec: str
    sound_codec: str
    sample_rate: int
    rendered: str | None


class JobView(TypedDict):
    """A job; moments are ISO 8601 in UTC, `progress` 0..1."""

    id: str
    state: State
    stage: Literal["planning", "rendering", "merging"] | None
    progress: float
    eta_seconds: float | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    fps: str | None
    n_frames: int | None
    speech_seconds: float | None
    playable_seconds: NotRequired[float | None]
    chunks: ChunksView
    timings: dict[str, float]
    warnings: list[str]
    error: ProblemView | None
    video: VideoView | None
    proof: ProofView | None
    webhook: WebhookView | None
    request: dict[str, Any]
    links: LinksView


class VoiceView(TypedDict):
    """A language that can be spoken, and variants of its voice."""

    language: str
    name: str
    variants: list[str]


class WorkerView(TypedDict):
    """A living worker, by its last heartbeat."""

    name: str
    kind: Literal["cpu", "render"]
    generator: str | None
    generator_ready: bool
    device: str
    chunks_done: int
    frames_done: int
    job: str | None


class CheckView(TypedDict):
    """What a job would take; what `submit` would refuse has been refused instead.

    `exact`: whether frames and length are counted; seconds are null where no worker is ready;
    `face`, `audio`: the files that were sent, as a job can name them.
    """

    n_frames: int
    speech_seconds: float
    exact: bool
    chunks: int
    workers: int
    render_seconds: float | None
    wait_seconds: float | None
    total_seconds: float | None
    warnings: list[str]
    face: str | None
    audio: str | None


class FaceView(TypedDict):
    """A face that is kept: its 68 landmarks are pixels of the picture as kept."""

    id: str
    created_at: str
    kind: Literal["picture", "video"]
    width: int
    height: int
    n_frames: int
    landmarks: list[list[float]]
    box: Any
    locator: str
    corrected: bool
    warnings: list[str]
    links: dict[str, str]


class SpeakOptions(TypedDict, total=False):
    """How it is said and shown; the API's /docs describes each."""

    language: str
    voice: str
    rate: int
    pitch: int
    generator: str
    fps: str | float
    seed: int
    blink: bool
    sway: bool
    paste: Literal["feathered", "reference"]
    av_offset_frames: int
    rest_in_silence: bool
    box: str


class JobOptions(SpeakOptions, total=False):
    """And how it is done."""

    num_workers: int
    webhook: str
    reuse: bool
