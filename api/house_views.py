"""What an answer says about the house: workers, voices, health."""

from pydantic import BaseModel, Field

from api.views import like


class VoiceView(BaseModel):
    """A language that can be spoken."""

    language: str = Field(description="Its code, for `language` of a job.")
    name: str = Field(description="In English.")
    variants: list[str] = Field(description="Other voices for it, for `voice` of a job.")


class VoicesView(BaseModel):
    """All languages, sorted by code."""

    voices: list[VoiceView] = Field(description="Sorted by code.")


class WorkerView(BaseModel):
    """A living worker process, by its last heartbeat."""

    name: str = Field(description="Such as `render0`, at its host.")
    kind: str = Field(description="`cpu` plans and merges, `render` renders.")
    generator: str | None = Field(description="What it renders with; null for a cpu worker.")
    generator_ready: bool = Field(description="Whether that is loaded and warm.")
    device: str = Field(description="What it computes on.")
    pid: int = Field(description="Of its process, on its host.")
    setups: int = Field(
        description="How often the process has loaded its generator: once, if all is well."
    )
    chunks_done: int = Field(description="Chunks rendered since its start.")
    frames_done: int = Field(description="Frames rendered since its start.")
    job: str | None = Field(description="What it works on now; null: it waits.")
    fingerprint: str | None = Field(
        description="Of generator, weights and encoder: equal ones make equal frames."
    )


class WorkersView(BaseModel):
    """All living workers."""

    workers: list[WorkerView] = Field(description="Sorted by name.")


class HealthView(BaseModel):
    """`ok`, or this would not be the answer."""

    status: str = Field(description="One word.")


def voice_view(voice: object) -> VoiceView:
    """A `tasks.house.VoiceInfo`."""
    return like(VoiceView, voice)


def worker_view(worker: object) -> WorkerView:
    """A `tasks.house.WorkerInfo`."""
    return like(WorkerView, worker)
