"""Blobs: uploads, chunks and videos, by content, in parts of a few MiB.

A blob is stored as parts, each under the hash of its bytes, and then, last, a
manifest that names them: a reader sees the whole blob or none of it. Names
(`link`) point from a description ("the face in upload X at 25 fps") to a key.
"""

import hashlib
import io
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, Protocol, TypedDict, cast

import redis

from tasks.errors import MissingBlobError, StoreError
from tasks.parts import PartsFile, pieces
from tasks.scripts import blob_scripts
from tasks.stores import answering

STORE = "blob store"
PART_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored blob: its key (`blob_` and the hex SHA-256 of its bytes) and its length, bytes."""

    key: str
    size: int

    @property
    def sha256(self) -> str:
        return self.key.removeprefix("blob_")


class _Manifest(TypedDict):
    size: int  # bytes
    part_bytes: int
    parts: list[str]  # hex SHA-256 of each


class Storage(Protocol):
    """Where blobs live. Every method may raise StoreError."""

    def put(self, data: bytes | BinaryIO, ttl_s: int) -> Blob:
        """Keep `data` (bytes, or a file read to its end) for at least `ttl_s` seconds."""

    def stat(self, key: str) -> Blob:
        """Raises MissingBlobError."""

    def open(self, key: str) -> BinaryIO:
        """A seekable file that fetches one part at a time. Raises MissingBlobError."""

    def delete(self, key: str) -> None:
        """Forget the blob, and those of its parts that no other blob shares."""

    def verify(self, key: str) -> bool:
        """Read it all: True when it is there with the bytes that its key says.

        What is damaged is forgotten, so that the next `put` of these bytes writes them anew.
        """

    def link(self, name: str, key: str, ttl_s: int) -> None:
        """Let `name` mean `key` for `ttl_s` seconds."""

    def resolve(self, name: str) -> str | None:
        """The key that `name` means, or None."""


def fetch(storage: Storage, key: str, path: Path) -> Path:
    """Copy a blob to `path`, a part at a time; returns `path`. Raises MissingBlobError."""
    with storage.open(key) as source, path.open("wb") as target:
        copyfileobj(source, target, 2**20)
    return path


def read(storage: Storage, key: str) -> bytes:
    """The whole blob in memory. Raises MissingBlobError."""
    with storage.open(key) as stream:
        return stream.read()


class RedisStorage:
    """Blobs in a Redis or Valkey of their own."""

    def __init__(self, client: "redis.Redis", part_bytes: int = PART_BYTES) -> None:
        self._redis, self._part_bytes = client, part_bytes
        self._scripts = blob_scripts(client, "touch", "manifest", "drop")

    def put(self, data: bytes | BinaryIO, ttl_s: int) -> Blob:
        """See `Storage`. Raises StoreError: full, away, or the bytes came too slowly."""
        whole, size, parts = hashlib.sha256(), 0, []
        with answering(STORE):
            for part in pieces(data, self._part_bytes):
                whole.update(part)
                size += len(part)
                parts.append(self._put_part(part, ttl_s))
            blob = Blob(f"blob_{whole.hexdigest()}", size)
            manifest = {"size": size, "part_bytes": self._part_bytes, "parts": parts}
            whole_there = self._scripts["manifest"](
                keys=[f"lipchord:{blob.key}"],
                args=[blob.key, json.dumps(manifest), ttl_s * 1000, *parts],
            )
        if not whole_there:
            raise StoreError("A file was too slow to come in whole. Send it once more.")
        return blob

    def stat(self, key: str) -> Blob:
        return Blob(key, self._manifest(key)["size"])

    def open(self, key: str) -> BinaryIO:
        """See `Storage`; parts are fetched as they are read."""
        manifest = self._manifest(key)

        def fetch(index: int) -> bytes:
            with answering(STORE):
                part = self._redis.get(f"lipchord:part:{manifest['parts'][index]}")
            if part is None:
                raise MissingBlobError(key)
            return cast(bytes, part)

        raw = PartsFile(manifest["size"], manifest["part_bytes"], fetch)
        return cast(BinaryIO, io.BufferedReader(raw, 256 * 1024))

    def delete(self, key: str) -> None:
        with answering(STORE):
            self._scripts["drop"](args=[key])

    def verify(self, key: str) -> bool:
        """See `Storage`; one part is in memory at a time."""
        try:
            parts = self._manifest(key)["parts"]
        except MissingBlobError:
            return False
        whole, damaged = hashlib.sha256(), False
        with answering(STORE):
            for name in parts:
                part = cast("bytes | None", self._redis.get(f"lipchord:part:{name}"))
                if part is None or hashlib.sha256(part).hexdigest() != name:
                    self._redis.delete(f"lipchord:part:{name}")  # whoever shares it is damaged too
                    damaged = True
                whole.update(part or b"")
        if damaged or f"blob_{whole.hexdigest()}" != key:
            self.delete(key)
            return False
        return True

    def link(self, name: str, key: str, ttl_s: int) -> None:
        with answering(STORE):
            self._redis.set(f"lipchord:name:{name}", key, ex=ttl_s)

    def resolve(self, name: str) -> str | None:
        with answering(STORE):
            key = cast("bytes | None", self._redis.get(f"lipchord:name:{name}"))
        return key.decode() if key else None

    def _put_part(self, part: bytes, ttl_s: int) -> str:
        """A part that is there already is kept, and never lives shorter: others may share it."""
        name = hashlib.sha256(part).hexdigest()
        key = f"lipchord:part:{name}"
        if not self._scripts["touch"](keys=[key], args=[ttl_s * 1000]):
            self._redis.set(key, part, ex=ttl_s)
        return name

    def _manifest(self, key: str) -> _Manifest:
        with answering(STORE):
            found = self._redis.get(f"lipchord:{key}")
        if found is None:
            raise MissingBlobError(key)
        return cast(_Manifest, json.loads(cast(bytes, found)))


class MemoryStorage:
    """The same promises in one process's memory: for `lipchord render`, and tests."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._blobs: dict[str, tuple[float, bytes]] = {}
        self._names: dict[str, tuple[float, str]] = {}

    def put(self, data: bytes | BinaryIO, ttl_s: int) -> Blob:
        whole = data if isinstance(data, bytes) else data.read()
        blob = Blob(f"blob_{hashlib.sha256(whole).hexdigest()}", len(whole))
        until = max(self._clock() + ttl_s, self._blobs.get(blob.key, (0.0, b""))[0])
        self._blobs[blob.key] = (until, whole)
        return blob

    def stat(self, key: str) -> Blob:
        return Blob(key, len(self._bytes(key)))

    def open(self, key: str) -> BinaryIO:
        return io.BytesIO(self._bytes(key))

    def delete(self, key: str) -> None:
        self._blobs.pop(key, None)

    def verify(self, key: str) -> bool:
        return self._blobs.get(key, (0.0, b""))[0] > self._clock()

    def link(self, name: str, key: str, ttl_s: int) -> None:
        self._names[name] = (self._clock() + ttl_s, key)

    def resolve(self, name: str) -> str | None:
        until, key = self._names.get(name, (0.0, ""))
        return key if until > self._clock() else None

    def _bytes(self, key: str) -> bytes:
        until, whole = self._blobs.get(key, (0.0, b""))
        if until <= self._clock():
            raise MissingBlobError(key)
        return whole
