"""Uploads made canonical: a speech to `Sound`, a face to pictures.

Untrusted bytes are recognised by their signature (`media_formats`), measured
by their header, and decoded in a limited child process (`media_child`). What
comes back to this process was written by that child.
"""

import math
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ffmpeg

from lipsync_engine.errors import (
    ForbiddenFormatError,
    ImageTooLargeError,
    ImageTooSmallError,
    NoAudioError,
    UnreadableMediaError,
)
from lipsync_engine.ingest_sound import canonical_sound
from lipsync_engine.limits import Limits
from lipsync_engine.media_child import complaint, inspect, opened, transcode
from lipsync_engine.media_formats import (
    FACE_ACCEPTED,
    SPEECH_ACCEPTED,
    Kind,
    MediaFormat,
    recognise,
)
from lipsync_engine.picture_header import PictureHeader, read_header, without_metadata
from lipsync_engine.sound import Sound

__all__ = ["Limits", "Pictures", "ingest_face", "ingest_speech"]

MAX_PNG_BYTES = 2**26
BEYOND_S = 1.0  # seconds past the longest video that are looked for, not at
SHORTENED = (
    "The face video is longer than {seconds:g} seconds: only its first {seconds:g} seconds are "
    "used, forwards and backwards by turns. Send the part that you want to see."
)
JPEG_QUALITY = 2  # FFmpeg's scale, 2 is best; about 95 of libjpeg's 100

# FFmpeg filters that turn a picture of Exif orientation n upright.
_UPRIGHT: dict[int, tuple[tuple[str, dict[str, int]], ...]] = {
    1: (),
    2: (("hflip", {}),),
    3: (("hflip", {}), ("vflip", {})),
    4: (("vflip", {}),),
    5: (("transpose", {"dir": 0}),),
    6: (("transpose", {"dir": 1}),),
    7: (("transpose", {"dir": 3}),),
    8: (("transpose", {"dir": 2}),),
}


def ingest_speech(source: Path, workdir: Path, limits: Limits) -> Sound:
    """Make an uploaded sound, or a video's sound track, canonical.

    Args:
        source: the upload, under any name.
        workdir: where the sound is written.
        limits: what it may be and cost.

    Raises:
        MediaError: it cannot be used, and what to do.
    """
    media = recognise(source, SPEECH_ACCEPTED)
    if media.kind is Kind.PICTURE:
        raise NoAudioError(f"The file is a {media.name} picture: no sound. Send {SPEECH_ACCEPTED}.")
    with TemporaryDirectory(dir=workdir) as folder:
        return canonical_sound(source, media, Path(folder), workdir, limits)


@dataclass(frozen=True, slots=True)
class Pictures:
    """A canonical face.

    Attributes:
        images: one PNG of a photo, or a JPEG of every frame of a video; upright, all of one size,
            without transparency.
        warnings: what the user should know, in plain sentences.
    """

    images: tuple[bytes, ...]
    warnings: tuple[str, ...] = ()


def ingest_face(source: Path, workdir: Path, limits: Limits, fps: Fraction) -> Pictures:
    """Make an uploaded face canonical: pictures.

    Args:
        source: the upload, under any name.
        workdir: for temporary files; nothing is left there.
        limits: what it may be and cost.
        fps: frames a second that a video is brought to.

    Raises:
        MediaError: it cannot be used, and what to do.
    """
    media = recognise(source, FACE_ACCEPTED)
    if media.kind is Kind.SOUND:
        raise ForbiddenFormatError(
            f"The file is {media.name} sound: no face to see. Send {FACE_ACCEPTED}."
        )
    with TemporaryDirectory(dir=workdir) as folder:
        if media.kind is Kind.PICTURE:
            return Pictures((_photo(source, media, Path(folder), limits),))
        return _video(source, media, Path(folder), limits, fps)


