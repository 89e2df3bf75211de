"""One attempt: a POST to a stranger's server, which may be slow, wrong, or an enemy.

The name is looked up once, every address found is put to the policy, and the connection
goes to one of those very addresses: what a name server says a moment later (DNS
rebinding) is never asked. TLS is verified against the name. Nothing is followed, no proxy
is used, and the whole attempt ends at its deadline, however slowly bytes drip in.
"""

import http.client
import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from typing import Any, cast

from tasks.errors import RejectedError
from tasks.webhooks.deadline import Deadline, TimedSocket, in_time
from tasks.webhooks.target import Policy, Target, parse

CONNECT_S = 5.0  # for looking a name up, and for each connection
TOTAL_S = 15.0  # the whole attempt; the specification advises 15 to 30 s
BODY_BYTES, BODY_S = 8192, 1.0  # of an answer's body, which is read to be polite, and dropped

SocketAddress = tuple[Any, ...]  # (address, port) or (address, port, flow, scope)
Resolve = Callable[[str, int], list[tuple[socket.AddressFamily, SocketAddress]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt ended.

    Attributes:
        status: HTTP status; None: there was no answer.
        trouble: what went wrong, a sentence; empty when nothing did.
        retry_after_s: seconds for which the receiver asks to be left alone.
    """

    status: int | None
    trouble: str = ""
    retry_after_s: float = 0.0

    @property
    def good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


class RefusedAddressError(Exception):
    """The name leads where the policy does not let a webhook go."""


def look_up(host: str, port: int) -> list[tuple[socket.AddressFamily, SocketAddress]]:
    """The system's answer: addresses in the order in which to try them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [(family, address) for family, _, _, _, address in found]


class Caller:
    """Makes attempts; safe for many threads.

    Args:
        policy: which addresses may be called.
        resolve: from a name and a port to socket addresses.
        tls: None: the system's authorities (OpenSSL's, so SSL_CERT_FILE is heeded).
        total_s, connect_s: seconds.
    """

    def __init__(
        self,
        policy: Policy,
        resolve: Resolve = look_up,
        tls: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
        connect_s: float = CONNECT_S,
    ) -> None:
        self._policy, self._resolve = policy, resolve
        self._tls = tls or ssl.create_default_context()
        self._total_s, self._connect_s = total_s, connect_s

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """One attempt; whatever happens is an answer."""
        deadline = Deadline(self._total_s)
        try:
            target = parse(url)
            with closing(self._connected(target, deadline)) as sock:
                return _exchange(sock, deadline, target, headers, body)
        except (OSError, http.client.HTTPException, RefusedAddressError, RejectedError) as error:
            return Answer(None, self._words(error))

    def _connected(self, target: Target, deadline: Deadline) -> socket.socket:
        """A connection to the first address that takes it; all were checked before."""
        found = in_time(
            deadline.left(self._connect_s), lambda: self._resolve(target.host, target.port)
        )
        for _, address in found:
            if not self._policy.permits(ip_address(address[0]), target.scheme):
                raise RefusedAddressError
        trouble: OSError = socket.gaierror("no address")
        for family, address in found:
            sock = socket.socket(family, socket.SOCK_STREAM)
            try:
                sock.settimeout(deadline.left(self._connect_s))
                sock.connect(address)
                return self._secured(sock, target, deadline)
            except OSError as error:
                sock.close()
                trouble = error
        raise trouble

    def _secured(self, sock: socket.socket, target: Target, deadline: Deadline) -> socket.socket:
        if target.scheme == "http":
            return sock
        sock.settimeout(deadline.left())  # of the whole handshake, not of one read
        return self._tls.wrap_socket(sock, server_hostname=target.host)

    def _words(self, error: Exception) -> str:
        """The trouble for the job's owner: never an address of ours, never what was answered."""
        if isinstance(error, RejectedError):
            return error.detail
        if isinstance(error, ssl.SSLCertVerificationError):
            return f"The receiver's certificate is not trusted: {error.verify_message}."
        if isinstance(error, TimeoutError):
            return f"The receiver did not answer within {self._total_s:g} s."
        return next((words for kind, words in _WORDS if isinstance(error, kind)), _BROKEN)


_WORDS: tuple[tuple[type[Exception], str], ...] = (
    (
        RefusedAddressError,
        "The receiver's name leads to an address that this service may not call: give one with a "
        "public address and https.",
    ),
    (socket.gaierror, "The receiver's name could not be looked up."),
    (ssl.SSLError, "The receiver does not speak TLS as it should."),
    (ConnectionRefusedError, "The receiver refused the connection."),
)
_BROKEN = "The connection broke, or the answer was not HTTP."


def _exchange(
    sock: socket.socket,
    deadline: Deadline,
    target: Target,
    headers: Mapping[str, str],
    body: bytes,
) -> Answer:
    connection = http.client.HTTPConnection(target.host, target.port)
    connection.sock = cast(socket.socket, TimedSocket(sock, deadline))
    head = {**headers, "Host": target.authority, "Connection": "close"}
    # It may answer before it has read all: that answer counts.
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.request("POST", target.path, body, head)
    response = connection.getresponse()
    status, later = response.status, _retry_after(response.getheader("Retry-After"))
    deadline.sooner(BODY_S)
    with suppress(OSError, http.client.HTTPException):
        response.read(BODY_BYTES)
    return Answer(status, _complaint(status), later)


def _complaint(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"The receiver answered {status}: redirects are not followed, give the final URL."
    if status == http.HTTPStatus.GONE:
        return "The receiver answered 410 Gone: it wants no more webhooks."
    return f"The receiver answered {status}."


def _retry_after(value: str | None) -> float:
    """Seconds from now, of either form (RFC 9110, 10.2.3); 0 where there is none."""
    if value is None:
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    return max(0.0, (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
