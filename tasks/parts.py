"""A blob in parts: cutting what comes, and reading what lies in parts as one file."""

import io
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast


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
        """Fill `buffer` from here on, up to the end of a part; bytes read, 0 at the end."""
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


def pieces(data: bytes | BinaryIO, part_bytes: int) -> Iterator[bytes]:
    """`data` in pieces of `part_bytes`, the last one shorter."""
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    while part := stream.read(part_bytes):
        while len(part) < part_bytes and (more := stream.read(part_bytes - len(part))):
            part += more  # a socket may give less than was asked
        yield part
