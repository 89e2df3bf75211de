"""What an answer says about the fleet: each worker, by host, and what waits for each generator."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Literal, cast

from pydantic import BaseModel, Field

from api.views import moment
from tasks.contract import render_queue

if TYPE_CHECKING:
    from tasks.house import Member, Mishap, WorkerInfo

ID = re.compile(r"\b(?:job|blob|face)_[0-9A-Za-z]+")


class InHandView(BaseModel):
    """The chunk that a render worker has in hand."""

    job: str | None = Field(
        description="Id of its job; null where that is another tenant's.",
        examples=["job_1f0a2b3c1f0a2b3c1f0a2b3c1f0a2b3c"],
    )
    chunk: int | None = Field(
        description="Index of the chunk in the job; null where the job is.", examples=[3]
    )
    frames_left: int = Field(
        description="Frames of it that were not done when the worker was heard.", examples=[118]
    )


class MemoryView(BaseModel):
    """Memory of a GPU or MIG slice, all processes on it together."""

    used: int = Field(description="Bytes.", examples=[3_221_225_472])
    total: int = Field(description="Bytes.", examples=[85_899_345_920])


class MishapView(BaseModel):
    """What went wrong last with a worker."""

    at: datetime = Field(description="When.", examples=["2026-01-01T00:00:00Z"])
    detail: str = Field(
        description="Why, in words.",
        examples=["The GPU stopped working (CUDA error: an illegal memory access)."],
    )


class FleetWorkerView(BaseModel):
    """A worker of a host."""

    name: str = Field(description="Its name in the fleet.", examples=["render0@gpu-host-1"])
    kind: Literal["cpu", "render"] = Field(
        description="`cpu` plans and merges, `render` renders.", examples=["render"]
    )
    device: str = Field(description="What it renders on.", examples=["cuda:0"])
    generator: str | None = Field(
        description="What it renders with: only jobs for it come here. Null for a cpu worker.",
        examples=["wav2lip_gan"],
    )
    state: Literal["starting", "idle", "rendering", "ready", "draining", "gone"] = Field(
        description="`starting`: loads its generator. `idle`, `rendering`: of a render worker. "
        "`ready`: a cpu worker, which does not tell what it has in hand. `draining`: was asked to "
        "end, what it has in hand is its last. `gone`: no longer heard, without a word; told for "
        "ten minutes.",
        examples=["rendering"],
    )
    heard_seconds_ago: float = Field(
        description="Since its last heartbeat, seconds.", examples=[0.7]
    )
    frames_per_second: float | None = Field(
        description="Measured on all that it has rendered, with everything that a chunk costs; "
        "null before its first chunk, and for a cpu worker.",
        examples=[87.2],
    )
    fixed_seconds: float | None = Field(
        description="What a chunk costs it whatever its length, seconds, learnt from its latest "
        "chunks; jobs are cut by it.",
        examples=[0.06],
    )
    seconds_per_frame: float | None = Field(
        description="What a frame costs it, seconds, learnt likewise.", examples=[0.0115]
    )
    chunks_done: int = Field(description="Since its process began.", examples=[12])
    frames_done: int = Field(description="Since its process began.", examples=[3000])
    in_hand: InHandView | None = Field(description="Null where it renders nothing.")
    gpu_memory: MemoryView | None = Field(
        description="Null without a GPU, or where the driver does not say."
    )
    last_error: MishapView | None = Field(
        description="Of this process or one before it, in the last day; null: none."
    )


class HostView(BaseModel):
    """A host, and its workers, sorted by name."""

    name: str = Field(
        description="What stands after the @ of its workers' names.", examples=["gpu-host-1"]
    )
    workers: list[FleetWorkerView] = Field(description="At least one.")


class QueueView(BaseModel):
    """A generator's queue: any worker that holds it takes the next chunk."""

    generator: str = Field(description="Its name.", examples=["viseme"])
    ready_workers: int = Field(description="Render workers that take chunks.", examples=[2])
    frames_per_second: float = Field(
        description="Of those that have been measured, together.", examples=[171.9]
    )
    chunks_waiting: int = Field(description="That nobody has taken yet.", examples=[4])


class FleetView(BaseModel):
    """All workers of all hosts, and the queue of each generator."""

    hosts: list[HostView] = Field(description="Sorted by name.")
    queues: list[QueueView] = Field(
        description="Of every generator that is installed or held, sorted by name."
    )


def fleet_view(
    members: Iterable[Member], depths: Mapping[str, int], mine: Callable[[str], bool]
) -> FleetView:
    """The fleet as one tenant may see it.

    Args:
        depths: messages waiting, by queue.
        mine: whether a job, by its id, is the tenant's who asks.
    """
    found = sorted(members, key=lambda member: (member.worker.host, member.worker.name))
    hosts = [
        HostView(name=host, workers=[_worker_view(member, mine) for member in some])
        for host, some in groupby(found, key=lambda member: member.worker.host)
    ]
    held = {member.worker.generator for member in found if member.worker.generator}
    known = {name.removeprefix(render_queue("")) for name in depths if render_queue("") in name}
    queues = [_queue_view(name, found, depths) for name in sorted(held | known)]
    return FleetView(hosts=hosts, queues=queues)


def _worker_view(member: Member, mine: Callable[[str], bool]) -> FleetWorkerView:
    worker = member.worker
    seen = worker.job is not None and mine(worker.job)
    in_hand = InHandView(
        job=worker.job if seen else None,
        chunk=worker.chunk if seen else None,
        frames_left=worker.frames_left,
    )
    pace = _pace(worker)
    return FleetWorkerView(
        name=worker.name,
        kind=cast(Literal["cpu", "render"], worker.kind),
        device=worker.device,
        generator=worker.generator,
        state=member.state.value,
        heard_seconds_ago=member.heard_s,
        frames_per_second=None if pace is None else round(pace, 2),
        fixed_seconds=worker.fixed_s,
        seconds_per_frame=worker.per_frame_s,
        chunks_done=worker.chunks_done,
        frames_done=worker.frames_done,
        in_hand=None if worker.job is None else in_hand,
        gpu_memory=_memory(worker),
        last_error=None if member.error is None else _mishap(member.error),
    )


def _mishap(error: Mishap) -> MishapView:
    # An id in it might be another tenant's.
    return MishapView(at=moment(error.at), detail=ID.sub("…", error.why))


def _queue_view(generator: str, members: list[Member], depths: Mapping[str, int]) -> QueueView:
    ready = [
        member.worker
        for member in members
        if member.worker.generator == generator and member.state in ("idle", "rendering")
    ]
    return QueueView(
        generator=generator,
        ready_workers=len(ready),
        frames_per_second=round(sum(_pace(worker) or 0.0 for worker in ready), 2),
        chunks_waiting=depths.get(render_queue(generator), 0),
    )


def _pace(worker: WorkerInfo) -> float | None:
    if not worker.frames_done or worker.busy_seconds <= 0:
        return None
    return worker.frames_done / worker.busy_seconds


def _memory(worker: WorkerInfo) -> MemoryView | None:
    used, total = worker.gpu_memory_used, worker.gpu_memory_total
    return None if used is None or total is None else MemoryView(used=used, total=total)
