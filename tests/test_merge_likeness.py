"""Two finished videos, decoded side by side: what differs is found, where and by how much."""

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from lipsync_engine.video import encode_chunk
from merge.concat import ChunkFile
from merge.errors import UnlikeVideosError
from merge.likeness import likeness
from merge.mux import merge_chunks
from tests.stamped import stamps
from tests.test_merge_mux import wav

FPS = Fraction(25)


def video(folder: Path, name: str, pictures: np.ndarray, *cuts: int, tone: int = 440) -> Path:
    """An MP4 of these pictures, encoded in so many chunks, with a tone."""
    chunks = []
    for index, part in enumerate(np.split(pictures, cuts)):
        path = folder / f"{name}-{index}.mp4"
        encode_chunk([part], path, FPS)
        chunks.append(ChunkFile(path, len(part)))
    track = wav(folder / f"{name}.wav", len(pictures) / 25)
    if tone != 440:
        track.write_bytes(track.read_bytes()[:44] + bytes(track.stat().st_size - 44))
    out = folder / f"{name}.mp4"
    merge_chunks(chunks, track, out, FPS)
    return out


def test_the_same_video_twice_is_alike_in_everything(tmp_path: Path) -> None:
    one = video(tmp_path, "one", stamps(range(20), 48, 64))

    found = likeness(one, one)

    assert found.n_frames == (20, 20)
    assert (found.n_different, found.max_difference, found.psnr_db) == (0, 0, None)
    assert (found.first_different, found.most_different) == (None, None)
    assert found.sound_equal
    assert found.n_samples[0] == found.n_samples[1] > 0


def test_a_picture_that_differs_is_named_with_its_difference(tmp_path: Path) -> None:
    pictures = stamps(range(20), 48, 64)
    other = pictures.copy()
    other[12] = 255 - other[12]

    found = likeness(video(tmp_path, "a", pictures), video(tmp_path, "b", other))

    assert found.first_different == found.most_different == 12
    assert found.max_difference > 180
    assert found.psnr_db is not None
    assert 10 < found.psnr_db < 40
    assert found.sound_equal


def test_the_ratio_is_that_of_all_values_of_all_frames(tmp_path: Path) -> None:
    grey = np.full((10, 48, 64, 3), 128, np.uint8)
    brighter = np.full((10, 48, 64, 3), 135, np.uint8)  # 6 of 219 steps of luma

    found = likeness(video(tmp_path, "a", grey), video(tmp_path, "b", brighter))

    assert found.n_different == 10
    expected = 10 * math.log10(255**2 / (found.max_difference**2 * 2 / 3))  # Y alone: 2/3 of 4:2:0
    assert found.psnr_db == pytest.approx(expected, abs=0.01)


def test_a_missing_frame_and_another_sound_are_seen(tmp_path: Path) -> None:
    pictures = stamps(range(20), 48, 64)

    found = likeness(video(tmp_path, "a", pictures), video(tmp_path, "b", pictures[:18], tone=0))

    assert found.n_frames == (20, 18)
    assert found.n_different >= 2
    assert not found.sound_equal


def test_videos_of_other_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnlikeVideosError, match="other sizes"):
        likeness(
            video(tmp_path, "a", stamps(range(5), 48, 64)),
            video(tmp_path, "b", stamps(range(5), 32, 32)),
        )


def test_a_video_that_does_not_decode_is_refused(tmp_path: Path) -> None:
    one = video(tmp_path, "one", stamps(range(20), 48, 64))
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(one.read_bytes()[:200])

    with pytest.raises(UnlikeVideosError, match="Send the job again"):
        likeness(one, broken)
