"""What a file is, by its first bytes; never by its name, never by letting FFmpeg guess.

FFmpeg has some 300 readers, and several of them open *other* files or the
network: playlists (HLS, DASH), concat scripts, SVG. Only the readers named
here are ever forced on a file, and only when its signature fits.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from lipsync_engine.errors import EmptyFileError, ForbiddenFormatError, UnreadableMediaError

HEAD = 4096  # bytes looked at


class Kind(Enum):
    """What a format can hold."""

    SOUND = "sound"
    VIDEO = "video"  # with or without sound; an .m4a is one too, seen from outside
    PICTURE = "picture"


@dataclass(frozen=True, slots=True)
class MediaFormat:
    """A file format that is accepted.

    Attributes:
        name: for people.
        demuxer: the one FFmpeg reader that may open it.
    """

    name: str
    demuxer: str
    kind: Kind


WAV = MediaFormat("WAV", "wav", Kind.SOUND)
MP3 = MediaFormat("MP3", "mp3", Kind.SOUND)
AAC = MediaFormat("AAC", "aac", Kind.SOUND)
FLAC = MediaFormat("FLAC", "flac", Kind.SOUND)
OGG = MediaFormat("Ogg", "ogg", Kind.SOUND)
MP4 = MediaFormat("MP4/MOV", "mov", Kind.VIDEO)
MATROSKA = MediaFormat("WebM/Matroska", "matroska", Kind.VIDEO)
PNG = MediaFormat("PNG", "png_pipe", Kind.PICTURE)
JPEG = MediaFormat("JPEG", "jpeg_pipe", Kind.PICTURE)
WEBP = MediaFormat("WebP", "webp_pipe", Kind.PICTURE)

SPEECH_ACCEPTED = (
    "wav, mp3, m4a, ogg, opus, flac or webm, or a video (mp4, mov, webm, mkv) with sound"
)
FACE_ACCEPTED = "a picture (jpg, png, webp) or a video (mp4, mov, webm)"

Test = Callable[[bytes], bool]


def _starts(*signatures: bytes) -> Test:
    return lambda head: head.startswith(signatures)


def _riff(form: bytes) -> Test:
    return lambda head: head[:4] in (b"RIFF", b"RF64") and head[8:12] == form


def _boxed(*brands: bytes) -> Test:
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


def _like(pattern: bytes) -> Test:
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda head: compiled.match(head.removeprefix(b"\xef\xbb\xbf").lstrip()) is not None


# Known, and not accepted: each with what the user can do. Looked at first.
_FORBIDDEN: tuple[tuple[str, str, Test], ...] = (
    ("a playlist (HLS)", "Send the media file itself.", _like(rb"#EXTM3U|\[playlist\]")),
    ("a concat script", "Send the media file itself.", _like(rb"ffconcat|file\s+\S+\s*(\n|$)")),
    ("an SVG, XML or HTML text", "Export it as PNG.", _like(rb"<")),
    ("a GIF", "Save it as PNG, or as an MP4 if it moves.", _starts(b"GIF8")),
    (
        "a HEIC or AVIF picture",
        "Save or share it as JPEG.",
        _boxed(b"heic", b"heix", b"heim", b"hevc", b"mif1", b"msf1", b"avif", b"avis"),
    ),
    ("a TIFF", "Save it as PNG or JPEG.", _starts(b"II*\0", b"MM\0*")),
    ("a BMP", "Save it as PNG or JPEG.", lambda head: head[:2] == b"BM" and head[6:10] == bytes(4)),
    ("a PDF", "Save the picture in it as PNG or JPEG.", _starts(b"%PDF")),
    ("an AVI", "Save it as MP4.", _riff(b"AVI ")),
    (
        "a Windows Media file",
        "Save it as MP4 or MP3.",
        _starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ),
    ("an archive", "Unpack it and send the file inside.", _starts(b"PK\3\4", b"\x1f\x8b", b"Rar!")),
)

_ACCEPTED: tuple[tuple[MediaFormat, Test], ...] = (
    (WAV, _riff(b"WAVE")),
    (WEBP, _riff(b"WEBP")),
    (PNG, _starts(b"\x89PNG\r\n\x1a\n")),
    (JPEG, _starts(b"\xff\xd8\xff")),
    (FLAC, _starts(b"fLaC")),
    (OGG, _starts(b"OggS")),
    (MATROSKA, _starts(b"\x1a\x45\xdf\xa3")),
    (MP4, lambda head: head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")),
    (AAC, lambda head: head[0] == 0xFF and _is_adts(head[1:2])),
    (MP3, lambda head: head.startswith(b"ID3") or (head[0] == 0xFF and _is_mpeg(head[1:3]))),
)


def _is_adts(rest: bytes) -> bool:
    """Whether a frame of raw AAC follows its 0xFF (ISO/IEC 14496-3, 1.A.3.2)."""
    return len(rest) == 1 and rest[0] & 0xF6 == 0xF0


def _is_mpeg(rest: bytes) -> bool:
    """Whether a frame of MPEG audio follows its 0xFF (ISO/IEC 11172-3, 2.4.2.3)."""
    return (
        len(rest) == 2
        and rest[0] & 0xE0 == 0xE0
        and rest[0] & 0x18 != 0x08  # a version that exists
        and rest[0] & 0x06 != 0x00  # a layer that exists
        and rest[1] & 0xF0 != 0xF0  # a bit rate that exists
        and rest[1] & 0x0C != 0x0C  # a sample rate that exists
    )


def recognise(source: Path, accepted: str) -> MediaFormat:
    """The format of a file by its first bytes.

    Args:
        source: the file.
        accepted: what the user is told to send instead.

    Raises:
        EmptyFileError: 0 bytes.
        ForbiddenFormatError: known, and not accepted.
        UnreadableMediaError: nothing that is known.
    """
    with source.open("rb") as stream:
        head = stream.read(HEAD)
    if not head:
        raise EmptyFileError(
            f"The file is empty (0 bytes). The upload may have broken off: send {accepted} again."
        )
    for name, advice, test in _FORBIDDEN:
        if test(head):
            raise ForbiddenFormatError(f"The file is {name}. {advice} Accepted: {accepted}.")
    for media, test in _ACCEPTED:
        if test(head):
            return media
    raise UnreadableMediaError(
        "The file is no sound, picture or video that is known here, whatever its name says. "
        f"Send {accepted}."
    )
