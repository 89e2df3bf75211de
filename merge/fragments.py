"""Samples of a one-track MP4 as CMAF: one header for all, and fragments that stand alone.

Nothing is encoded and no sample's byte is changed: a fragment is a new index before a run of
the file's own bytes (ISO/IEC 14496-12, 8.8; ISO/IEC 23000-19).
"""

import struct
from collections.abc import Iterator

from merge.boxes import box, children, find, full_box
from merge.track import AUDIO, FIELDS, VIDEO, Track

_BRANDS = b"iso6" + struct.pack(">I", 0) + b"iso6" + b"cmfc" + b"mp41"
_KEY, _DEPENDENT = 0x0200_0000, 0x0101_0000  # sample_depends_on; sample_is_non_sync_sample
_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
_TRACK = 1


def header(track: Track) -> bytes:
    """The initialisation segment: what every fragment of such a track is decoded with."""
    movie = full_box(
        b"mvhd", 0, 0, struct.pack(">4I", 0, 0, track.timescale, 0),
        struct.pack(">IH10x", 1 << 16, 1 << 8), _MATRIX, bytes(24), struct.pack(">I", _TRACK + 1),
    )  # fmt: skip
    extends = full_box(b"trex", 0, 0, struct.pack(">5I", _TRACK, 1, 0, 0, 0))
    return box(b"ftyp", _BRANDS) + box(
        b"moov", movie, box(b"trak", *_track(track)), box(b"mvex", extends)
    )


def fragment(track: Track, first: int, stop: int, number: int, begins: int) -> bytes:
    """The index of samples [first, stop), to be followed by their bytes as the file has them.

    Args:
        number: of the fragment in its presentation, from 1.
        begins: decode time of its first sample in the whole presentation, ticks.
    """
    keys = set(track.keys)
    samples = b"".join(
        struct.pack(
            ">3I",
            track.ticks[k + 1] - track.ticks[k],
            track.places[k + 1] - track.places[k],
            _KEY if k in keys else _DEPENDENT,
        )
        for k in range(first, stop)
    )

    def moof(offset: int) -> bytes:
        """The box, whose samples' bytes begin `offset` bytes after its own beginning."""
        run = struct.pack(">Ii", stop - first, offset) + samples
        return box(
            b"moof",
            full_box(b"mfhd", 0, 0, struct.pack(">I", number)),
            box(
                b"traf",
                full_box(b"tfhd", 0, 0x02_0000, struct.pack(">I", _TRACK)),  # offsets from here
                full_box(b"tfdt", 1, 0, struct.pack(">Q", begins)),
                full_box(b"trun", 0, 0x0701, run),  # offset; durations, sizes, flags
            ),
        )

    n_bytes = track.places[stop] - track.places[first]
    index = moof(len(moof(0)) + 8)
    return index + struct.pack(">I4s", 8 + n_bytes, b"mdat")


def codec(track: Track) -> str:
    """The codec as RFC 6381 writes it: "avc1.64001f", "mp4a.40.2"."""
    if track.kind == AUDIO:
        return "mp4a.40.2"  # AAC-LC is all that `merge.sound` writes
    entry = find(track.description, b"stsd")[8:]  # after version, flags and count
    avcc = find(find(entry, b"avc1")[FIELDS[VIDEO] :], b"avcC")
    return f"avc1.{avcc[1:4].hex()}"


def size(track: Track) -> tuple[int, int]:
    """(width, height) of a video, pixels; (0, 0) of a sound."""
    tkhd = find(find(track.header, b"trak"), b"tkhd")
    width, height = struct.unpack(">II", tkhd[-8:])  # 16.16 fixed point
    return width >> 16, height >> 16


def _track(track: Track) -> Iterator[bytes]:
    """What the box "trak" holds: the file's own, but with no sample and no duration."""
    for kind, body in children(find(track.header, b"trak")):
        if kind == b"tkhd":
            yield box(kind, _lasting_nothing(_numbered(body), 20, 28))
        elif kind == b"mdia":
            yield _edit(track)
            yield box(b"mdia", *_media(body, track))


def _edit(track: Track) -> bytes:
    """What is decoded but not shown, at the beginning; nothing is said about the end."""
    if not track.delay:
        return b""
    edit = struct.pack(">IIiI", 1, 0, track.delay, 1 << 16)
    return box(b"edts", full_box(b"elst", 0, 0, edit))


def _media(data: bytes, track: Track) -> Iterator[bytes]:
    for kind, body in children(data):
        if kind == b"mdhd":
            yield box(kind, _lasting_nothing(body, 16, 24))
        elif kind == b"minf":
            kept = [box(name, inner) for name, inner in children(body) if name != b"stbl"]
            yield box(b"minf", *kept, _no_samples(track))
        else:
            yield box(kind, body)


def _no_samples(track: Track) -> bytes:
    none = struct.pack(">I", 0)
    return box(
        b"stbl",
        track.description,
        full_box(b"stts", 0, 0, none),
        full_box(b"stsc", 0, 0, none),
        full_box(b"stsz", 0, 0, none, none),
        full_box(b"stco", 0, 0, none),
    )


def _numbered(tkhd: bytes) -> bytes:
    at = 20 if tkhd[0] == 1 else 12
    return tkhd[:at] + struct.pack(">I", _TRACK) + tkhd[at + 4 :]


def _lasting_nothing(body: bytes, at: int, at_64: int) -> bytes:
    """A header with its duration, 32 bits at `at` or 64 bits at `at_64` (version 1), set to 0."""
    place, width = (at_64, 8) if body[0] == 1 else (at, 4)
    return body[:place] + bytes(width) + body[place + width :]
