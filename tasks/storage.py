"""Blobs: uploads, chunks and videos, by content, in parts of a few MiB.

A blob is stored as parts, each under the hash of its bytes, and then, last, a
manifest that names them: a reader sees the whole blob or none of it. Names
(`link`) point from a description ("the face in upload X at 25 fps") to a key.
"""

import hashlib
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfileobj
from typing import BinaryIO, Protocol, TypedDict, cast

import redis

from tasks.errors import MissingBlobError
from tasks.stores import answering

STORE = "blob store"
PART_BYTES = 4 * 2**20

# Keep a part that is there already, and never shorten its life: other blobs may share it.
TOUCH = """
local left = redis.call('PTTL', KEYS[1])
if left == -2 then return 0 end
if left >= 0 and left < tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1
"""


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
        """Forget the blob; its parts go with their time, for others may share them."""

    def discard(self, key: str) -> None:
        """Forget a blob that turned out damaged, and those of its parts that are: putting the
        same bytes again then stores them anew."""

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


class PartsFile(io.RawIOBase):
    """A seekable file over parts that are fetched when they are read, one kept at a time."""

    def __init__(self, size: int, part_bytes: int, fetch: Callable[[int], bytes]) -> None:
        self._size, self._part_bytes, self._fetch = size, part_bytes, fetch
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast(bytearray, buffer)).cast("B")
        if self._position >= self._size:
            return 0
        index, start = divmod(self._position, self._part_bytes)
        if self._held[0] != index:
            self._held = (index, self._fetch(index))
        piece = self._held[1][start : start + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


class RedisStorage:
    """Blobs in a Redis or Valkey of their own."""

    def __init__(self, client: "redis.Redis", part_bytes: int = PART_BYTES) -> None:
        self._redis, self._part_bytes = client, part_bytes
        self._touch = client.register_script(TOUCH)

    def put(self, data: bytes | BinaryIO, ttl_s: int) -> Blob:
        whole, size, parts = hashlib.sha256(), 0, []
        with answering(STORE):
            for part in _parts(data, self._part_bytes):
                whole.update(part)
                size += len(part)
                parts.append(self._put_part(part, ttl_s))
            blob = Blob(f"blob_{whole.hexdigest()}", size)
            manifest = {"size": size, "part_bytes": self._part_bytes, "parts": parts}
            self._put_manifest(blob.key, json.dumps(manifest), ttl_s)
        return blob

    def stat(self, key: str) -> Blob:
        return Blob(key, self._manifest(key)["size"])

    def open(self, key: str) -> BinaryIO:
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
            self._redis.delete(f"lipchord:{key}")

    def discard(self, key: str) -> None:
        try:
            parts = self._manifest(key)["parts"]
        except MissingBlobError:
            return
        with answering(STORE):
            for part in parts:
                found = cast("bytes | None", self._redis.get(f"lipchord:part:{part}"))
                if found is not None and hashlib.sha256(found).hexdigest() != part:
                    self._redis.delete(f"lipchord:part:{part}")
        self.delete(key)

    def link(self, name: str, key: str, ttl_s: int) -> None:
        with answering(STORE):
            self._redis.set(f"lipchord:name:{name}", key, ex=ttl_s)

    def resolve(self, name: str) -> str | None:
        with answering(STORE):
            key = cast("bytes | None", self._redis.get(f"lipchord:name:{name}"))
        return key.decode() if key else None

    def _put_part(self, part: bytes, ttl_s: int) -> str:
        name = hashlib.sha256(part).hexdigest()
        key = f"lipchord:part:{name}"
        if not self._touch(keys=[key], args=[ttl_s * 1000]):
            self._redis.set(key, part, ex=ttl_s)
        return name

    def _put_manifest(self, key: str, manifest: str, ttl_s: int) -> None:
        if not self._touch(keys=[f"lipchord:{key}"], args=[ttl_s * 1000]):
            self._redis.set(f"lipchord:{key}", manifest, ex=ttl_s)

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

    def discard(self, key: str) -> None:
        self.delete(key)

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


def _parts(data: bytes | BinaryIO, part_bytes: int) -> Iterator[bytes]:
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    while part := stream.read(part_bytes):
        while len(part) < part_bytes and (more := stream.read(part_bytes - len(part))):
            part += more  # a socket may give less than was asked
        yield part
