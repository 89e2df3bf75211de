"""One worker process: pinned, its generator loaded once, its heart beating.

This is the one place with module-level state: the process's loaded generator.
It lives in the spawned child of `celery worker`; the parent never loads torch.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import structlog

from lipsync_engine import registry
from lipsync_engine.chunking import costs_of
from lipsync_engine.generator import WarmsUp
from lipsync_engine.placing import computed
from lipsync_engine.timeline import FrameRange
from tasks.blueprint import Chunk
from tasks.comparing.book import Book
from tasks.comparing.measure import Bystanders
from tasks.dispatch import Dispatch
from tasks.endings import Endings
from tasks.errors import StoreError
from tasks.face_findings import FaceFindings
from tasks.fleet import Fleet
from tasks.gpu_memory import GpuMemory
from tasks.holds import Holds
from tasks.house import WorkerInfo
from tasks.inspection import Inspections
from tasks.known import KnownChunks
from tasks.learning import ChunkTimes
from tasks.records import Records
from tasks.render import Renderer
from tasks.settings import Settings
from tasks.storage import RedisStorage, Storage
from tasks.stores import connect

NEWS_S = 0.1  # between two heartbeats, at least
AT_ONCE_S = 0.25  # a chunk taken so soon after the last had waited: the messages took that time

log = structlog.get_logger()


class Worker:
    """What a task finds in its process: stores, and in a render worker the renderer."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        queue = connect(settings.queue_url)
        self.records = Records(queue, settings.job_ttl_s, settings.lease_s)
        blobs = connect(settings.blob_url)
        self.storage: Storage = RedisStorage(blobs, settings.blob_part_bytes)
        self.holds = Holds(blobs, settings)
        self.known = KnownChunks(blobs, settings.chunk_ttl_s)
        self.endings = Endings(queue)
        self.inspections = Inspections(queue)
        self.comparisons = Book(queue, settings.job_ttl_s)
        self.bystanders = Bystanders(queue)
        self.face_findings = FaceFindings(queue)
        self.fleet = Fleet(queue, settings.heartbeat_s)
        self.dispatch = Dispatch(queue, self.fleet, self.records, settings.jobs_under_way)
        self._renderer: Renderer | None = None
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._taken_at = time.monotonic()  # when the chunk in hand was
        self._ended_at = float("-inf")  # when the last chunk was done
        self._times = ChunkTimes(costs_of(settings.generator))
        self._gpu_memory = GpuMemory(settings.device, os.environ)
        self._info = WorkerInfo(
            name=settings.worker_name,
            kind=settings.worker_kind,
            generator=settings.generator if settings.worker_kind == "render" else None,
            generator_ready=settings.worker_kind != "render",
            device=f"cores {settings.cores}" if settings.cores else settings.device,
            pid=os.getpid(),
        )

    @property
    def renderer(self) -> Renderer:
        """Raises RuntimeError in a worker that was not started to render."""
        if self._renderer is None:
            raise RuntimeError(
                "this worker holds no generator; start it with LIPCHORD_WORKER_KIND=render"
            )
        return self._renderer

    @property
    def name(self) -> str:
        return self._info.name

    def set_up(self) -> None:
        """Pin the process, start the heartbeat, load and warm up the generator."""
        pin(self.settings.cores)
        with suppress(StoreError):
            self.fleet.come(self.name)
        beat = threading.Thread(target=self._beat_for_ever, name="heartbeat", daemon=True)
        beat.start()
        if self.settings.worker_kind == "render":
            started = time.perf_counter()
            generator = registry.create(self.settings.generator)
            generator.setup()
            if isinstance(generator, WarmsUp):
                generator.warm_up()
            self._renderer = Renderer(generator, self.storage, self.settings, self.known)
            self.note(
                generator_ready=True,
                setups=self._info.setups + 1,
                fingerprint=self._renderer.fingerprint,
                context=(generator.context.before, generator.context.after),
            )
            log.info("generator ready", generator=self.settings.generator,
                     seconds=round(time.perf_counter() - started, 2))  # fmt: skip

    def note(self, **changes: object) -> None:
        """Change what the heartbeat says; its thread says it at once, and nobody waits for it."""
        self._change(**changes)
        self._news.set()

    def note_failure(self, why: str) -> None:
        """An attempt of this process has failed."""
        self.note(error_at=round(time.time(), 3))
        try:
            self.fleet.note_error(self.name, why)
        except StoreError as error:
            log.warning("the fleet was not told", error=str(error))

    def take(self, job_id: str, chunk: int, n_frames: int) -> None:
        """A chunk comes into this worker's hand."""
        self._taken_at = time.monotonic()
        self.note(job=job_id, chunk=chunk, frames_left=n_frames)

    def note_left(self, n_frames: int) -> None:
        """So many frames of it are to be done; the next heartbeat says so, none comes for it."""
        self._change(frames_left=n_frames)

    def put_down(self) -> None:
        """Whatever became of the chunk, it is no longer in hand."""
        self.note(job=None, chunk=None, frames_left=0)

    def chunk_done(self, chunk: Chunk) -> None:
        """Count a rendered chunk, and what it cost."""
        info, now = self._info, time.monotonic()
        # By what was computed: 26 frames of four batches cost a third more than 24 of three.
        frames = computed(FrameRange(chunk.first_frame, chunk.n_frames))
        waited = self._taken_at - self._ended_at > AT_ONCE_S
        self._times.add(frames, now - (self._taken_at if waited else self._ended_at))
        self._ended_at, costs = now, self._times.costs
        self.note(
            chunks_done=info.chunks_done + 1,
            frames_done=info.frames_done + chunk.n_frames,
            busy_seconds=round(info.busy_seconds + now - self._taken_at, 3),
            fixed_s=round(costs.fixed_s, 5),
            per_frame_s=round(costs.per_frame_s, 7),
        )
        self.put_down()

    def _change(self, **changes: object) -> None:
        with self._lock:
            self._info = replace(self._info, **changes)  # type: ignore[arg-type]

    def _beat_for_ever(self) -> None:
        while True:
            self._news.clear()
            self._beat()
            time.sleep(min(NEWS_S, self.settings.heartbeat_s))  # what comes meanwhile is one beat
            self._news.wait(max(0.0, self.settings.heartbeat_s - NEWS_S))

    def _beat(self) -> None:
        try:
            used, total = self._gpu_memory.now()
            self.fleet.beat(replace(self._info, gpu_memory_used=used, gpu_memory_total=total))
        except StoreError as error:
            log.warning("heartbeat missed", error=str(error))


