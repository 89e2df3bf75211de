"""Two real stores and real Celery workers inside this process, whose pieces cost nothing.

What is real: the stores (synced as `lipchord up` starts them), the front door, Celery's
messages and its chord, the handlers, leases, fences, holds, heartbeats, the reaper. What
is not: planning answers at once with a given number of chunks, rendering sleeps or returns
a blob that is there already, and so does joining. So what is measured is the queue.
"""

import io
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from unittest.mock import patch

import redis

from deploy import stores
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, stop_all
from tasks.blueprint import Chunk, Plan
from tasks.contract import Job, JobRequest, VideoInfo
from tasks.settings import Settings
from tasks.storage import Blob

FPS = Fraction(25)
FRAMES = 100  # of a chunk


@dataclass
class House:
    """What a measurement uses.

    Attributes:
        n_chunks: how many the next job is planned as; 0: it is planned as always.
        render: what stands in for rendering a chunk; told the chunk, it may sleep.
    """

    settings: Settings
    client: "redis.Redis"
    blobs: "redis.Redis"
    n_chunks: int = 1
    render: Callable[[Chunk], None] = lambda _chunk: None


@dataclass(frozen=True, slots=True)
class Cost:
    """What the queue store has done so far."""

    cpu_s: float
    commands: int
    memory: int

    @classmethod
    def of(cls, client: "redis.Redis") -> "Cost":
        """Seconds of processor, commands, and bytes of memory, by the server's own count."""
        cpu, stats, memory = client.info("cpu"), client.info("stats"), client.info("memory")
        return cls(
            cpu["used_cpu_user"] + cpu["used_cpu_sys"],
            stats["total_commands_processed"],
            memory["used_memory"],
        )


@contextmanager
def two_stores(folder: Path) -> Iterator[tuple[str, str]]:
    """URLs of a queue store and a blob store, as `lipchord up` starts them."""
    with Guard() as guard:
        specs = [
            stores.StoreSpec("queue", free_port(), folder / "queue", "queue", 2**30),
            stores.StoreSpec("blobs", free_port(), folder / "blobs", "blobs", 2**30),
        ]
        server = stores.find_server()
        children = [Child(stores.process(spec, server), folder, guard) for spec in specs]
        try:
            for spec, child in zip(specs, children, strict=True):
                stores.wait_ready(spec, child)
            yield specs[0].url, specs[1].url
        finally:
            stop_all(children)


@contextmanager
def house(folder: Path, renders: bool = True, **env: str) -> Iterator[House]:
    """Both stores, and in this process a worker that plans and merges.

    Args:
        renders: that worker takes the chunks, too, one at a time; else `scale_crew` does.
        env: more settings.
    """
    with two_stores(folder) as (queue_url, blob_url), ExitStack() as stack:
        told = {"LIPCHORD_QUEUE_URL": queue_url, "LIPCHORD_BLOB_URL": blob_url,
                "LIPCHORD_READY_GRACE_S": "0", "LIPCHORD_REUSE": "0", **env}  # fmt: skip
        stack.enter_context(patch.dict(os.environ, told))
        made = here()
        # Celery's app reads its settings when it is imported.
        from benchmarks.scale_workers import working

        stack.enter_context(working(made, renders))
        yield made


def here() -> House:
    """The house whose stores the environment names."""
    from tasks.stores import connect

    settings = Settings.from_env()
    return House(settings, connect(settings.queue_url), connect(settings.blob_url))


def front_door(house: House) -> Any:
    """The job queue, as the API has it."""
    from tasks.app import app
    from tasks.chord import CeleryPublisher
    from tasks.client import JobQueue

    return JobQueue(house.settings, CeleryPublisher(app))


def finished(queue: Any, job: Job, timeout_s: float = 600.0) -> Job:
    """Wait for the job's end, asking for its state alone, and rarely."""
    import time

    end = time.monotonic() + timeout_s
    while not queue._records.state(job.id).terminal:
        if time.monotonic() > end:
            raise TimeoutError(f"{queue.job(job.id)}")
        time.sleep(0.02)
    ended: Job = queue.job(job.id)
    assert ended.state.value == "succeeded", ended.failure
    return ended


def plan_of(request: JobRequest, n_chunks: int, blob: Blob) -> Plan:
    """A plan of equal chunks whose blobs are all the same one."""
    n_frames = FRAMES * n_chunks
    return Plan(
        request=request, fps=FPS, n_frames=n_frames, n_samples=n_frames * 640,
        chunks=tuple(Chunk(i, i * FRAMES, FRAMES) for i in range(n_chunks)),
        pcm=blob.key, track=blob.key, track_suffix=".wav", face=blob.key,
    )  # fmt: skip


def video_of(blob: Blob) -> VideoInfo:
    return VideoInfo(blob.key, blob.size, "0" * 64)


def some_blob(storage: Any) -> Blob:
    """What every chunk is."""
    blob: Blob = storage.put(io.BytesIO(os.urandom(50_000)), 86400)
    return blob