def _photo(source: Path, media: MediaFormat, folder: Path, limits: Limits) -> bytes:
    header = read_header(source, media)
    _check_size("picture", header.width, header.height, limits.max_image_pixels, limits)
    stream = _over_white(_turned(opened(source, media, noautorotate=None), header), header)
    output = ffmpeg.output(
        _shrunk(stream, limits.photo_side).filter("format", "rgb24"),
        "file:photo.png",
        **{"f": "image2", "c:v": "png", "frames:v": 1, "update": 1, "threads": 1},
        **{"map_metadata": -1, "fflags": "+bitexact", "flags:v": "+bitexact"},
    )
    ending = transcode([output], folder, limits, MAX_PNG_BYTES)
    photo = folder / "photo.png"
    if not ending.ok or not photo.exists():
        raise complaint(ending, media)
    return without_metadata(photo.read_bytes())


def _video(
    source: Path, media: MediaFormat, folder: Path, limits: Limits, fps: Fraction
) -> Pictures:
    try:
        facts = inspect(source, media, "V:0", limits.max_video_s + BEYOND_S, folder, limits)
    except NoAudioError as error:  # no such stream
        raise UnreadableMediaError(
            f"The {media.name} file has no moving picture. Send {FACE_ACCEPTED}."
        ) from error
    _check_size("video", facts.width, facts.height, limits.max_video_pixels, limits)
    most = math.ceil(limits.max_video_s * fps)
    stream = opened(source, media, max_pixels=limits.max_video_pixels)["V:0"]
    stream = stream.filter("fps", f"{fps.numerator}/{fps.denominator}")
    stream = stream.filter("scale", "iw*sar", "ih").filter("setsar", 1)
    output = ffmpeg.output(
        # JPEG is BT.601 at full range (JFIF 1.02), whatever the video was.
        _shrunk(stream, limits.video_side, out_color_matrix="bt601", out_range="full"),
        "%06d.jpg",
        **{"f": "image2", "c:v": "mjpeg", "q:v": JPEG_QUALITY, "pix_fmt": "yuvj444p"},
        **{"t": limits.max_video_s, "frames:v": most, "threads": 1, "map_metadata": -1},
        **{"fflags": "+bitexact", "flags:v": "+bitexact", "fps_mode": "passthrough"},
    )
    ending = transcode([output], folder, limits, MAX_PNG_BYTES)
    frames = sorted(folder.glob("*.jpg"))
    if not ending.ok or not frames:
        raise complaint(ending, media)
    images = tuple(frame.read_bytes() for frame in frames)
    if facts.seconds > limits.max_video_s + 1 / fps:
        return Pictures(images, (SHORTENED.format(seconds=limits.max_video_s),))
    return Pictures(images)


def _check_size(what: str, width: int, height: int, most: int, limits: Limits) -> None:
    if min(width, height) < limits.min_image_side:
        raise ImageTooSmallError(
            f"The {what} is {width} × {height} pixels; each side needs at least "
            f"{limits.min_image_side}. Send a larger one, best with a face 256 pixels wide or more."
        )
    if width * height > most:
        raise ImageTooLargeError(
            f"The {what} is {width} × {height} pixels, {width * height / 1e6:.1f} megapixels; "
            f"at most {most / 1e6:.1f} are read. Scale it down: more than "
            f"{limits.photo_side} pixels a side are not used anyway."
        )


def _turned(stream: Any, header: PictureHeader) -> Any:
    for name, options in _UPRIGHT[header.orientation]:
        stream = stream.filter(name, **options)
    return stream


def _over_white(stream: Any, header: PictureHeader) -> Any:
    """The picture over white paper where it is transparent."""
    if not header.has_alpha:
        return stream
    layers = stream.filter("format", "rgba").split()
    paper = layers[0].filter("drawbox", color="white@1", thickness="fill", replace=1)
    return ffmpeg.overlay(paper, layers[1], format="gbrp")


def _shrunk(stream: Any, side: int, **colours: str) -> Any:
    """No side longer than `side`; never enlarged. Also the one conversion of colours."""
    return stream.filter(
        "scale",
        w=f"min({side},iw)",
        h=f"min({side},ih)",
        force_original_aspect_ratio="decrease",
        **colours,
        flags="lanczos+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact",
    )
