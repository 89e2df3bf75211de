"""Who is in the house: living workers, and the voices that can speak."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """A living worker process, by its last heartbeat.

    Attributes:
        name: such as "render0@host".
        kind: "cpu" or "render".
        generator: what a render worker holds, None for a cpu worker.
        generator_ready: loaded and warmed up (always true for a cpu worker).
        device: "cuda:0", or "cores 0,1".
        pid: of the process that renders.
        setups: how often this process has set its generator up (1, for ever).
        chunks_done, frames_done: since it started.
        busy_seconds: spent on those chunks; frames_done / busy_seconds is its measured pace.
        job: id of the job in hand, if any.
        chunk: index of the chunk of it that is in hand.
        frames_left: of that chunk, when it was last heard.
        fixed_s, per_frame_s: what a chunk and a frame cost it, seconds, learnt from its chunks
            (`tasks.learning`). None: it has rendered none yet.
        error_at: when an attempt of this process failed last (Unix time, seconds); why, the
            fleet's view says (`Member.error`).
        fingerprint: of a render worker's generator, weights and encoder: equal ones make equal
            frames. None until it is ready.
        context: samples that its generator hears before and after a frame.
        gpu_memory_used, gpu_memory_total: of its GPU or MIG slice, bytes, all processes on it
            together; None where it has none, or the driver does not say.
    """

    name: str
    kind: str
    generator: str | None
    generator_ready: bool
    device: str
    pid: int
    setups: int = 0
    chunks_done: int = 0
    frames_done: int = 0
    job: str | None = None
    fingerprint: str | None = None
    context: tuple[int, int] = (0, 0)
    busy_seconds: float = 0.0
    chunk: int | None = None
    frames_left: int = 0
    fixed_s: float | None = None
    per_frame_s: float | None = None
    error_at: float | None = None
    gpu_memory_used: int | None = None
    gpu_memory_total: int | None = None

    @property
    def host(self) -> str:
        """The machine, by the worker's name; "" where the name has none."""
        return self.name.partition("@")[2]


class WorkerState(StrEnum):
    """What a worker does."""

    STARTING = "starting"  # loads and warms up its generator
    IDLE = "idle"  # a render worker with nothing in hand
    RENDERING = "rendering"
    READY = "ready"  # a cpu worker, which does not tell what it has in hand
    DRAINING = "draining"  # was asked to end: what it has in hand is its last
    GONE = "gone"  # was not heard of any more, without a word


@dataclass(frozen=True, slots=True)
class Mishap:
    """What went wrong last with a worker: when (Unix time, seconds), and why, in words."""

    at: float
    why: str


@dataclass(frozen=True, slots=True)
class Member:
    """A worker in the fleet's view.

    Attributes:
        worker: its last heartbeat.
        state: what it does.
        heard_s: since that heartbeat, seconds.
        error: of this process or of one before it, in the last day.
    """

    worker: WorkerInfo
    state: WorkerState
    heard_s: float
    error: Mishap | None


@dataclass(frozen=True, slots=True)
class VoiceInfo:
    """A language that can be spoken: its code ("ru"), name ("Russian") and voice variants."""

    language: str
    name: str
    variants: tuple[str, ...] = ()
