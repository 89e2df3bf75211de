"""An end that nothing can put off: not a byte every few seconds, not a slow name server."""

import io
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


class Deadline:
    """A moment by which all must be done."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self, at_most: float = float("inf")) -> float:
        """Seconds, more than 0. Raises TimeoutError."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, at_most)

    def sooner(self, seconds: float) -> None:
        """Be done within `seconds` from now, at the latest."""
        self._end = min(self._end, time.monotonic() + seconds)


class TimedSocket:
    """A socket for http.client on which no read or write goes past the deadline.

    Closing it leaves the socket open, for http.client closes before it reads the body;
    whoever opened the socket closes it.
    """

    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._deadline))

    def sendall(self, data: bytes) -> None:
        self._sock.settimeout(self._deadline.left())
        self._sock.sendall(data)

    def close(self) -> None:
        pass


class _Reader(io.RawIOBase):
    def __init__(self, sock: socket.socket, deadline: Deadline) -> None:
        self._sock, self._deadline = sock, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer)


def in_time(seconds: float, work: Callable[[], T]) -> T:
    """The work's result; raises TimeoutError. The system's resolver cannot be interrupted.

    A thread that is too slow is left behind; it ends when the resolver gives up, which
    takes it half a minute or so.
    """
    result: Future[T] = Future()

    def run() -> None:
        try:
            result.set_result(work())
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=run, name="webhook-name", daemon=True).start()
    return result.result(timeout=seconds)
