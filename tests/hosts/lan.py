"""Hosts: a network namespace and a hostname each, joined by veth pairs and a bridge.

A namespace has no name in the file system: it lives as long as the process that keeps it,
and the guard ends that one however the tests end. So nothing is left over, and two runs at
once cannot meet: their addresses are the same, but in networks that do not touch.
"""

import ctypes
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from deploy.guard import Guard
from deploy.processes import Child, ProcessSpec, stop_all

HUB, HOSTS = "hub", ("host-a", "host-b")
ADDRESSES = {"hub": "10.77.0.1", "host-a": "10.77.0.2", "host-b": "10.77.0.3"}
CLONE_NEWNET = 0x40000000
KEEPER = "import signal, socket, sys; socket.sethostname(sys.argv[1]); signal.pause()"
START_S = 10.0


def why_not() -> str:
    """Why this machine cannot have several hosts; empty when it can."""
    if sys.platform != "linux":
        return f"network namespaces are Linux's, and this is {sys.platform}"
    missing = [name for name in ("ip", "unshare", "nsenter") if shutil.which(name) is None]
    if missing:
        return f"no {' and no '.join(missing)} here: install iproute2 and util-linux"
    tried = subprocess.run(
        ["unshare", "--net", "--uts", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode:
        return f"network namespaces are not allowed here ({tried.stderr.strip()}): be root"
    return ""


class Lan:
    """The hub has the switch; each host is one cable away from it."""

    def __init__(self, folder: Path, guard: Guard) -> None:
        self._keepers = {
            name: Child(ProcessSpec(f"net-{name}", _keeper(name)), folder, guard)
            for name in ADDRESSES
        }
        for name in ADDRESSES:
            self._await(name)
        self._plug()

    def inside(self, host: str, argv: Sequence[str]) -> tuple[str, ...]:
        """The command line that runs `argv` on a host."""
        return ("nsenter", f"--target={self._pid(host)}", "--net", "--uts", "--", *argv)

    def ip(self, host: str, *words: str) -> None:
        """Say something to `ip` on a host."""
        done = subprocess.run(
            self.inside(host, ("ip", *words)), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"ip {' '.join(words)} on {host}: {done.stderr}"

    def unplug(self, host: str) -> None:
        """Its cable is out: packets in either direction are gone, nobody is told."""
        self.ip(HUB, "link", "set", _port(host), "down")

    def plug(self, host: str) -> None:
        self.ip(HUB, "link", "set", _port(host), "up")

    @contextmanager
    def poor_lines(
        self, latency_s: float, loss: float, guard: Guard, folder: Path
    ) -> Iterator[None]:
        """Every host's cable is a long one while the block lasts; see `cable`."""
        cables = []
        try:
            for seed, host in enumerate(HOSTS):
                port, far = _port(host), f"far-{host}"
                self.ip(HUB, "link", "set", port, "nomaster")
                self.ip(HUB, "link", "add", far, "type", "veth", "peer", "name", f"near-{host}")
                for end in (far, f"near-{host}"):
                    self.ip(HUB, "link", "set", end, "up", "gso_max_segs", "1")
                self.ip(HUB, "link", "set", f"near-{host}", "master", "switch")
                argv = (sys.executable, "-m", "tests.hosts.cable", port, far, str(latency_s),
                        str(loss), str(seed))  # fmt: skip
                cables.append(Child(
                    ProcessSpec(f"cable-{host}", self.inside(HUB, argv)), folder, guard
                ))  # fmt: skip
            yield
        finally:
            stop_all(cables)
            for host in HOSTS:
                self.ip(HUB, "link", "delete", f"far-{host}")
                self.ip(HUB, "link", "set", _port(host), "master", "switch")

    @contextmanager
    def entered(self, host: str) -> Iterator[None]:
        """This thread, and what it starts, is on the host's network inside the block."""
        before = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
        there = os.open(f"/proc/{self._pid(host)}/ns/net", os.O_RDONLY)
        try:
            _set_namespace(there)
            yield
        finally:
            _set_namespace(before)
            os.close(before)
            os.close(there)

    def close(self) -> None:
        """The keepers end, and with them their namespaces and all that is in them."""
        stop_all(self._keepers.values())

    def _pid(self, host: str) -> int:
        return self._keepers[host].pid

    def _await(self, host: str) -> None:
        """Until its keeper has left our network."""
        ours, end = os.stat("/proc/self/ns/net").st_ino, time.monotonic() + START_S
        while time.monotonic() < end:
            with suppress(FileNotFoundError):
                if os.stat(f"/proc/{self._pid(host)}/ns/net").st_ino != ours:
                    return
            time.sleep(0.01)
        raise AssertionError(self._keepers[host].last_words())

    def _plug(self) -> None:
        for host in ADDRESSES:
            self.ip(host, "link", "set", "lo", "up")
        self.ip(HUB, "link", "add", "switch", "type", "bridge")
        self.ip(HUB, "address", "add", f"{ADDRESSES[HUB]}/24", "dev", "switch")
        # One packet at a time, as on a wire: a poor line must lose packets, not 64 KB of them.
        self.ip(HUB, "link", "set", "switch", "up", "gso_max_segs", "1")
        for host in HOSTS:
            self.ip(HUB, "link", "add", _port(host), "type", "veth", "peer", "name", "eth0",
                    "netns", str(self._pid(host)))  # fmt: skip
            self.ip(HUB, "link", "set", _port(host), "master", "switch")
            self.ip(HUB, "link", "set", _port(host), "up", "gso_max_segs", "1")
            self.ip(host, "address", "add", f"{ADDRESSES[host]}/24", "dev", "eth0")
            self.ip(host, "link", "set", "eth0", "up", "gso_max_segs", "1")


def _port(host: str) -> str:
    return f"to-{host}"


def _keeper(host: str) -> tuple[str, ...]:
    return ("unshare", "--net", "--uts", sys.executable, "-I", "-S", "-c", KEEPER, host)


def _set_namespace(file: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(file, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")
