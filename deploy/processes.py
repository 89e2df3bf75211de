"""One child process: how it starts, where its words go, how it is asked to stop.

Every child leads a session of its own: a terminal's Ctrl-C reaches the
supervisor alone, which then stops the children in the order that is right, and
whatever a child started itself is found again by its process group.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from deploy.errors import ProcessError
from deploy.guard import Family, Guard, descendants, kill

POLL_S = 0.02
MAX_LOG_BYTES = 20 * 2**20  # a log that has grown past this is set aside at the next start


@dataclass(frozen=True)
class ProcessSpec:
    """What to run.

    Attributes:
        name: unique in a stack; also the name of its log.
        argv: the program and its arguments; never a shell.
        env: variables on top of this process's own.
        stop: signals and how many seconds each is given before the next; then SIGKILL.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    stop: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 3.0),)


class Child:
    """A started process."""

    def __init__(self, spec: ProcessSpec, log_dir: Path | None, guard: Guard) -> None:
        """Start it; stdout and stderr go to `log_dir`/NAME.log, or, where it is None, to ours.

        Raises:
            ProcessError: the program cannot be started.
        """
        self.spec = spec
        self.log = log_dir / f"{spec.name}.log" if log_dir else None
        self.started_at = time.monotonic()
        self._guard = guard
        self._family: Family = frozenset()
        try:
            with _opened(self.log) as log:
                self._process = subprocess.Popen(
                    spec.argv,
                    env={**os.environ, **spec.env},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
        except OSError as error:
            raise ProcessError(f"{spec.name} cannot be started: {error}") from error
        guard.add(self.pid)

    @property
    def pid(self) -> int:
        """Its process id, which is also its process group's."""
        return self._process.pid

    def exit_code(self) -> int | None:
        """None while it runs; minus the signal's number if one ended it."""
        return self._process.poll()

    def send(self, number: signal.Signals) -> None:
        """Signal the process itself; one that has ended is left alone."""
        # What it leaves behind can be told from others only while it lives.
        self._family |= descendants(self.pid)
        self._process.send_signal(number)

    def bury(self) -> None:
        """Kill what is left of its family, wait for it, let the guard forget it."""
        kill(self.pid, self._family)
        self._process.wait()
        self._guard.forget(self.pid)

    def last_words(self, n_lines: int = 12) -> str:
        """The end of its log."""
        text = self.log.read_text(errors="replace") if self.log and self.log.exists() else ""
        return "\n".join(text.splitlines()[-n_lines:])

    def in_its_words(self) -> str:
        """The end of its log for a reader, and where the rest is."""
        if self.log is None:
            return "Its last words stand above."
        return f"The end of {self.log}:\n{self.last_words()}"


def stop_all(children: Iterable[Child]) -> None:
    """Stop children at the same time: ask, ask again, kill; returns when all have ended."""
    running = list(children)
    asked = {child.pid: 0 for child in running}
    due = dict.fromkeys(asked, 0.0)
    while running:
        now = time.monotonic()
        for child in list(running):
            ended = child.exit_code() is not None
            if not ended and now >= due[child.pid]:
                step = asked[child.pid]
                if step < len(child.spec.stop):
                    number, patience = child.spec.stop[step]
                    child.send(number)
                    asked[child.pid], due[child.pid] = step + 1, now + patience
                else:
                    ended = True  # out of patience
            if ended:
                child.bury()
                running.remove(child)
        if running:
            time.sleep(POLL_S)


def _opened(log: Path | None) -> IO[bytes]:
    """The log, to write on; without one a copy of our own stdout."""
    if log is None:
        return os.fdopen(os.dup(1), "ab")
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > MAX_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))
    return log.open("ab")
