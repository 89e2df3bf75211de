"""Chunks are joined packet by packet, and refused when they do not belong together."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from independent_reader import ffmpeg
from stamped import stamps

from lipsync_engine.video import Encoder, encode_chunk
from merge.concat import ChunkFile, common_format, joined_packets
from merge.errors import (
    BadChunkError,
    MergeError,
    MissingChunkError,
    UnlikeChunksError,
    WrongLengthError,
)

FPS = Fraction(25)


def chunk(
    folder: Path,
    first: int,
    n: int,
    fps: Fraction = FPS,
    size: tuple[int, int] = (48, 64),
    encoder: Encoder = Encoder(),  # noqa: B008
) -> ChunkFile:
    """Frames `first`..`first + n - 1`, stamped with their numbers."""
    path = folder / f"{first}.mp4"
    encode_chunk([stamps(range(first, first + n), *size)], path, fps, encoder)
    return ChunkFile(path, n)


def read_all(chunks: Sequence[ChunkFile], fps: Fraction = FPS) -> int:
    common_format(chunks, fps)
    return sum(1 for _ in joined_packets(chunks, fps))


def test_packets_are_numbered_through(tmp_path: Path) -> None:
    chunks = [chunk(tmp_path, 0, 3), chunk(tmp_path, 3, 1), chunk(tmp_path, 4, 60)]

    found = [
        (packet.pts, packet.dts, packet.duration, packet.time_base)
        for packet in joined_packets(chunks, FPS)
    ]

    assert found == [(k, k, 1, Fraction(1, 25)) for k in range(64)]


def test_the_common_format_is_what_was_encoded(tmp_path: Path) -> None:
    found = common_format([chunk(tmp_path, 0, 2, size=(33, 47))], FPS)

    assert (found.codec, found.width, found.height, found.pixels, found.fps) == (
        *("h264", 48, 34, "yuv420p"),
        FPS,
    )


def test_no_chunks_are_no_video() -> None:
    with pytest.raises(MissingChunkError, match="at least one chunk"):
        common_format([], FPS)


@pytest.mark.parametrize("content", [None, b""], ids=["no file", "no bytes"])
def test_a_missing_chunk_is_named_by_its_number(tmp_path: Path, content: bytes | None) -> None:
    chunks = [chunk(tmp_path, 0, 3), ChunkFile(tmp_path / "gone.mp4", 3)]
    if content is not None:
        chunks[1].path.write_bytes(content)

    with pytest.raises(MissingChunkError, match="Chunk 1 is missing") as caught:
        read_all(chunks)

    assert caught.value.index == 1


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"size": (48, 66)}, "in its size: 66x48 against 64x48"),
        ({"fps": Fraction(30)}, "30 frames a second instead of 25"),
        ({"fps": Fraction(25_000, 1001)}, "25000/1001 frames a second instead of 25"),
        ({"encoder": Encoder(preset="ultrafast")}, "in its H.264 header"),
    ],
    ids=["size", "fps", "nearly the fps", "encoder"],
)
def test_unlike_chunks_are_refused(tmp_path: Path, other: dict[str, object], said: str) -> None:
    chunks = [chunk(tmp_path, 0, 3), chunk(tmp_path, 3, 3, **other)]

    with pytest.raises(UnlikeChunksError, match=f"Chunk 1 .*{said}"):
        read_all(chunks)


def test_other_pixels_are_refused(tmp_path: Path) -> None:
    chunks = [chunk(tmp_path, 0, 3), ChunkFile(tmp_path / "444.mp4", 3)]
    ffmpeg("-i", chunks[0].path, "-pix_fmt", "yuv444p", chunks[1].path)

    with pytest.raises(UnlikeChunksError, match="yuv444p against yuv420p"):
        read_all(chunks)


@pytest.mark.parametrize("stated", [2, 4])
def test_a_chunk_that_has_not_its_frames_is_refused(tmp_path: Path, stated: int) -> None:
    chunks = [chunk(tmp_path, 0, 3), ChunkFile(chunk(tmp_path, 3, 3).path, stated)]

    with pytest.raises(WrongLengthError, match=f"Chunk 1 has 3 frames instead of {stated}"):
        common_format(chunks, FPS)
    with pytest.raises(WrongLengthError, match=f"Chunk 1 has 3 frames instead of {stated}"):
        list(joined_packets(chunks, FPS))


def test_a_chunk_with_sound_is_refused(tmp_path: Path) -> None:
    silent, path = chunk(tmp_path, 0, 3), tmp_path / "sound.mp4"
    ffmpeg(
        *("-i", silent.path, "-f", "lavfi", "-i", "anullsrc", "-shortest"),
        *("-c:v", "copy", "-c:a", "aac", path),
    )

    with pytest.raises(BadChunkError, match=r"one H\.264 stream and nothing else"):
        read_all([silent, ChunkFile(path, 3)])


def test_frames_off_the_grid_are_refused(tmp_path: Path) -> None:
    whole, path = chunk(tmp_path, 0, 5), tmp_path / "late.mp4"
    ffmpeg("-i", whole.path, "-c", "copy", "-bsf:v", "setts=ts=TS+eq(N\\,2)*7", path)

    with pytest.raises(BadChunkError, match=r"packet 2 of late\.mp4 has time stamp 1031, not 1024"):
        read_all([ChunkFile(path, 5)])


def test_names_that_are_no_utf8_do_not_matter(tmp_path: Path) -> None:
    made = chunk(tmp_path, 0, 5)
    content = made.path.read_bytes()
    made.path.write_bytes(content.replace(b"VideoHandler", b"\x80ideoHandler"))

    assert read_all([made]) == 5


def test_a_chunk_that_starts_inside_a_group_of_pictures_is_refused(tmp_path: Path) -> None:
    whole, path = chunk(tmp_path, 0, 5), tmp_path / "tail.mp4"
    ffmpeg(
        *("-i", whole.path, "-c", "copy", "-copyinkf", "-bsf:v"),
        *("noise=drop=eq(n\\,0),setts=ts=TS-STARTPTS", path),
    )

    with pytest.raises(BadChunkError, match=r"Chunk 0 (does not start|is damaged)"):
        read_all([ChunkFile(path, 4)])


@settings(max_examples=30, deadline=None)
@given(cut=st.floats(0.01, 0.99))
def test_a_chunk_cut_off_anywhere_loses_no_frame_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, cut: float
) -> None:
    whole = chunk(tmp_path_factory.mktemp("chunk"), 0, 9)
    content = whole.path.read_bytes()
    before = [bytes(packet) for packet in joined_packets([whole], FPS)]
    whole.path.write_bytes(content[: int(len(content) * cut)])

    try:
        common_format([whole], FPS)
        after = [bytes(packet) for packet in joined_packets([whole], FPS)]
    except MergeError:
        after = before  # refused: the usual end; some last bytes of the index nobody needs

    assert after == before


def test_a_chunk_without_its_second_half_is_refused(tmp_path: Path) -> None:
    whole = chunk(tmp_path, 0, 9)
    content = whole.path.read_bytes()
    whole.path.write_bytes(content[: len(content) // 2])

    with pytest.raises(BadChunkError, match="Chunk 0 cannot be read"):
        read_all([whole])


@settings(max_examples=30, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_one_changed_byte_is_found_by_the_digest(
    tmp_path_factory: pytest.TempPathFactory, place: float, flip: int
) -> None:
    path = chunk(tmp_path_factory.mktemp("chunk"), 0, 9).path
    content = bytearray(path.read_bytes())
    made = ChunkFile(path, 9, hashlib.sha256(content).hexdigest())
    assert read_all([made]) == 9
    content[int(len(content) * place)] ^= flip
    path.write_bytes(content)

    with pytest.raises(MergeError, match="Chunk 0"):
        read_all([made])
