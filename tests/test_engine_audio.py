"""Frames and samples meet in integers, and a slice of sound is the whole sound's window."""

import io
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice, needed_samples, read_slice
from lipsync_engine.timeline import (
    SAMPLE_RATE,
    FrameRange,
    frame_count,
    frame_sample,
    parse_fps,
)

FPS = st.one_of(
    st.sampled_from([Fraction(24000, 1001), Fraction(30000, 1001), Fraction(25), Fraction(60)]),
    st.fractions(1, 120, max_denominator=1001),
)
N_SAMPLES = st.integers(1, 4 * 3600 * SAMPLE_RATE)


def pcm_of(n_samples: int) -> NDArray[np.int16]:
    return np.random.default_rng(n_samples).integers(-32768, 32768, n_samples).astype("<i2")


@given(n_samples=N_SAMPLES, fps=FPS)
def test_frames_and_sound_differ_by_at_most_half_a_frame(n_samples: int, fps: Fraction) -> None:
    n_frames = frame_count(n_samples, fps)

    apart = n_frames / fps - Fraction(n_samples, SAMPLE_RATE)
    assert n_frames >= 1
    assert n_frames == 1 or abs(apart) <= 1 / fps / 2


def test_half_a_frame_counts_as_one() -> None:
    half = 320  # samples of half a frame at 25 fps

    assert frame_count(10 * 640 + half, Fraction(25)) == 11
    assert frame_count(10 * 640 + half - 1, Fraction(25)) == 10
    assert frame_count(1, Fraction(25)) == 1


@given(frame=st.integers(0, 10**6), fps=FPS)
def test_a_frames_sample_lies_in_the_middle_of_its_time(frame: int, fps: Fraction) -> None:
    middle = (frame + Fraction(1, 2)) / fps * SAMPLE_RATE

    assert 0 <= middle - frame_sample(frame, fps) < 1
    assert isinstance(frame_sample(frame, fps), int)


@given(frame=st.integers(0, 10**6), fps=FPS)
def test_later_frames_hear_later_samples(frame: int, fps: Fraction) -> None:
    assert frame_sample(frame, fps) < frame_sample(frame + 1, fps)


@given(fps=st.fractions(1, 120, max_denominator=1001))
def test_a_frame_rate_reads_back_what_it_is_written_as(fps: Fraction) -> None:
    ntsc = (Fraction(nominal * 1000, 1001) for nominal in (24, 30, 48, 60, 120))

    read = parse_fps(str(fps))

    assert read == fps or read in ntsc


@pytest.mark.parametrize(
    ("text", "fps"),
    [
        ("25", Fraction(25)),
        ("29.97", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("30", Fraction(30)),
        ("24", Fraction(24)),
        ("12.5", Fraction(25, 2)),
        (" 25 ", Fraction(25)),
        ("29.970029970029969", Fraction(30000, 1001)),
        ("33.333333333333333", Fraction(100, 3)),
    ],
)
def test_frame_rates_are_read_as_people_write_them(text: str, fps: Fraction) -> None:
    assert parse_fps(text) == fps


@pytest.mark.parametrize(
    "text",
    ["", "fast", "0", "-25", "121", "1000", "0.5", "25/0", "nan", "inf", "1e999999999", "25fps"],
)
def test_what_is_no_frame_rate_is_refused_with_advice(text: str) -> None:
    with pytest.raises(ValueError, match=r"fps must be between 1 and 120.*for example"):
        parse_fps(text)


@given(
    n_samples=st.integers(0, 3000),
    first=st.integers(-2000, 5000),
    length=st.integers(0, 3000),
)
def test_a_slice_is_the_zero_padded_wholes_window(n_samples: int, first: int, length: int) -> None:
    pcm = pcm_of(n_samples)
    whole = np.pad(pcm.astype(np.float32) / 32768, (2000, 8000))

    cut = read_slice(io.BytesIO(pcm.tobytes()), n_samples, first, first + length)

    assert cut.samples.dtype == np.float32
    assert cut.first_sample == first
    assert np.array_equal(cut.samples, whole[first + 2000 : first + 2000 + length])


@given(
    first=st.integers(0, 500),
    count=st.integers(1, 50),
    fps=FPS,
    before=st.integers(0, 5000),
    after=st.integers(0, 5000),
)
def test_what_frames_need_is_exactly_what_each_of_them_hears(
    first: int, count: int, fps: Fraction, before: int, after: int
) -> None:
    frames = FrameRange(first, count)
    start, stop = needed_samples(frames, fps, before, after)
    held = AudioSlice(np.zeros(stop - start, np.float32), start)

    for frame in range(frames.first, frames.stop):
        held.window(frame_sample(frame, fps) - before, before + after)

    with pytest.raises(IndexError):
        held.window(frame_sample(first, fps) - before - 1, 1)
    with pytest.raises(IndexError):
        held.window(frame_sample(frames.stop - 1, fps) + after, 1)


@given(
    n_samples=st.integers(1000, 20_000),
    fps=st.integers(10, 60).map(Fraction),
    cut=st.floats(0, 1),
)
def test_a_frame_hears_the_same_in_every_chunk(n_samples: int, fps: Fraction, cut: float) -> None:
    pcm = pcm_of(n_samples)
    n_frames = frame_count(n_samples, fps)
    edges = sorted({0, int(cut * n_frames), n_frames})
    whole = np.pad(pcm.astype(np.float32) / 32768, 9000)

    for chunk in (FrameRange(a, b - a) for a, b in pairwise(edges)):
        start, stop = needed_samples(chunk, fps, 700, 300)
        heard = read_slice(io.BytesIO(pcm.tobytes()), n_samples, start, stop)
        for frame in range(chunk.first, chunk.stop):
            begin = frame_sample(frame, fps) - 700

            assert np.array_equal(heard.window(begin, 1000), whole[begin + 9000 : begin + 10_000])


def test_too_small_a_slice_says_what_was_asked_and_what_it_holds() -> None:
    held = AudioSlice(np.zeros(100, np.float32), -50)

    with pytest.raises(IndexError, match=r"samples 20\.\.60 asked of a slice that holds -50\.\.50"):
        held.window(20, 40)
