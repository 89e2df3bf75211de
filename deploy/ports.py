"""TCP ports of this machine: a free one, and who holds a taken one."""

import os
import socket
import time
from pathlib import Path

_LISTEN = "0A"  # the state column of /proc/net/tcp


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether `port` can be bound on `host` now."""
    with socket.socket() as probe:
        # As servers do: a closed connection's TIME_WAIT does not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def becomes_free(port: int, host: str = "127.0.0.1", patience_s: float = 2.0) -> bool:
    """Whether `port` is free now, or soon: what a killed stack has left is ending still."""
    deadline = time.monotonic() + patience_s
    while not is_free(port, host):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def holder(port: int) -> str | None:
    """Who listens on `port`, as "name (pid 123)"; None where this user may not see it."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _socket_inodes(process):
            name = (process / "comm").read_text().strip()
            return f"{name} (pid {process.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        lines = table.read_text().splitlines()[1:] if table.exists() else []
        for columns in map(str.split, lines):
            local_port = int(columns[1].rsplit(":", 1)[1], 16)
            if local_port == port and columns[3] == _LISTEN:
                found.add(columns[9])
    return found


def _socket_inodes(process: Path) -> set[str]:
    found = set()
    try:
        for entry in (process / "fd").iterdir():
            target = os.readlink(entry)
            if target.startswith("socket:["):
                found.add(target[len("socket:[") : -1])
    except OSError:  # another user's process, or one that has just ended
        return found
    return found
