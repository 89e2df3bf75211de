"""One child process with limits: time, memory, file size; killed as a whole group.

Limits are set by a tiny launcher (this very file, run as a script) that then
becomes the command. `preexec_fn` would do the same, but it runs Python between
fork and exec of a process that has threads, which may deadlock.
"""

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOG_TAIL = 4096  # bytes of a child's complaints that anybody reads
_NO_MEMORY = re.compile("Cannot allocate memory|pthread_create.* failed")


@dataclass(frozen=True, slots=True)
class ChildLimits:
    """What one child may use.

    Attributes:
        timeout_s: wall clock, seconds; also of CPU.
        memory_bytes: address space.
        file_bytes: of any one file that it writes.
    """

    timeout_s: float
    memory_bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class Ending:
    """How a child ended.

    Attributes:
        ok: it ended by itself, and well.
        limit: "time", "memory" or "size" when that limit stopped it, else None.
        log: the end of what it wrote to stderr.
    """

    ok: bool
    limit: str | None
    log: str


def limited(command: Sequence[str], limits: ChildLimits) -> list[str]:
    """The command line that runs `command` (absolute path first) under `limits`."""
    numbers = (int(limits.timeout_s) + 1, limits.memory_bytes, limits.file_bytes)
    return [sys.executable, "-I", "-S", __file__, *map(str, numbers), *command]


def run(
    command: Sequence[str],
    limits: ChildLimits,
    cwd: Path,
    environ: Mapping[str, str] | None = None,
    stdout: Path | None = None,
) -> Ending:
    """Run `command` to its end, in a session of its own, with nothing on stdin.

    Args:
        command: program and arguments; never a shell's line.
        limits: what it may use.
        cwd: where it runs, and where its log is kept while it does.
        environ: its whole environment; a minimal one if None.
        stdout: file for its standard output, thrown away if None.
    """
    log = cwd / "child.log"
    sink = stdout or Path(os.devnull)
    with log.open("wb") as complaints, sink.open("wb") as output:
        child = subprocess.Popen(
            limited(command, limits),
            cwd=cwd,
            env=dict(environ) if environ is not None else minimal_environment(cwd),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=complaints,
            start_new_session=True,
        )
        try:
            child.wait(limits.timeout_s)
            late = False
        except subprocess.TimeoutExpired:
            late = True
        finally:
            kill_group(child)
    tail = _tail(log)
    return Ending(child.returncode == 0 and not late, _limit(child.returncode, late, tail), tail)


def kill_group(child: "subprocess.Popen[bytes]") -> None:
    """End a child that was started in a session of its own, and all that it started."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def minimal_environment(home: Path) -> dict[str, str]:
    """Nothing of ours but the paths by which programs and libraries are found."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8", "AV_LOG_FORCE_NOCOLOR": "1"}


def _tail(log: Path) -> str:
    with log.open("rb") as stream:
        stream.seek(max(0, log.stat().st_size - LOG_TAIL))
        return stream.read().decode("utf-8", "replace")


def _limit(code: int, late: bool, log: str) -> str | None:
    if late or code == -signal.SIGXCPU:
        return "time"
    if code == -signal.SIGXFSZ or "File too large" in log:
        return "size"
    # The kernel kills outright what it cannot even load, or when the machine itself runs out.
    if code == -signal.SIGKILL or (code and _NO_MEMORY.search(log)):
        return "memory"
    return None


def _become(cpu_s: str, memory_bytes: str, file_bytes: str, *command: str) -> None:
    """Set the limits on this very process, then turn into the command."""
    for kind, value, spare in (
        (resource.RLIMIT_CPU, int(cpu_s), 2),  # SIGXCPU first, SIGKILL two seconds later
        (resource.RLIMIT_AS, int(memory_bytes), 0),
        (resource.RLIMIT_FSIZE, int(file_bytes), 0),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, ceiling = resource.getrlimit(kind)
        most = value + spare if ceiling == resource.RLIM_INFINITY else min(value + spare, ceiling)
        resource.setrlimit(kind, (min(value, most), most))
    for ignored in (signal.SIGXFSZ, signal.SIGPIPE):  # Python ignores both; exec would inherit it
        signal.signal(ignored, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    _become(*sys.argv[1:])
