"""Every picture of a chunk is decoded before the chunk is joined; a guess is not a picture."""

import hashlib
from fractions import Fraction
from pathlib import Path

import av
import pytest
from independent_reader import ffmpeg

from merge import pictures
from merge.concat import ChunkFile
from merge.errors import BadChunkError, WrongLengthError

FPS = Fraction(25)
N_FRAMES = 50


def chunk(path: Path, *options: str) -> Path:
    """A noisy test picture of 2 s at 25 fps, without sound."""
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=size=176x144:rate=25:duration=2"),
        *("-vf", "noise=alls=60:allf=t", "-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p"),
        *(*options, path),
    )
    return path


def packets(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return b"".join(bytes(packet) for packet in container.demux(video=0))


def place_of(path: Path, number: int) -> tuple[int, int]:
    """Where packet `number` lies in the file, and its length; bytes."""
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][number]
        return packet.pos, packet.size


def overwrite(path: Path, start: int, with_: bytes) -> None:
    content = bytearray(path.read_bytes())
    content[start : start + len(with_)] = with_
    path.write_bytes(content)


def test_the_digest_is_of_all_packets_in_order(tmp_path: Path) -> None:
    first, second = chunk(tmp_path / "0.mp4"), chunk(tmp_path / "1.mp4", "-crf", "35")

    found = pictures.decode([ChunkFile(first, N_FRAMES), ChunkFile(second, N_FRAMES)], FPS)

    assert found == hashlib.sha256(packets(first) + packets(second)).hexdigest()


@pytest.mark.parametrize("number", [0, 20, 49])
def test_a_garbled_frame_is_named_with_its_chunk(tmp_path: Path, number: int) -> None:
    good, bad = chunk(tmp_path / "0.mp4"), chunk(tmp_path / "1.mp4")
    start, size = place_of(bad, number)
    overwrite(bad, start + size // 3, bytes(range(64)))

    with pytest.raises(BadChunkError, match=f"damaged in its frame {number}") as caught:
        pictures.decode([ChunkFile(good, N_FRAMES), ChunkFile(bad, N_FRAMES)], FPS)

    assert caught.value.index == 1


def test_noise_on_the_packets_is_refused(tmp_path: Path) -> None:
    path = chunk(tmp_path / "0.mp4")
    ffmpeg("-i", path, "-c", "copy", "-bsf:v", "noise=amount=40", tmp_path / "noisy.mp4")

    with pytest.raises(BadChunkError):
        pictures.decode([ChunkFile(tmp_path / "noisy.mp4", N_FRAMES)], FPS)


def test_a_packet_without_a_picture_is_refused(tmp_path: Path) -> None:
    path = chunk(tmp_path / "0.mp4")
    start, size = place_of(path, 20)
    filler = (
        (size - 4).to_bytes(4, "big") + b"\x0c" + b"\xff" * (size - 6) + b"\x80"
    )  # H.264 7.3.2.7
    overwrite(path, start, filler)

    with pytest.raises(BadChunkError, match="does not decode after frame 20"):
        pictures.decode([ChunkFile(path, N_FRAMES)], FPS)


@pytest.mark.parametrize("n", [49, 51])
def test_another_number_of_frames_is_refused(tmp_path: Path, n: int) -> None:
    with pytest.raises(WrongLengthError, match=f"50 frames instead of {n}"):
        pictures.decode([ChunkFile(chunk(tmp_path / "0.mp4"), n)], FPS)
