"""Frames become a chunk: colours, time stamps, headers, and what happens when they cannot."""

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from independent_reader import decoded, frames_bgr, packets
from numpy.typing import NDArray
from stamped import number_of, stamps

from lipsync_engine.errors import CanceledError, EncodeError, UnreadableMediaError
from lipsync_engine.planes import Bt709Planes
from lipsync_engine.video import Encoder, count_frames, encode_chunk, frame_rate

RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    Fraction(30000, 1001),
    Fraction(30),
    Fraction(50),
    Fraction(60),
]
FEW = settings(max_examples=20, deadline=None)


def photo(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """A soft picture of all colours, (height, width, 3) uint8 BGR."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)


def bt709(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Y'CbCr of 8 bit limited range by the formulas of BT.709-6, (..., 3)."""
    blue, green, red = np.moveaxis(pixels.astype(np.float64) / 255, -1, 0)
    luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return np.stack(
        [16 + 219 * luma, 128 + 224 * (blue - luma) / 1.8556, 128 + 224 * (red - luma) / 1.5748],
        axis=-1,
    )


def extradata(path: Path) -> bytes:
    with av.open(str(path)) as container:
        return bytes(container.streams.video[0].codec_context.extradata or b"")


@pytest.mark.parametrize("seed", range(3))
def test_an_independent_reader_gets_the_colours_back(tmp_path: Path, seed: int) -> None:
    picture = photo(256, 320, seed)

    encode_chunk([np.stack([picture] * 5)], tmp_path / "chunk.mp4", Fraction(25))

    errors = frames_bgr(tmp_path / "chunk.mp4", 256, 320).astype(int) - picture
    assert np.abs(errors).mean(axis=(1, 2)).max() < 1.5
    assert np.abs(errors.mean(axis=(0, 1, 2))).max() < 0.5  # no tint


def test_every_grey_stays_grey(tmp_path: Path) -> None:
    ramp = np.repeat(np.arange(256, dtype=np.uint8).repeat(2)[None, :, None], 3, axis=2)
    picture = ramp.repeat(32, axis=0)

    encode_chunk([picture[None]], tmp_path / "chunk.mp4", Fraction(25))

    read = frames_bgr(tmp_path / "chunk.mp4", 32, 512)[0].astype(int)
    assert (read.max(axis=2) == read.min(axis=2)).all()
    assert np.abs(read - picture).mean() < 1.5


@given(colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_planes_follow_the_formula_of_bt709(colour: tuple[int, int, int]) -> None:
    planes = Bt709Planes(4, 4)

    planes.update(np.full((4, 4, 3), colour, np.uint8))

    expected = bt709(np.array(colour, np.uint8))
    found = [planes.i420[0, 0], planes.i420[4, 0], planes.i420[5, 0]]
    assert np.abs(found - expected).max() < 1


def test_chroma_lies_on_every_second_luma_column() -> None:
    picture = np.zeros((2, 6, 3), np.uint8)
    picture[:, 1] = (255, 0, 0)  # blue half way between chroma samples 0 and 1
    planes = Bt709Planes(2, 6)

    planes.update(picture)

    u = planes.i420[2].reshape(2, 3)[0] - 128.0
    assert u == pytest.approx([112 / 4, 112 / 4, 0], abs=1)  # weights 1 2 1


@settings(max_examples=60, deadline=None)
@given(data=st.data(), height=st.integers(1, 24), width=st.integers(1, 24))
def test_refreshing_what_changed_equals_converting_all(
    data: st.DataObject, height: int, width: int
) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    refreshed = Bt709Planes(height, width)
    refreshed.update(picture)
    for _ in range(3):
        y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
        hole = picture[y : y + data.draw(st.integers(1, 9)), x : x + data.draw(st.integers(1, 9))]
        hole[:] = rng.integers(0, 256, hole.shape, dtype=np.uint8)
        whole = Bt709Planes(height, width)

        refreshed.update(picture)
        whole.update(picture)

        assert np.array_equal(refreshed.i420, whole.i420)


@FEW
@given(
    fps=st.one_of(st.sampled_from(RATES), st.fractions(1, 120, max_denominator=1001)),
    lengths=st.lists(st.integers(0, 7), min_size=1, max_size=4).filter(any),
    height=st.integers(16, 49),
    width=st.integers(16, 49),
)
def test_frame_k_is_shown_at_k_times_one_frame(
    tmp_path_factory: pytest.TempPathFactory,
    fps: Fraction,
    lengths: list[int],
    height: int,
    width: int,
) -> None:
    path, n = tmp_path_factory.mktemp("chunk") / "chunk.mp4", sum(lengths)
    pictures = stamps(range(n), height, width)

    returned = encode_chunk(np.split(pictures, np.cumsum(lengths)[:-1]), path, fps)

    read = frames_bgr(path, height + height % 2, width + width % 2)
    assert returned == n == count_frames(path)
    assert frame_rate(path) == fps
    assert [number_of(picture) for picture in read] == list(range(n))
    assert [(entry.time, entry.duration) for entry in decoded(path)] == [
        (k / fps, 1 / fps) for k in range(n)
    ]


def test_an_odd_edge_is_repeated(tmp_path: Path) -> None:
    picture = photo(33, 47)

    encode_chunk([picture[None]], tmp_path / "chunk.mp4", Fraction(25), Encoder(crf=1))

    read = frames_bgr(tmp_path / "chunk.mp4", 34, 48)[0].astype(int)
    padded = cv2.copyMakeBorder(picture, 0, 1, 0, 1, cv2.BORDER_REPLICATE)
    assert np.abs(read - padded)[-1].mean() < 3
    assert np.abs(read - padded)[:, -1].mean() < 3


def test_a_generator_may_reuse_its_buffer(tmp_path: Path) -> None:
    def frames() -> "object":
        buffer = np.empty((2, 24, 32, 3), np.uint8)
        for first in range(0, 10, 2):
            buffer[:] = stamps([first, first + 1], 24, 32)
            yield buffer

    encode_chunk(frames(), tmp_path / "chunk.mp4", Fraction(25))

    read = frames_bgr(tmp_path / "chunk.mp4", 24, 32)
    assert [number_of(picture) for picture in read] == list(range(10))


def test_the_same_frames_give_the_same_bytes_in_whatever_batches(tmp_path: Path) -> None:
    pictures = stamps(range(30), 48, 64)

    encode_chunk([pictures], tmp_path / "a.mp4", Fraction(25))
    encode_chunk(np.split(pictures, 10), tmp_path / "b.mp4", Fraction(25))

    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
    assert b"Lavf" not in (tmp_path / "a.mp4").read_bytes()  # no version string in its hash


@pytest.mark.parametrize("fps", RATES, ids=str)
def test_headers_do_not_depend_on_length_or_content(tmp_path: Path, fps: Fraction) -> None:
    for name, pictures in (
        ("one", stamps([0], 64, 64)),
        ("many", np.random.default_rng(0).integers(0, 256, (130, 64, 64, 3), dtype=np.uint8)),
    ):
        encode_chunk([pictures], tmp_path / name, fps)

    assert extradata(tmp_path / "one") == extradata(tmp_path / "many") != b""


def test_every_two_seconds_a_player_can_start(tmp_path: Path) -> None:
    path, fps = tmp_path / "chunk.mp4", Fraction(30000, 1001)
    encode_chunk([stamps(range(200), 48, 64)], path, fps)
    with av.open(str(path)) as container:
        found = [packet for packet in container.demux(video=0) if packet.size]
    keys = [number for number, packet in enumerate(found) if packet.is_keyframe]
    whole = [entry.md5 for entry in decoded(path)]

    with av.open(str(path)) as container:  # start at the last keyframe, as a player does
        stream = container.streams.video[0]
        container.seek(found[-1].pts, stream=stream)
        tail = [frame.to_ndarray() for frame in container.decode(stream)]
    with av.open(str(path)) as container:
        all_frames = [frame.to_ndarray() for frame in container.decode(video=0)]

    assert keys[0] == 0
    assert len(keys) > 3
    assert max(later - earlier for earlier, later in pairwise([*keys, 200])) / fps <= 2
    assert all(packet.pts == packet.dts for packet in found)
    assert len(whole) == len(all_frames) == 200
    assert len(tail) == 200 - keys[-1]
    assert all(np.array_equal(*pair) for pair in zip(tail, all_frames[keys[-1] :], strict=True))


def test_the_chunk_says_which_colours_it_means(tmp_path: Path) -> None:
    encode_chunk([stamps([0], 32, 32)], tmp_path / "chunk.mp4", Fraction(25))

    with av.open(str(tmp_path / "chunk.mp4")) as container:
        frame = next(container.decode(video=0))
        assert [stream.type for stream in container.streams] == ["video"]
    assert frame.format.name == "yuv420p"
    assert (frame.color_range, frame.colorspace, frame.color_primaries, frame.color_trc) == (
        1,
        1,
        1,
        1,  # limited range, and BT.709 three times (ITU-T H.273)
    )
    assert len(packets(tmp_path / "chunk.mp4", "v")) == 1


def test_progress_adds_up_to_the_frames(tmp_path: Path) -> None:
    told: list[int] = []

    n = encode_chunk(
        np.split(stamps(range(12), 32, 32), 4),
        tmp_path / "chunk.mp4",
        Fraction(25),
        on_frames=told.append,
    )

    assert told == [3, 3, 3, 3]
    assert n == 12


@pytest.mark.parametrize(
    ("batches", "said"),
    [
        ([], "at least one frame"),
        ([np.zeros((0, 32, 32, 3), np.uint8)], "at least one frame"),
        ([stamps([0], 32, 32), stamps([1], 32, 34)], "32x32 was followed by 34x32"),
        ([np.zeros((1, 32, 32, 3), np.float32)], "float32"),
        ([np.zeros((32, 32, 3), np.uint8)], r"\(b, H, W, 3\)"),
        ([np.zeros((1, 32, 32, 4), np.uint8)], r"\(b, H, W, 3\)"),
    ],
    ids=["nothing", "empty batch", "two sizes", "floats", "one frame", "four channels"],
)
def test_frames_that_are_none_are_refused_and_leave_no_file(
    tmp_path: Path, batches: list[NDArray[np.uint8]], said: str
) -> None:
    with pytest.raises(EncodeError, match=said):
        encode_chunk(batches, tmp_path / "chunk.mp4", Fraction(25))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "fps", "encoder"),
    [
        ("chunk.mp4", Fraction(25), Encoder(preset="swift")),
        ("no/such/folder/chunk.mp4", Fraction(25), Encoder()),
        ("chunk.mp4", Fraction(10**12 + 1, 10**11), Encoder()),
    ],
    ids=["unknown preset", "no folder", "fps of too many digits"],
)
def test_an_encoder_that_refuses_says_what_to_look_at(
    tmp_path: Path, path: str, fps: Fraction, encoder: Encoder
) -> None:
    with pytest.raises(EncodeError, match="Look whether"):
        encode_chunk([stamps([0], 32, 32)], tmp_path / path, fps, encoder)

    assert list(tmp_path.iterdir()) == []


def test_a_canceled_rendering_leaves_no_file(tmp_path: Path) -> None:
    def frames_until_canceled() -> "object":
        yield np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), dtype=np.uint8)
        raise CanceledError("stop")

    with pytest.raises(CanceledError):
        encode_chunk(frames_until_canceled(), tmp_path / "chunk.mp4", Fraction(25))

    assert list(tmp_path.iterdir()) == []


def test_whatever_changes_the_bytes_changes_the_fingerprint() -> None:
    encoders = [Encoder(), Encoder(crf=21), Encoder(preset="fast"), Encoder(threads=2)]

    fingerprints = {encoder.fingerprint() for encoder in encoders}

    assert len(fingerprints) == len(encoders)
    assert Encoder().fingerprint() == Encoder().fingerprint()


@pytest.mark.parametrize("content", [b"", b"no video at all" * 99], ids=["empty", "text"])
def test_a_file_that_is_no_video_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.mp4").write_bytes(content)

    with pytest.raises(UnreadableMediaError, match=r"mine\.mp4 cannot be read"):
        count_frames(tmp_path / "mine.mp4")
