"""The proxy: the network's faults, as both ends see them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from tests.faults.proxy import Proxy


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    """In front of a server that says everything again."""
    server = socket.create_server(("127.0.0.1", 0))

    def echo(connection: socket.socket) -> None:
        with suppress(OSError):
            while said := connection.recv(1024):
                connection.sendall(said)

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=echo, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    proxy = Proxy(server.getsockname()[1])
    yield proxy
    proxy.close()
    server.close()


def _connected(proxy: Proxy) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", proxy.port), timeout=0.3)
    client.sendall(b"one")
    assert client.recv(10) == b"one"
    return client


def test_what_a_black_hole_holds_arrives_when_it_has_passed(proxy: Proxy) -> None:
    client = _connected(proxy)

    proxy.set("black-hole")
    client.sendall(b"two")
    with pytest.raises(TimeoutError):
        client.recv(10)
    proxy.set("pass")

    assert client.recv(10) == b"two"


def test_a_half_open_connection_answers_nothing_and_ends_in_a_reset(proxy: Proxy) -> None:
    client = _connected(proxy)

    proxy.set("half-open")
    client.sendall(b"two")
    with pytest.raises(TimeoutError):
        client.recv(10)
    proxy.set("pass")

    with pytest.raises(ConnectionResetError):
        client.recv(10)


def test_a_reset_ends_what_is_open_and_what_comes(proxy: Proxy) -> None:
    client = _connected(proxy)

    proxy.set("reset")

    with pytest.raises(ConnectionResetError):
        client.recv(10)
    with pytest.raises((ConnectionResetError, AssertionError)):
        _connected(proxy)
