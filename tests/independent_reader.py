"""What another FFmpeg (imageio-ffmpeg's own binary, a child process) finds in a file."""

import subprocess
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

FFMPEG = imageio_ffmpeg.get_ffmpeg_exe()


@dataclass(frozen=True)
class Entry:
    """One frame or packet: when it is shown, for how long (seconds), and the hash of its bytes."""

    time: Fraction
    duration: Fraction
    md5: str


def ffmpeg(*args: str | Path) -> bytes:
    """Standard output of a run that must not complain about anything."""
    done = subprocess.run(
        [FFMPEG, "-hide_banner", "-nostdin", "-v", "error", "-xerror", *map(str, args)],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b"", done.stderr.decode()
    return done.stdout


def frames_bgr(path: Path, height: int, width: int) -> NDArray[np.uint8]:
    """(n, height, width, 3) uint8 BGR; without these flags FFmpeg darkens by 1.5 to be quick."""
    exact = ("-sws_flags", "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp")
    raw = ffmpeg(
        *("-i", path, "-map", "0:v", "-fps_mode", "passthrough", *exact),
        *("-f", "rawvideo", "-pix_fmt", "bgr24", "-"),
    )
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def sound(path: Path, rate: int = 48_000) -> NDArray[np.float32]:
    """(n,) float32, all channels mixed."""
    raw = ffmpeg("-i", path, "-map", "0:a", "-f", "f32le", "-ac", "1", "-ar", str(rate), "-")
    return np.frombuffer(raw, np.float32)


def decoded(path: Path) -> list[Entry]:
    """The frames of the video, decoded."""
    return _entries(
        ffmpeg(
            "-i",
            path,
            "-map",
            "0:v",
            "-fps_mode",
            "passthrough",
            "-enc_time_base",
            "demux",
            "-f",
            "framemd5",
            "-",
        )
    )


def packets(path: Path, kind: str) -> list[Entry]:
    """The packets of the video ("v") or of the sound ("a"), as they are."""
    return _entries(ffmpeg("-i", path, "-map", f"0:{kind}", "-c", "copy", "-f", "framemd5", "-"))


def _entries(report: bytes) -> list[Entry]:
    base, entries = Fraction(0), []
    for line in report.decode().splitlines():
        if line.startswith("#tb 0: "):
            base = Fraction(line.removeprefix("#tb 0: "))
        elif not line.startswith("#"):
            # stream, dts, pts, duration, size, hash; side data may follow
            _, _, pts, duration, _, md5 = (cell.strip() for cell in line.split(",")[:6])
            entries.append(Entry(int(pts) * base, int(duration) * base, md5))
    return entries
