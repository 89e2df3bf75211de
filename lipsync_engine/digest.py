"""One number for a run of pictures, such that two runs' numbers give the number of both in a row.

A chunk's digest tells nothing of where it was cut, so the digests of all chunks,
joined, are the digest of the same pictures rendered in one piece: whether a
parallel job is equal to the sequential one can be seen from two numbers. It is a
polynomial in `BASE` over the pictures' own hashes (Karp and Rabin 1987), taken
modulo the Mersenne prime 2^127 - 1. It finds accidents, not forgers: XXH3 takes
0.05 ms for a 768 x 768 picture, a hundredth of what rendering one takes.

A chunk's file carries it behind its MP4 data, in a box of our own that every
reader of MP4 passes over (ISO/IEC 14496-12, 4.2 and 11.1: `uuid`).
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh3_128_intdigest

PRIME = 2**127 - 1
BASE = 0x5A17_C0DE_9E37_79B9_7F4A_7C15_F39C_C060 % PRIME
BOX_ID = b"lipchord pixels\0"  # in the place of a UUID, 16 bytes
_BOX = struct.Struct(">I4s16sQ16s")  # size, "uuid", id, pictures, digest


@dataclass(frozen=True, slots=True)
class Digest:
    """The digest of `n` pictures in a row; no pictures: `Digest()`."""

    n: int = 0
    value: int = 0

    def then(self, later: "Digest") -> "Digest":
        """Of these pictures and then those."""
        value = (self.value * pow(BASE, later.n, PRIME) + later.value) % PRIME
        return Digest(self.n + later.n, value)

    def add(self, picture: NDArray[np.uint8]) -> "Digest":
        """Of these pictures and one more: any array of bytes without gaps."""
        value = self.value * BASE + xxh3_128_intdigest(picture.data)
        return Digest(self.n + 1, value % PRIME)

    def __str__(self) -> str:
        return f"{self.value:032x}"


def append_to(path: Path, digest: Digest) -> None:
    """Put the digest behind a chunk's MP4 data."""
    with path.open("ab") as file:
        file.write(_BOX.pack(_BOX.size, b"uuid", BOX_ID, digest.n, digest.value.to_bytes(16)))


def read_from(path: Path) -> Digest | None:
    """What `append_to` wrote; None where the file ends otherwise."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _BOX.size))
        tail = file.read()
    if len(tail) != _BOX.size:
        return None
    size, kind, name, n, value = _BOX.unpack(tail)
    if (size, kind, name) != (_BOX.size, b"uuid", BOX_ID):
        return None
    return Digest(n, int.from_bytes(value))
