"""ISO base media boxes (ISO/IEC 14496-12, 4.2): found in bytes and files, and written."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import SEEK_END
from typing import BinaryIO


class BoxError(ValueError):
    """A box is missing, or is not as long as it says."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a box's content lies in a file: from byte `start`, `size` bytes."""

    kind: bytes
    start: int
    size: int


def places(file: BinaryIO) -> Iterator[Place]:
    """The outermost boxes of a file, in order; reads their headers alone.

    Raises:
        BoxError: a header makes no sense, or the file ends within a box.
    """
    at, end = 0, file.seek(0, SEEK_END)
    while len(header := _at(file, at, 16)) >= 8:
        size, kind, head = int.from_bytes(header[:4], "big"), header[4:8], 8
        if size == 1:  # the true size follows, in 64 bits
            size, head = int.from_bytes(header[8:16], "big"), 16
        if size < head:
            raise BoxError(f"box {kind!r} at byte {at} claims {size} bytes")
        yield Place(kind, at + head, size - head)
        at += size
    if at != end:
        raise BoxError(f"the file has {end} bytes, its boxes {at}")


def content(file: BinaryIO, place: Place) -> bytes:
    """What a box holds. Raises BoxError: the file ends before."""
    found = _at(file, place.start, place.size)
    if len(found) != place.size:
        raise BoxError(f"box {place.kind!r} is cut off")
    return found


def children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of the boxes that fill `data`. Raises BoxError."""
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        if size < 8 or at + size > len(data):
            raise BoxError(f"box {data[at + 4 : at + 8]!r} claims {size} bytes")
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size


def find(data: bytes, *path: bytes) -> bytes:
    """The content of the first box at `path`, from the outside in. Raises BoxError."""
    for kind in path:
        found = maybe(data, kind)
        if found is None:
            raise BoxError(f"there is no box {kind!r}")
        data = found
    return data


def maybe(data: bytes, kind: bytes) -> bytes | None:
    """The content of the first box of a kind, or None."""
    return next((body for name, body in children(data) if name == kind), None)


def box(kind: bytes, *parts: bytes) -> bytes:
    """A box around these parts."""
    return struct.pack(">I4s", 8 + sum(map(len, parts)), kind) + b"".join(parts)


def full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    """A box with a version and flags (ISO/IEC 14496-12, 4.2)."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _at(file: BinaryIO, at: int, size: int) -> bytes:
    file.seek(at)
    return file.read(size)