def pin(cores: str) -> None:
    """Bind this process to CPU cores such as "0,1", and torch to as many threads."""
    if not cores:
        return
    wanted = {int(core) for core in cores.split(",")}
    os.sched_setaffinity(0, wanted)
    os.environ["OMP_NUM_THREADS"] = str(len(wanted))  # read when torch is first imported


_worker: Worker | None = None


def start(on_started: Callable[[Worker], None] = lambda _worker: None) -> None:
    """Make this process a worker; called once, in the spawned child.

    Raises:
        SystemExit: the generator cannot be had. (Celery swallows any other error here.)
    """
    global _worker  # noqa: PLW0603 - see the module's docstring
    try:
        worker = Worker(Settings.from_env())
        worker.set_up()
    except Exception as error:
        log.error("worker cannot start", error=str(error), exc_info=True)
        raise SystemExit(f"lipchord worker cannot start: {error}") from error
    _worker = worker
    on_started(worker)


def start_child(on_started: Callable[[Worker], None]) -> None:
    """As `start`, in the child of `celery worker`, whose parent ends with it where it fails.

    Celery's parent would start one child after the other for ever, and look alive: whoever
    watches it would neither see that it cannot work, nor give up.
    """
    try:
        start(on_started)
    except SystemExit:
        os.kill(os.getppid(), signal.SIGTERM)
        raise


def current() -> Worker:
    """This process's worker."""
    if _worker is None:
        start()
    assert _worker is not None  # noqa: S101 - `start` sets it or exits
    return _worker
