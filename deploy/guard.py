"""Kills what its owner started, should the owner die without stopping it.

A small child process in a session of its own listens on a pipe for the process
groups that its owner starts and ends. The pipe closes when the owner dies, of
whatever cause, SIGKILL too: then the guard kills the groups that are left.
Linux's PR_SET_PDEATHSIG would reach direct children only, not a prefork
worker's or gunicorn's children, and does not exist elsewhere.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from types import TracebackType
from typing import IO


class Guard:
    """The owner's end; used as a context manager around everything it starts."""

    def __enter__(self) -> "Guard":
        # -I -S: starts in 15 ms and imports nothing of ours.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with suppress(BrokenPipeError):
            self._pipe.close()
        self._process.wait()

    @property
    def _pipe(self) -> IO[bytes]:
        assert self._process.stdin is not None  # noqa: S101 - opened with PIPE above
        return self._process.stdin

    def add(self, group: int) -> None:
        """Watch over a process group from now on."""
        self._say(f"+{group}")

    def forget(self, group: int) -> None:
        """The group has ended: its number may become somebody else's."""
        self._say(f"-{group}")

    def _say(self, line: str) -> None:
        with suppress(BrokenPipeError):  # the guard itself was killed: nothing more to be done
            self._pipe.write(f"{line}\n".encode())
            self._pipe.flush()


def watch() -> None:
    """The guard's whole life: note groups until the pipe closes, then kill what is left."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    for group in groups:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    watch()
