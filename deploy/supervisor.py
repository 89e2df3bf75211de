"""Processes together: started in order, watched, started again when they die, stopped in reverse.

Knows nothing of what it runs: `deploy.stack` says which processes make Lipchord.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from deploy.errors import DeployError, InterruptedStartError, ProcessError
from deploy.guard import Guard
from deploy.processes import Child, ProcessSpec, stop_all

WATCH_S = 0.1  # between two looks at the children
READY_POLL_S = 0.1

Say = Callable[[str, str], None]


@dataclass(frozen=True)
class Service:
    """A process, and how one sees that it does its work.

    Attributes:
        ready: asked again and again after the start, until it says yes.
        patience_s: how long it may take to become ready, seconds.
    """

    process: ProcessSpec
    ready: Callable[[Child], bool] = lambda _child: True
    patience_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """How deaths are answered.

    Attributes:
        first_s, longest_s: the wait before a restart doubles from one to the other, seconds.
        quick_s: a life shorter than this is a quick death; a longer one clears the count.
        give_up_after: so many quick deaths in a row end the whole stack.
    """

    first_s: float = 0.5
    longest_s: float = 8.0
    quick_s: float = 20.0
    give_up_after: int = 5

    def wait_s(self, quick_deaths: int) -> float:
        """Seconds before the next start; 0 after a long life."""
        doubled = self.first_s * 2 ** min(quick_deaths - 1, 16)
        return min(self.longest_s, doubled) if quick_deaths else 0.0


class Supervisor:
    """Runs stages of services: each stage starts when the one before is ready."""

    def __init__(
        self,
        stages: Sequence[Sequence[Service]],
        log_dir: Path | None,
        say: Say = lambda _name, _what: None,
        backoff: Backoff | None = None,
        interrupted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stages, self._log_dir, self._say = stages, log_dir, say
        self._backoff, self._interrupted = backoff or Backoff(), interrupted
        self._services = {s.process.name: s for stage in stages for s in stage}
        self._children: dict[str, Child] = {}
        self._quick_deaths = dict.fromkeys(self._services, 0)
        self._due: dict[str, float] = {}  # when a dead process starts again, monotonic seconds
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._failed = threading.Event()
        self._failure: DeployError | None = None
        self._watcher: threading.Thread | None = None
        self._guard = Guard()

    def __enter__(self) -> "Supervisor":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start all; returns when all are ready.

        Raises:
            ProcessError: one of them did not come up; nothing is left running.
            InterruptedStartError: `interrupted` said so; nothing is left running.
        """
        self._guard.__enter__()
        try:
            for stage in self._stages:
                for service in stage:
                    self._launch(service)
                for service in stage:
                    self._await(service)
        except BaseException:
            self.stop()
            raise
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._watcher.start()

    def stop(self) -> None:
        """Stop all, the last started first; a second call does nothing."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        for stage in reversed(self._stages):
            names = [service.process.name for service in stage]
            stop_all(self._children.pop(name) for name in names if name in self._children)
        self._guard.__exit__(None, None, None)

    def wait(self, timeout_s: float | None = None) -> None:
        """Return after `timeout_s`, or never.

        Raises:
            ProcessError: a process died too often; the others still run until `stop`.
        """
        if self._failed.wait(timeout_s) and self._failure is not None:
            raise self._failure

    def pid(self, name: str) -> int:
        """Process id of a running service. Raises KeyError while it is down."""
        with self._lock:
            return self._children[name].pid

    def pids(self) -> dict[str, int]:
        """Process ids of what runs now, by name."""
        with self._lock:
            return {name: child.pid for name, child in self._children.items()}

    def _launch(self, service: Service) -> None:
        child = Child(service.process, self._log_dir, self._guard)
        with self._lock:
            self._children[service.process.name] = child

    def _await(self, service: Service) -> None:
        name = service.process.name
        child = self._children[name]
        deadline = child.started_at + service.patience_s
        while not service.ready(child):
            if self._interrupted():
                raise InterruptedStartError("Interrupted while starting.")
            code = child.exit_code()
            if code is not None:
                raise ProcessError(_obituary(child, f"ended with {_how(code)} before it was ready"))
            if time.monotonic() > deadline:
                raise ProcessError(
                    _obituary(child, f"is not ready after {service.patience_s:.0f} s")
                )
            time.sleep(READY_POLL_S)
        self._say(name, f"ready after {time.monotonic() - child.started_at:.1f} s")

    def _watch(self) -> None:
        try:
            while not self._stopping.wait(WATCH_S):
                for name in self._services:
                    self._look_after(name)
        except DeployError as error:
            self._failure = error
            self._failed.set()

    def _look_after(self, name: str) -> None:
        child = self._children.get(name)
        if child is None:
            if time.monotonic() >= self._due[name]:
                self._launch(self._services[name])
                self._say(name, "started again")
            return
        code = child.exit_code()
        if code is not None:
            self._note_death(name, child, code)

    def _note_death(self, name: str, child: Child, code: int) -> None:
        lived_s = time.monotonic() - child.started_at
        child.bury()
        with self._lock:
            del self._children[name]
        quick = self._quick_deaths[name] + 1 if lived_s < self._backoff.quick_s else 0
        if quick >= self._backoff.give_up_after:
            raise ProcessError(_obituary(child, f"died {quick} times in a row ({_how(code)})"))
        wait_s = self._backoff.wait_s(quick)
        self._quick_deaths[name], self._due[name] = quick, time.monotonic() + wait_s
        seen = f"; see {child.log}" if child.log else ""
        self._say(name, f"died ({_how(code)}), starts again in {wait_s:.1f} s{seen}")


def _how(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"exit code {code}"


def _obituary(child: Child, what: str) -> str:
    return f"{child.spec.name} {what}. {child.in_its_words()}"
