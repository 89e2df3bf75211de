"""An MP4 of one track, as our encoders write it, by its index alone: no FFmpeg, no decoding."""

import struct
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import BinaryIO

from merge.boxes import BoxError, box, children, content, find, maybe, places
from merge.errors import UnreadableTrackError

VIDEO, AUDIO = b"vide", b"soun"
# Bytes before the boxes in a sample entry (ISO/IEC 14496-12, 12.1.3 and 12.2.3).
FIELDS = {VIDEO: 78, AUDIO: 28}


@dataclass(frozen=True, slots=True)
class Track:
    """Where the samples (coded frames) of a one-track MP4 lie, and when they are due.

    Attributes:
        kind: VIDEO or AUDIO.
        timescale: ticks a second.
        header: the box "trak" as it was, whole.
        description: the box "stsd" in it, without this file's bit rate: equal ones decode each
            other's samples.
        delay: ticks that are decoded before the first is shown or heard (priming of AAC).
        places: byte places in the file, (n + 1,): sample k is [places[k], places[k + 1]).
        ticks: decode times, (n + 1,), from 0; the last is the end.
        keys: samples that can be decoded without those before, from 0 on, in order.
    """

    kind: bytes
    timescale: int
    header: bytes
    description: bytes
    delay: int
    places: Sequence[int]
    ticks: Sequence[int]
    keys: Sequence[int]

    @property
    def n_samples(self) -> int:
        """How many there are."""
        return len(self.ticks) - 1


def read_track(file: BinaryIO) -> Track:
    """Read the index of a file; its samples must fill one box "mdat" in order.

    Raises:
        UnreadableTrackError: it is damaged, or another kind of file.
    """
    try:
        found = {place.kind: place for place in places(file)}
        if not {b"moov", b"mdat"} <= found.keys():
            raise BoxError("moov or mdat is missing")
        trak = find(content(file, found[b"moov"]), b"trak")
        media = find(trak, b"mdia")
        table = find(media, b"minf", b"stbl")
        sizes, ticks = _sizes(find(table, b"stsz")), _ticks(find(table, b"stts"))
        data = found[b"mdat"]
        if len(sizes) != len(ticks) or not sizes or sum(sizes) != data.size:
            raise BoxError(f"{len(sizes)} sizes, {len(ticks)} times, {data.size} bytes")
        return Track(
            kind=find(media, b"hdlr")[8:12],
            timescale=_timescale(find(media, b"mdhd")),
            header=box(b"trak", trak),
            description=_description(find(table, b"stsd"), FIELDS[find(media, b"hdlr")[8:12]]),
            delay=_delay(trak),
            places=array("Q", accumulate(sizes, initial=data.start)),
            ticks=array("Q", accumulate(ticks, initial=0)),
            keys=_keys(maybe(table, b"stss"), len(sizes)),
        )
    except (BoxError, struct.error, LookupError, ValueError) as error:
        raise UnreadableTrackError(
            f"This is no MP4 of one track as we write them ({error}). Render it again."
        ) from error


def _description(stsd: bytes, fields: int) -> bytes:
    """The box with its one sample entry, but for its box "btrt"."""
    ((kind, entry),) = children(stsd[8:])
    kept = [box(name, body) for name, body in children(entry[fields:]) if name != b"btrt"]
    return box(b"stsd", stsd[:8], box(kind, entry[:fields], *kept))


def _numbers(data: bytes, at: int, n: int) -> tuple[int, ...]:
    """n unsigned 32-bit numbers from byte `at`."""
    return struct.unpack_from(f">{n}I", data, at)


def _sizes(stsz: bytes) -> Sequence[int]:
    _, common, n = _numbers(stsz, 0, 3)
    return (common,) * n if common else _numbers(stsz, 12, n)


def _ticks(stts: bytes) -> list[int]:
    """How long each sample lasts."""
    _, n = _numbers(stts, 0, 2)
    runs = _numbers(stts, 8, 2 * n)
    return [last for count, last in zip(runs[::2], runs[1::2], strict=True) for _ in range(count)]


def _keys(stss: bytes | None, n_samples: int) -> Sequence[int]:
    if stss is None:  # every sample is one
        return range(n_samples)
    return tuple(number - 1 for number in _numbers(stss, 8, _numbers(stss, 4, 1)[0]))


def _timescale(mdhd: bytes) -> int:
    return _numbers(mdhd, 20 if mdhd[0] == 1 else 12, 1)[0]


def _delay(trak: bytes) -> int:
    """The media time at which the track's edit begins; 0 where there is none."""
    edits = maybe(trak, b"edts")
    if edits is None:
        return 0
    elst = find(edits, b"elst")
    form, at = (">q", 16) if elst[0] == 1 else (">i", 12)
    return max(0, int(struct.unpack_from(form, elst, at)[0]))
