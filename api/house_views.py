"""What an answer says about the house: workers, voices, health."""

from pydantic import BaseModel, Field

from api.views import like


class VoiceView(BaseModel):
    """A language that can be spoken."""

    language: str
    name: str
    variants: list[str]


class VoicesView(BaseModel):
    """All languages, sorted by code."""

    voices: list[VoiceView]


class WorkerView(BaseModel):
    """A living worker process, by its last heartbeat."""

    name: str
    kind: str
    generator: str | None
    generator_ready: bool
    device: str
    pid: int
    setups: int
    chunks_done: int
    frames_done: int
    job: str | None
    fingerprint: str | None = Field(
        description="Of generator, weights and encoder: equal ones make equal frames."
    )


class WorkersView(BaseModel):
    """All living workers."""

    workers: list[WorkerView]


class HealthView(BaseModel):
    """`ok`, or this would not be the answer."""

    status: str


def voice_view(voice: object) -> VoiceView:
    """A `tasks.house.VoiceInfo`."""
    return like(VoiceView, voice)


def worker_view(worker: object) -> WorkerView:
    """A `tasks.house.WorkerInfo`."""
    return like(WorkerView, worker)
