"""A TCP proxy between workers and a store, with the faults of a network.

pass        bytes go through
slow        each piece comes `latency_s` later
black-hole  nothing arrives in either direction, until it passes: then all of it, late
half-open   what the store says is swallowed, what it is told arrives; then a reset
reset       open connections are reset, new ones refused by a reset
"""

import socket
import struct
import threading
import time
from contextlib import suppress

MODES = ("pass", "slow", "black-hole", "half-open", "reset")
RESET = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: close() sends RST


class Proxy:
    """Listens on a port of its own; a thread for each direction of each connection."""

    def __init__(self, port: int) -> None:
        """Forward to 127.0.0.1:`port`."""
        self.mode, self.latency_s = "pass", 0.05
        self._target = port
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def set(self, mode: str) -> None:
        """Change the weather; a reset strikes what is open at once."""
        assert mode in MODES, mode
        old, self.mode = self.mode, mode
        if mode == "reset" or old == "half-open":
            self.cut()  # what was swallowed does not come back: such a connection can only end

    def cut(self) -> None:
        """Reset every open connection."""
        with self._lock:
            doomed, self._open = self._open, set()
        for end in doomed:
            _reset(end)

    def close(self) -> None:
        self._server.close()
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            if self.mode == "reset":
                _reset(client)
                continue
            try:
                store = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                _reset(client)
                continue
            store.settimeout(None)
            with self._lock:
                self._open |= {client, store}
            for source, sink, answer in ((client, store, False), (store, client, True)):
                args = (source, sink, answer)
                threading.Thread(target=self._pump, args=args, daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, answer: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                if self.mode == "slow":
                    time.sleep(self.latency_s)
                while self.mode == "black-hole":
                    time.sleep(0.02)
                if self.mode == "half-open" and answer:
                    continue
                sink.sendall(piece)
        with self._lock:
            ended = self._open & {source, sink}  # the others were reset by `cut`
            self._open -= ended
        for end in ended:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    with suppress(OSError):
        end.shutdown(socket.SHUT_RD)  # wakes the thread that reads it, and sends nothing
    end.close()
