"""Real Celery workers for tests, with the stamping generators of `tests.generators`."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import av

from deploy.guard import Guard
from deploy.processes import Child, ProcessSpec, stop_all
from tasks.app import make_app
from tasks.chord import CeleryPublisher
from tasks.client import JobQueue
from tasks.contract import render_queue
from tasks.house import WorkerInfo
from tasks.settings import Settings
from tests.generators import read_stamp

GENERATORS = (
    "stamp:Stamp", "dies:DiesMidChunk", "broken:Broken", "weightless:WithoutWeights", "moody:Moody",
)  # fmt: skip
EXTRA = ",".join(
    f"{pair.split(':')[0]}=tests.generators:{pair.split(':')[1]}" for pair in GENERATORS
)
CORES = ("0", "1")


@dataclass(frozen=True)
class Fleet:
    """Running workers and the front door to them."""

    queue: JobQueue
    settings: Settings
    children: dict[str, Child]
    start: Callable[..., None]  # a render worker (name, version), beside those there are

    def worker(self, name: str) -> WorkerInfo:
        """The heartbeat of worker `name`."""
        return next(worker for worker in self.queue.workers() if worker.name == name)


@contextmanager
def running(
    settings: Settings, guard: Guard, folder: Path, generator: str = "stamp", delay_s: float = 0
) -> Iterator[Fleet]:
    """One cpu worker and two render workers; ready when the block begins."""
    env = {
        "LIPCHORD_QUEUE_URL": settings.queue_url,
        "LIPCHORD_BLOB_URL": settings.blob_url,
        "LIPCHORD_EXTRA_GENERATORS": EXTRA,
        "LIPCHORD_HEARTBEAT_S": str(settings.heartbeat_s),
        "LIPCHORD_REAPER_S": str(settings.reaper_s),
        "LIPCHORD_LEASE_S": str(settings.lease_s),
        "LIPCHORD_STALL_S": str(settings.stall_s),
        "OMP_NUM_THREADS": "1",
        "LIPCHORD_REUSE": str(settings.reuse),
        "STAMP_DELAY_S": str(delay_s),
        "TMPDIR": str(folder),
    }
    mark = "" if generator == "stamp" else f"{generator}-"  # two fleets at once: other names
    children = {
        "cpu0": _start(f"{mark}cpu0", "cpu", env | {"LIPCHORD_WORKER_KIND": "cpu"}, folder, guard)
    }

    def start(name: str, version: str = "1") -> None:
        render_env = {
            "LIPCHORD_WORKER_KIND": "render",
            "LIPCHORD_GENERATOR": generator,
            "LIPCHORD_CORES": CORES[len(children) % 2 - 1],
            "STAMP_VERSION": version,
        }
        queue = render_queue(generator)
        children[name] = _start(mark + name, queue, env | render_env, folder, guard)

    for index in range(len(CORES)):
        start(f"render{index}")
    queue = JobQueue(settings, CeleryPublisher(make_app(settings)))
    fleet = Fleet(queue, settings, children, start)
    # The front door checks generators' names in this process.
    with patch.dict(os.environ, {"LIPCHORD_EXTRA_GENERATORS": EXTRA}):
        try:
            yield fleet
        finally:
            stop_all(children.values())


def until(condition: Callable[[], bool], timeout_s: float = 60) -> None:
    """Wait for `condition`; fail when it does not come."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


def stamps(fleet: Fleet, job_id: str) -> list[int]:
    """The frame numbers that a job's finished video shows, in order."""
    _, stream = fleet.queue.open_video(job_id)
    with stream, av.open(stream) as container:
        assert container.streams.video[0].average_rate == Fraction(
            fleet.queue.job(job_id).fps or "0"
        )
        return [read_stamp(frame.to_ndarray(format="bgr24")) for frame in container.decode(video=0)]


def _start(name: str, queue: str, env: dict[str, str], folder: Path, guard: Guard) -> Child:
    argv = (
        sys.executable, "-m", "celery", "-A", "tasks.app", "worker", "-n", f"{name}@%h",
        "-P", "prefork", "-c", "1", "-Q", queue,
        "--without-mingle", "--without-gossip", "-l", "INFO",
    )  # fmt: skip
    return Child(ProcessSpec(name, argv, env | {"LIPCHORD_WORKER_NAME": name}), folder, guard)
