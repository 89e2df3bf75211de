"""Celery workers in threads of this process: real messages, real handlers, stand-ins for work."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import count
from typing import Any
from unittest.mock import patch

from celery.contrib.testing.worker import start_worker

from benchmarks.scale_house import House, plan_of, some_blob, video_of
from tasks import handlers, worker
from tasks.app import app
from tasks.blueprint import Chunk, Plan
from tasks.contract import CPU_QUEUE, render_queue
from tasks.planning import plan_job
from tasks.storage import Blob

GENERATOR = "viseme"  # only by name: nothing of it is loaded


class StandIn:
    """Renders nothing, in the time that the house says."""

    fingerprint = "stand-in~cpu"
    context = (400, 3400)  # samples

    def __init__(self, house: House, blob: Blob) -> None:
        self._house, self._blob = house, blob

    def render(self, _plan: Plan, chunk: Chunk, note: Any) -> Blob:
        """As `tasks.render.Renderer.render`."""
        self._house.render(chunk)
        note(chunk.n_frames)
        return self._blob


@contextmanager
def working(house: House, renders: bool) -> Iterator[None]:
    """A worker that plans and merges, one piece at a time.

    Args:
        renders: it takes the chunks, too.
    """
    with ExitStack() as stack:
        queues = [CPU_QUEUE, render_queue(GENERATOR)] if renders else [CPU_QUEUE]
        stack.enter_context(_celery("cpu@scale", "solo", 1, queues))
        here = worker.current()
        blob = some_blob(here.storage)
        here._renderer = StandIn(house, blob)  # type: ignore[assignment]

        def plan(here: worker.Worker, job_id: str, note: Any) -> Plan:
            if not house.n_chunks:
                return plan_job(here, job_id, note)
            return plan_of(here.records.job(job_id).request, house.n_chunks, blob)

        stack.enter_context(patch.object(handlers, "plan_job", plan))
        stack.enter_context(patch.object(handlers, "sound_of_video", lambda *_: blob.key))
        stack.enter_context(patch.object(handlers, "stitch", lambda *_: video_of(blob)))
        yield


@contextmanager
def crew(house: House, name: str, threads: int) -> Iterator[None]:
    """So many render workers, each a thread with a name and connections of its own."""
    _Crew.standing, _Crew.name = StandIn(house, some_blob(worker.current().storage)), name
    with _names(house), _celery(f"{name}@scale", "threads", threads, [render_queue(GENERATOR)]):
        yield


class _Crew:
    """Each thread of the pool is a worker of its own, by name and by connections."""

    standing: StandIn
    name: str
    mine = threading.local()
    numbers = count()


@contextmanager
def _names(house: House) -> Iterator[None]:
    one = worker.current

    def current() -> worker.Worker:
        """The thread's own worker; the process's outside the pool."""
        if not threading.current_thread().name.startswith("ThreadPoolExecutor"):
            return one()
        if not hasattr(_Crew.mine, "worker"):
            name = f"{_Crew.name}-{next(_Crew.numbers)}@scale"
            settings = replace(
                house.settings, worker_name=name, worker_kind="render", generator=GENERATOR
            )
            _Crew.mine.worker = worker.Worker(settings)
            _Crew.mine.worker._renderer = _Crew.standing
            _Crew.mine.worker.note(
                generator_ready=True, fingerprint=StandIn.fingerprint, context=StandIn.context
            )
            threading.Thread(target=_Crew.mine.worker._beat_for_ever, daemon=True).start()
        found: worker.Worker = _Crew.mine.worker
        return found

    with patch.object(worker, "current", current):
        yield


@contextmanager
def _celery(name: str, pool: str, concurrency: int, queues: list[str]) -> Iterator[None]:
    with start_worker(
        app, hostname=name, pool=pool, concurrency=concurrency, queues=queues, loglevel="ERROR",
        perform_ping_check=False, shutdown_timeout=30,
    ):  # fmt: skip
        yield
