"""What the API says about the fleet: workers by host, and queues."""

from typing import Literal, TypedDict


class InHandView(TypedDict):
    """A chunk that a render worker has in hand; of another tenant's job only what is left."""

    job: str | None
    chunk: int | None
    frames_left: int


class MemoryView(TypedDict):
    """Of a GPU or MIG slice, bytes."""

    used: int
    total: int


class MishapView(TypedDict):
    """What went wrong last with a worker, and when (ISO 8601)."""

    at: str
    detail: str


class FleetWorkerView(TypedDict):
    """A worker of a host."""

    name: str
    kind: Literal["cpu", "render"]
    device: str
    generator: str | None
    state: Literal["starting", "idle", "rendering", "ready", "draining", "gone"]
    heard_seconds_ago: float
    frames_per_second: float | None
    fixed_seconds: float | None
    seconds_per_frame: float | None
    chunks_done: int
    frames_done: int
    in_hand: InHandView | None
    gpu_memory: MemoryView | None
    last_error: MishapView | None


class HostView(TypedDict):
    """A host, and its workers."""

    name: str
    workers: list[FleetWorkerView]


class QueueView(TypedDict):
    """A generator's queue."""

    generator: str
    ready_workers: int
    frames_per_second: float
    chunks_waiting: int


class FleetView(TypedDict):
    """All workers of all hosts, and the queue of each generator."""

    hosts: list[HostView]
    queues: list[QueueView]
