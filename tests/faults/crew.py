"""The Celery workers of a house, and its API: real processes, as `lipchord up` starts them."""

import os
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from deploy import services
from deploy.devices import WorkerPlan
from deploy.guard import Guard, descendants
from deploy.processes import Child, stop_all
from tasks.house import WorkerInfo
from tasks.settings import Settings

GENERATOR = "stamper"
EXTRA = f"{GENERATOR}=tests.faults.stamping:Stamper"
RENDERERS, CPUS = ("render0", "render1"), ("cpu0", "cpu1")


class Crew:
    """Two cpu workers, two render workers; each can be frozen, killed and started again."""

    def __init__(self, env: Mapping[str, str], folder: Path, guard: Guard) -> None:
        """Start them; `env` is what each is told."""
        self._env, self._folder, self._guard = env, folder, guard
        self._children: dict[str, Child] = {}
        self.start_missing()

    def child(self, name: str) -> Child:
        return self._children[name]

    def start_missing(self) -> None:
        """Start every worker that does not run."""
        for name in (*CPUS, *RENDERERS):
            running = self._children.get(name)
            if running is not None and running.exit_code() is None:
                continue
            if running is not None:
                running.bury()
            self._children[name] = self._start(name)

    def send(self, name: str, number: signal.Signals) -> None:
        """Signal a worker's parent process."""
        self._children[name].send(number)

    def strike(self, name: str, number: signal.Signals) -> None:
        """Signal a worker's whole process group: parent and child."""
        with suppress(ProcessLookupError):
            os.killpg(self._children[name].pid, number)

    def kill(self, name: str) -> None:
        """Parent and child at once, as when their host goes."""
        self._children[name].send(signal.SIGKILL)
        self._children[name].bury()

    def owns(self, worker: WorkerInfo) -> bool:
        """Whether a heartbeat is of a process that lives, and is this crew's."""
        try:
            return os.getpgid(worker.pid) == self._children[worker.name].pid
        except (ProcessLookupError, KeyError):
            return False

    def pids(self) -> tuple[int, ...]:
        """Process ids of the workers' parents."""
        return tuple(child.pid for child in self._children.values())

    def processes(self) -> int:
        """How many processes there are in all."""
        return sum(1 + len(descendants(pid)) for pid in self.pids())

    def stop(self) -> None:
        for name in self._children:
            self.strike(name, signal.SIGCONT)
        stop_all(self._children.values())

    def _start(self, name: str) -> Child:
        kind = "cpu" if name in CPUS else "render"
        own = {
            "LIPCHORD_WORKER_NAME": name,
            "LIPCHORD_WORKER_KIND": kind,
            "LIPCHORD_GENERATOR": GENERATOR,
            "OMP_NUM_THREADS": "1",
            "REMAP_SIGTERM": "SIGQUIT",  # a stop cuts a chunk short, as after LIPCHORD_DRAIN_S
        }
        plan = WorkerPlan(name, "cpu" if kind == "cpu" else "render", "cpu", own)
        spec = services.worker(plan, self._env).process
        argv = tuple("tests.faults.app" if word == "tasks.app" else word for word in spec.argv)
        return Child(replace(spec, argv=argv), self._folder, self._guard)


class Api:
    """The API under gunicorn, which starts a killed worker process again."""

    def __init__(self, env: Mapping[str, str], port: int, folder: Path, guard: Guard) -> None:
        url = f"http://127.0.0.1:{port}"
        self.service = services.api("127.0.0.1", port, url, env)
        self.port, self._folder, self._guard = port, folder, guard
        self.start()

    def start(self) -> None:
        self._child = Child(self.service.process, self._folder, self._guard)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def ready(self) -> bool:
        return self.alive and self.service.ready(self._child)

    @property
    def alive(self) -> bool:
        return self._child.exit_code() is None

    def kill(self) -> None:
        """gunicorn's master and its worker."""
        self._child.send(signal.SIGKILL)
        self._child.bury()

    def stop(self) -> None:
        stop_all([self._child])


def settings_env(settings: Settings) -> dict[str, str]:
    """What every process of a house is told of its settings."""
    return {
        "LIPCHORD_QUEUE_URL": settings.queue_url,
        "LIPCHORD_BLOB_URL": settings.blob_url,
        "LIPCHORD_HEARTBEAT_S": str(settings.heartbeat_s),
        "LIPCHORD_REAPER_S": str(settings.reaper_s),
        "LIPCHORD_GENERATOR": GENERATOR,
        "LIPCHORD_EXTRA_GENERATORS": EXTRA,
    }
