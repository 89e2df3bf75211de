"""Writes that are on the disk before their answer: WAITAOF, or `appendfsync always`.

`WAITAOF` (Redis 7.2, Valkey) is said on the very connection that wrote, and is
counted, so it is a check and not only a wish. Where the server has none, its
`appendfsync always` does the same, and its configuration is looked at. Where
neither holds, a 202 would be a promise that a power cut breaks: it is refused.
"""

import threading
import time
from enum import StrEnum
from typing import Any

import redis
from redis.exceptions import NoPermissionError, ResponseError

from tasks.errors import StoreError
from tasks.stores import answering

SYNC_TIMEOUT_MS = 5000  # a disk that takes longer for a few kilobytes is not one to rely on
LOOK_AGAIN_S = 30.0  # a configuration may be changed while the server runs


class Promise(StrEnum):
    """How the queue store keeps what it has answered."""

    WAITED = "WAITAOF after each accepted job"
    ALWAYS = "appendfsync always"
    NONE = "none"


class Synced:
    """Runs a script so that what it wrote is on the disk. Safe for many threads."""

    def __init__(self, client: "redis.Redis", required: bool = True) -> None:
        self._redis, self._required = client, required
        self._lock = threading.Lock()
        self._promise, self._looked_at = Promise.NONE, float("-inf")

    def run(self, source: str, keys: list[str], args: list[Any]) -> Any:
        """The script's answer, once its writes are on the disk.

        Raises:
            StoreError: the store does not answer, does not promise this, or was too slow; in
                the last case the write stands, and may be said again.
        """
        promise = self.promise()
        if promise is Promise.NONE and self._required:
            raise StoreError(NOT_SYNCED)
        with answering("queue store"):
            pipe = self._redis.pipeline(transaction=False)  # one connection, one round trip
            pipe.eval(source, len(keys), *keys, *args)
            if promise is Promise.WAITED:
                pipe.waitaof(1, 0, SYNC_TIMEOUT_MS)
            answer, *synced = pipe.execute()
        if synced and synced[0][0] < 1:
            self._looked_at = float("-inf")
            raise StoreError(TOO_SLOW)
        return answer

    def promise(self) -> Promise:
        """What the server promises, looked at now and then. Raises StoreError."""
        with self._lock:
            if time.monotonic() - self._looked_at > LOOK_AGAIN_S:
                with answering("queue store"):
                    self._promise = _promise_of(self._redis)
                if self._promise is not Promise.NONE:
                    self._looked_at = time.monotonic()
            return self._promise


NOT_SYNCED = (
    "The queue store does not write accepted jobs to its disk, so they would be lost with it. "
    "Set `appendonly yes` there (and `appendfsync always` before Redis 7.2), or accept the loss "
    "with LIPCHORD_REQUIRE_SYNC=0."
)
TOO_SLOW = (
    f"The queue store has not written the job to its disk within {SYNC_TIMEOUT_MS / 1000:.0f} s. "
    "Send it again with the same Idempotency-Key: it will still be one job."
)


def _promise_of(client: "redis.Redis") -> Promise:
    """Ask the server; one that says nothing promises nothing."""
    try:
        client.waitaof(0, 0, 1)  # returns at once where there is such a command
        has_waitaof = True
    except ResponseError:
        has_waitaof = False
    if has_waitaof:
        return Promise.WAITED if client.info("persistence")["aof_enabled"] else Promise.NONE
    try:
        config = client.config_get("append*")
    except (ResponseError, NoPermissionError):
        return Promise.NONE
    always = config.get("appendonly") == "yes" and config.get("appendfsync") == "always"
    return Promise.ALWAYS if always else Promise.NONE
