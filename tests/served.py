"""The API over real HTTP in a thread of the test, and a poor line between it and a client."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from tests.api_house import House


@dataclass
class Line:
    """WSGI between client and API that has mishaps, one for each request that fits.

    Attributes:
        app: the API.
        mishaps: (method, end of the path, what happens), each used once.
        asked: method, path and headers of all that came.
    """

    app: Callable[..., Iterable[bytes]]
    mishaps: list[tuple[str, str, "Mishap"]] = field(default_factory=list)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        headers = {k[5:].lower(): v for k, v in environ.items() if k.startswith("HTTP_")}
        self.asked.append((method, path, headers))
        for number, (wanted, end, mishap) in enumerate(self.mishaps):
            if method == wanted and path.endswith(end):
                del self.mishaps[number]
                return mishap(self.app, environ, start)
        return self.app(environ, start)

    def times(self, method: str, end: str) -> int:
        """How often something was asked."""
        return sum(m == method and path.endswith(end) for m, path, _ in self.asked)


Mishap = Callable[
    [Callable[..., Iterable[bytes]], dict[str, Any], Callable[..., Any]], Iterable[bytes]
]


def lost_answer(app: Any, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """The API does what was asked; its answer never arrives."""
    b"".join(app(environ, lambda *_: None))
    _hang_up(environ)
    return []


def answers(status: str, body: bytes = b"", **headers: str) -> Mishap:
    """Something else answers."""

    def answer(app: Any, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        named = [(name.replace("_", "-"), value) for name, value in headers.items()]
        start(status, [*named, ("Content-Length", str(len(body)))])
        return [body]

    return answer


def cut_after(n_bytes: int) -> Mishap:
    """The connection ends in the middle of the answer's body."""

    def cut(app: Any, environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        left = n_bytes
        for block in app(environ, start):
            yield block[:left]
            left -= len(block)
            if left <= 0:
                _hang_up(environ)
                return

    return cut


def changed(app: Any, environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
    """Something on the way turns each byte into another."""
    for block in app(environ, start):
        yield bytes(byte ^ 1 for byte in block)


def _hang_up(environ: dict[str, Any]) -> None:
    environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)


class Quiet(WSGIRequestHandler):
    """Writes no log."""

    def log(self, *_: Any) -> None:
        """Nothing."""


@dataclass(frozen=True)
class Served:
    """A house that listens: its URL, and the line in front of it."""

    url: str
    line: Line
    house: House


@contextmanager
def serving(house: House) -> Iterator[Served]:
    """The house over real HTTP, a thread for each request."""
    line = Line(house.app)
    server = make_server("127.0.0.1", 0, line, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Served(f"http://127.0.0.1:{server.server_port}", line, house)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
