"""FFmpeg in a limited child process: the only thing here that reads untrusted media.

It is given one reader, the decoders below, the `file` protocol and one thread;
it cannot open a network connection, and nothing in these formats can name
another file that it would open.
"""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import ffmpeg

from lipsync_engine.errors import (
    ForbiddenFormatError,
    MediaError,
    MediaLimitError,
    NoAudioError,
    UnreadableMediaError,
)
from lipsync_engine.limits import Limits
from lipsync_engine.media_formats import MediaFormat
from lipsync_engine.sandbox import Ending, run

MAX_STREAMS = 32

_PCM = "s16le s16be s24le s24be s32le s32be f32le f32be f64le f64be u8 s8 alaw mulaw"
_SOUND = (
    "aac mp3float mp3 mp2float mp2 vorbis libvorbis opus libopus flac alac ac3 eac3 amrnb amrwb "
    "libopencore_amrnb libopencore_amrwb adpcm_ms adpcm_ima_wav adpcm_ima_qt"
)
_SIGHT = "h264 hevc vp8 vp9 libvpx libvpx-vp9 libdav1d av1 mpeg4 prores mjpeg png webp webp_anim"
DECODERS = ",".join([*(f"pcm_{name}" for name in _PCM.split()), *_SOUND.split(), *_SIGHT.split()])

_CUT_OFF = re.compile("partial file|ended prematurely|moov atom not found|Truncat", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a stream says of itself, without decoding it.

    Attributes:
        codec: FFmpeg's name, such as "aac".
        channels: name of the channel layout, such as "stereo"; "" of a video.
        width, height: pixels, as stored; 0 of a sound.
        seconds: as far as its packets reach, or a little past the asked limit.
    """

    codec: str
    channels: str
    width: int
    height: int
    seconds: float


@lru_cache(maxsize=1)
def program() -> str:
    """The ffmpeg to use: the system's, else the one in imageio-ffmpeg's wheel."""
    if found := shutil.which("ffmpeg"):
        return found
    import imageio_ffmpeg

    path: str = imageio_ffmpeg.get_ffmpeg_exe()
    return path


def opened(source: Path, media: MediaFormat, **options: Any) -> Any:
    """An ffmpeg-python input that can be nothing but `media` in this one file."""
    return ffmpeg.input(
        f"file:{source.resolve()}",
        f=media.demuxer,
        format_whitelist=media.demuxer,
        protocol_whitelist="file",
        codec_whitelist=DECODERS,
        max_streams=MAX_STREAMS,
        threads=1,
        **options,
    )


def transcode(
    outputs: Sequence[Any], folder: Path, limits: Limits, file_bytes: int, report: str = "report"
) -> Ending:
    """Run one ffmpeg with these ffmpeg-python outputs, in `folder`, under `limits`.

    `folder / report` gets ffmpeg's machine-readable progress.

    Raises:
        MediaLimitError: it needed more time, memory or room than allowed.
    """
    graph = ffmpeg.merge_outputs(*outputs).global_args(
        *("-nostdin", "-hide_banner", "-v", "error", "-filter_threads", "1"),
        *("-filter_complex_threads", "1", "-progress", "pipe:1"),
    )
    command = ffmpeg.compile(graph, cmd=program(), overwrite_output=True)
    ending = run(command, limits.child(file_bytes), folder, stdout=folder / report)
    if ending.limit is not None:
        allowed = {
            "time": f"{limits.timeout_s:g} s",
            "memory": f"{limits.memory_bytes // 2**20} MiB of memory",
            "size": f"{file_bytes // 2**20} MiB of decoded data",
        }
        raise MediaLimitError(
            f"Reading the file took more than the {allowed[ending.limit]} that is allowed. "
            "Send a shorter or smaller one, or convert it to a common format (mp4, mp3, jpg)."
        )
    return ending


def inspect(
    source: Path, media: MediaFormat, stream: str, seconds: float, folder: Path, limits: Limits
) -> Facts:
    """Read a stream's header and walk its packets, decoding nothing.

    Args:
        source: the file.
        media: what it is.
        stream: "a:0", or "V:0" (a picture that moves: no cover art).
        seconds: walk no further than this.
        folder: for the child's files.
        limits: for the child.

    Raises:
        MediaError: there is no such stream, or it cannot be read.
    """
    packets = opened(source, media)[stream]
    first = ffmpeg.output(packets, "file:first.txt", f="framecrc", c="copy", frames=1)
    walked = ffmpeg.output(packets, "-", f="null", c="copy", t=seconds)
    ending = transcode([first, walked], folder, limits, 2**24)
    header = folder / "first.txt"
    text = header.read_text() if header.exists() else ""
    found = dict(re.findall(r"^#(\w+) 0: (.*)$", text, re.MULTILINE))
    if not ending.ok or "codec_id" not in found or _CUT_OFF.search(ending.log):
        raise complaint(ending, media)
    width, height = map(int, found.get("dimensions", "0x0").split("x"))
    return Facts(
        codec=found["codec_id"],
        channels=found.get("channel_layout_name", ""),
        width=width,
        height=height,
        seconds=reported_seconds(folder / "report"),
    )


def reported_seconds(report: Path) -> float:
    """The last time stamp that ffmpeg's progress report names, seconds; 0 where none."""
    times = re.findall(r"^out_time_us=(\d+)$", report.read_text(), re.MULTILINE)
    return int(times[-1]) / 1e6 if times else 0.0


def complaint(ending: Ending, media: MediaFormat) -> MediaError:
    """What the user is told where FFmpeg gave up."""
    if "matches no streams" in ending.log:
        return NoAudioError(f"The {media.name} file has no sound. Send one that has.")
    if "not on whitelist" in ending.log or "Decoder not found" in ending.log:
        return ForbiddenFormatError(
            f"The {media.name} file is in a codec that is not accepted here. "
            "Convert it to MP3 or AAC for sound, H.264 for video, JPEG or PNG for a picture."
        )
    if _CUT_OFF.search(ending.log):
        return UnreadableMediaError(
            f"The {media.name} file is cut off: its end is missing. Send the whole file again."
        )
    return UnreadableMediaError(
        f"The {media.name} file cannot be read: it is damaged, or not what it claims to be. "
        "Play it on your own machine; if that works, export it again and send that."
    )
