"""Odd media files, made by the same ffmpeg program in a plain, unlimited process."""

import struct
import subprocess
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.media_child import program

TONE = "sine=frequency=330:sample_rate=44100"  # ffmpeg's sine is at -18 dBFS
PATTERN = "testsrc2=size=320x240:rate=30"


def make(path: Path, *arguments: object) -> Path:
    """Run ffmpeg with these arguments and `path` last."""
    command = [program(), "-v", "error", "-nostdin", "-y", *map(str, arguments), str(path)]
    subprocess.run(command, check=True, timeout=60)
    return path


def tone(path: Path, seconds: float = 1.0, *encoding: object) -> Path:
    """A tone, encoded as the path's suffix says unless `encoding` says more."""
    return make(path, "-f", "lavfi", "-i", f"{TONE}:duration={seconds}", *encoding)


def film(path: Path, seconds: float = 1.0, *encoding: object) -> Path:
    """A moving test pattern without sound."""
    source = f"{PATTERN}:duration={seconds}"
    if path.suffix in (".mp4", ".mov", ".mkv") and "-c:v" not in encoding:
        encoding = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", *encoding)
    return make(path, "-f", "lavfi", "-i", source, *encoding)


def talkie(path: Path, seconds: float = 1.0, *encoding: object) -> Path:
    """A moving test pattern with a tone in AAC."""
    sight = ("-f", "lavfi", "-i", f"{PATTERN}:duration={seconds}")
    sound = ("-f", "lavfi", "-i", f"{TONE}:duration={seconds}")
    codecs = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac")
    return make(path, *sight, *sound, *codecs, *encoding)


def wav_that_claims(path: Path, seconds: float, claimed_seconds: float) -> Path:
    """An 8 kHz, 8-bit WAV of noise whose header may lie about its length."""
    data = np.random.default_rng(7).integers(0, 255, round(seconds * 8000), np.uint8).tobytes()
    size = round(claimed_seconds * 8000)
    header = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, 8000,
                         8000, 1, 8)  # fmt: skip
    path.write_bytes(header + struct.pack("<4sI", b"data", size) + data)
    return path


def long_wav(path: Path, seconds: int) -> Path:
    """An 8 kHz, 8-bit WAV that really is that long, as a sparse file."""
    wav_that_claims(path, 0, seconds)
    with path.open("r+b") as stream:
        stream.truncate(44 + seconds * 8000)
    return path


def cut_off(whole: Path, to: Path, share: float = 0.5) -> Path:
    """The first part of a file, as a broken upload leaves it."""
    data = whole.read_bytes()
    to.write_bytes(data[: int(len(data) * share)])
    return to


def png_bomb(path: Path, side: int) -> Path:
    """A PNG of a few bytes whose header claims `side` × `side` pixels."""
    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunks = (b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))
    return path


def portrait(height: int = 120, width: int = 90) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB, smooth, and different in all eight orientations."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    channels = (255 * x, 255 * y, 255 * np.sqrt(x * y))
    return np.dstack(channels).round().astype(np.uint8)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
