"""Receivers of webhooks on real sockets of this machine: good, broken, slow and hostile."""

import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

Answer = int | tuple[int, Mapping[str, str]] | Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Call:
    """One request as it came."""

    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass
class Receiver:
    """What a receiver answers, in turn (the last one for ever), and what it was sent."""

    answers: list[Answer]
    url: str = ""
    port: int = 0
    names: list[str] = field(default_factory=list)  # of TLS's SNI
    calls: list[Call] = field(default_factory=list)
    connections: int = 0


@contextmanager
def receiving(
    *answers: Answer, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver that listens on `host`; its answers are 204 where none are given."""
    receiver = Receiver(list(answers) or [204])
    with ThreadingHTTPServer((host, port), _handler(receiver)) as server:
        server.daemon_threads, server.block_on_close = True, False
        receiver.port = server.server_address[1]
        if tls is not None:
            tls.sni_callback = lambda _sock, name, _context: receiver.names.append(name)
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.url = f"{'https' if tls else 'http'}://{host}:{receiver.port}/hook?order=17"
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield receiver
        server.shutdown()


def silent(seconds: float = 30) -> Answer:
    """Never answers."""
    return lambda _request: Event().wait(seconds) and None


def dripping(first: bytes, every_s: float = 0.02) -> Answer:
    """Says `first`, then a byte again and again, for ever."""

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(first)
        with suppress(OSError):
            while True:
                request.wfile.write(b"x")
                time.sleep(every_s)

    return drip


def babbling(words: bytes) -> Answer:
    """Says this and hangs up; HTTP or not."""
    return lambda request: (request.wfile.write(words), None)[1]


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            receiver.connections += 1
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            receiver.calls.append(Call(self.path, headers, body))
            answer = receiver.answers[0]
            if len(receiver.answers) > 1:
                receiver.answers.pop(0)
            if callable(answer):
                answer(self)
                self.close_connection = True
                return
            status, more = answer if isinstance(answer, tuple) else (answer, {})
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler
