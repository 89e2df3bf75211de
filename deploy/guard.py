"""Kills what its owner started, should the owner die without stopping it.

A small child process in a session of its own listens on a pipe for the process
groups that its owner starts and ends. The pipe closes when the owner dies, of
whatever cause, SIGKILL too: then the guard kills the groups that are left, and what
their members have started in sessions of their own (ffmpeg, espeak).
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

Family = frozenset[tuple[int, int]]  # process id and time of birth of each


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
        kill(group)


def kill(leader: int, known: Family = frozenset()) -> None:
    """SIGKILL a process group, and every descendant of its leader.

    Args:
        leader: of the group.
        known: descendants seen earlier; of a leader that has ended they cannot be told any more.
    """
    family = known | descendants(leader)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
    for pid, born in family:
        # The same number with another birth is somebody else by now.
        if _stat(pid)[1] == born:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def descendants(pid: int) -> Family:
    """Children, their children and so on, wherever their sessions; none without /proc."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdecimal():
            children.setdefault(_stat(int(name))[0], []).append(int(name))
    found = list(children.get(pid, []))
    for child in found:  # grows while it is read
        found += children.get(child, [])
    return frozenset((child, _stat(child)[1]) for child in found)


def _stat(pid: int) -> tuple[int, int]:
    """Parent and time of birth (clock ticks since boot) of a process; (0, 0) if there is none."""
    try:
        with open(f"/proc/{pid}/stat") as stat:
            # The program's name comes before, in brackets, and may hold anything.
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0, 0
    return int(fields[1]), int(fields[19])


if __name__ == "__main__":
    watch()
