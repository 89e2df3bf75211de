"""Size, orientation and transparency of a picture, read from its header alone.

A decompression bomb is refused here, before any decoder sees it. Pillow's lazy
`open` would tell the same, but runs its plugins' C code on hostile bytes in our
process; these are a few seeks.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from lipsync_engine.errors import ForbiddenFormatError, UnreadableMediaError
from lipsync_engine.media_formats import JPEG, PNG, MediaFormat

MAX_BLOCKS = 4096  # segments or chunks; a real picture has some dozens
MAX_EXIF = 2**17  # bytes; JPEG allows 2**16
ORIENTATION = 0x0112  # Exif 2.32, 4.6.4

# JPEG's start-of-frame markers (ITU-T T.81, table B.1); C4, C8 and CC mean other things.
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture says of itself.

    Attributes:
        width, height: pixels, as stored.
        orientation: 1..8 as Exif has it; 1 is upright.
        has_alpha: whether some of it may be transparent.
    """

    width: int
    height: int
    orientation: int
    has_alpha: bool


def read_header(source: Path, media: MediaFormat) -> PictureHeader:
    """Read the header of a PNG, JPEG or WebP.

    Raises:
        UnreadableMediaError: cut off, or not what it claims to be.
        ForbiddenFormatError: an animation.
    """
    readers = {PNG: _png, JPEG: _jpeg}
    with source.open("rb") as stream:
        try:
            return readers.get(media, _webp)(stream)
        except (struct.error, ValueError) as error:
            raise UnreadableMediaError(
                f"The {media.name} picture has no readable header: it is damaged or cut off. "
                "Open it in a picture program, save it again and send that."
            ) from error


def without_metadata(png: bytes) -> bytes:
    """A PNG with its pixels alone.

    FFmpeg copies Exif along after the picture is turned upright, and OpenCV
    would turn it once more; where the photo was taken is nobody's business.
    """
    kept, at = [png[:8]], 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        if png[at + 4] & 0x20 == 0:  # critical chunks have a capital first letter (PNG, 5.4)
            kept.append(png[at : at + size + 12])
        at += size + 12
    return b"".join(kept)


def _png(stream: BinaryIO) -> PictureHeader:
    """PNG (W3C), chunks: length, type, data, CRC."""
    stream.seek(8)
    size, kind, width, height, _, colour = struct.unpack(">I4sIIBB", stream.read(18))
    if kind != b"IHDR":
        raise ValueError(kind)
    has_alpha, orientation = colour in (4, 6), 1
    stream.seek(8)
    for _ in range(MAX_BLOCKS):
        size, kind = struct.unpack(">I4s", stream.read(8))
        if kind == b"acTL":
            raise _animated("PNG")
        if kind in (b"IDAT", b"IEND"):
            break
        if kind == b"eXIf" and size <= MAX_EXIF:
            orientation = _exif_orientation(stream.read(size))
            stream.seek(4, 1)
        else:
            stream.seek(size + 4, 1)
        has_alpha = has_alpha or kind == b"tRNS"
    return PictureHeader(width, height, orientation, has_alpha)


def _jpeg(stream: BinaryIO) -> PictureHeader:
    """JPEG (ITU-T T.81): markers, each with its length, until the frame's."""
    orientation = 1
    for marker, size in _jpeg_segments(stream):
        if marker in _FRAME_MARKERS:
            _, height, width = struct.unpack(">BHH", stream.read(5))
            return PictureHeader(width, height, orientation, has_alpha=False)
        if marker == 0xE1:  # APP1; the first Exif one counts
            payload = stream.read(size)
            if payload.startswith(b"Exif\0\0") and orientation == 1:
                orientation = _exif_orientation(payload[6:])
        else:
            stream.seek(size, 1)
    raise ValueError("no frame")


def _jpeg_segments(stream: BinaryIO) -> Iterator[tuple[int, int]]:
    """(marker, bytes that follow) of each segment, the stream being at those bytes."""
    stream.seek(2)
    for _ in range(MAX_BLOCKS):
        (lead,) = struct.unpack(">B", stream.read(1))
        while lead == 0xFF:  # any number of fill bytes
            (lead,) = struct.unpack(">B", stream.read(1))
        if lead == 0xDA:  # the scan: no frame came before it
            return
        (size,) = struct.unpack(">H", stream.read(2))
        if size < 2:
            raise ValueError(size)
        yield lead, size - 2


def _webp(stream: BinaryIO) -> PictureHeader:
    """WebP (RFC 9649): VP8 is lossy, VP8L lossless, VP8X says what else there is."""
    stream.seek(12)
    kind, _ = struct.unpack("<4sI", stream.read(8))
    data = stream.read(10)
    if kind == b"VP8 ":
        start, width, height = struct.unpack("<3x3sHH", data)
        if start != b"\x9d\x01\x2a":
            raise ValueError(start)
        return PictureHeader(width & 0x3FFF, height & 0x3FFF, 1, has_alpha=False)
    if kind == b"VP8L":
        signature, bits = struct.unpack("<BI", data[:5])
        if signature != 0x2F:
            raise ValueError(signature)
        size = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        return PictureHeader(*size, 1, has_alpha=bool(bits >> 28 & 1))
    if kind != b"VP8X" or len(data) < 10:
        raise ValueError(kind)
    flags = data[0]
    if flags & 0x02:
        raise _animated("WebP")
    width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (4, 7))
    orientation = _webp_orientation(stream) if flags & 0x08 else 1
    return PictureHeader(width, height, orientation, has_alpha=bool(flags & 0x10))


def _webp_orientation(stream: BinaryIO) -> int:
    """From the EXIF chunk, which stands behind the picture; the stream is past VP8X."""
    for _ in range(MAX_BLOCKS):
        head = stream.read(8)
        if len(head) < 8:
            break
        kind, size = struct.unpack("<4sI", head)
        if kind == b"EXIF" and size <= MAX_EXIF:
            return _exif_orientation(stream.read(size).removeprefix(b"Exif\0\0"))
        stream.seek(size + size % 2, 1)
    return 1


def _exif_orientation(tiff: bytes) -> int:
    """Tag 0x0112 of the first directory of a TIFF block; 1 where there is none that makes sense."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (entries,) = struct.unpack_from(f"{order}H", tiff, first)
        for entry in range(entries):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * entry)
            if tag == ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except struct.error:  # damaged Exif is no reason to refuse a picture
        pass
    return 1


def _animated(name: str) -> ForbiddenFormatError:
    return ForbiddenFormatError(
        f"The picture is an animated {name}. Save one frame of it as PNG, or all of it as MP4."
    )
