"""What Wav2Lip hears: the published mel to the last digit, however the sound is cut."""

from fractions import Fraction

import numpy as np
import pytest
import wav2lip_reference as reference
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.audio import AudioSlice
from lipsync_engine.wav2lip.mel import N_MELS, QUIETEST, WINDOW, Mel, start_column, windows
from lipsync_engine.wav2lip.silence import rests

ALL_FPS = [
    Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(30),
    Fraction(50), Fraction(60),
]  # fmt: skip


def voice(n_samples: int, seed: int) -> np.ndarray:
    """Syllables of tones and noise, (n,) float32, with digital silence between some."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / 16_000
    tones = sum(np.sin(2 * np.pi * 110 * k * t + k) / k for k in range(1, 30))
    loud = np.clip(np.sin(2 * np.pi * 3 * t + rng.uniform(0, 6)), 0, 1)
    return (loud * (0.2 * tones + 0.1 * rng.standard_normal(n_samples))).astype(np.float32)


def whole(samples: np.ndarray) -> Mel:
    return Mel(AudioSlice(samples, 0, len(samples)))


@pytest.mark.parametrize("n_samples", [8000, 8001, 12345, 31999])
def test_every_column_is_the_published_one(n_samples):
    samples = voice(n_samples, n_samples)

    expected = reference.melspectrogram(samples)
    heard = whole(samples).columns(0, expected.shape[1])

    assert heard.shape == (1 + n_samples // 200, N_MELS)
    assert np.abs(heard.T - expected).max() < 1e-6


def test_silence_lies_at_the_bottom_of_the_scale_and_nothing_leaves_it():
    samples = np.concatenate([np.zeros(4000), np.full(4000, 1.0), np.zeros(4000)])
    samples[4000:8000:2] = -1

    heard = whole(samples.astype(np.float32)).columns(0, 61)

    assert (heard[:10] == QUIETEST).all()
    assert heard.max() <= 4
    assert heard.min() >= QUIETEST


@settings(max_examples=40, deadline=None)
@given(
    first=st.integers(-50, 300),
    count=st.integers(1, 150),
    extra=st.integers(0, 700),
    seed=st.integers(0, 9),
)
def test_a_slice_gives_the_same_bytes_as_the_whole(first, count, extra, seed):
    samples = voice(50_000, seed)
    start, stop = first * 200 - 401 - extra, (first + count - 1) * 200 + 400 + extra
    held = np.zeros(stop - start, np.float32)
    begin, end = max(start, 0), min(stop, len(samples))
    if begin < end:
        held[begin - start : end - start] = samples[begin:end]

    cut = Mel(AudioSlice(held, start, len(samples))).columns(first, first + count)

    assert cut.tobytes() == whole(samples).columns(first, first + count).tobytes()


@pytest.mark.parametrize("fps", ALL_FPS)
def test_every_frame_that_the_published_code_makes_hears_its_window(fps):
    samples = voice(41_003, 5)

    theirs = reference.mel_chunks(reference.melspectrogram(samples), float(fps))
    n_frames = round(len(samples) / 16_000 * fps)
    ours = windows(whole(samples), np.arange(n_frames), fps)

    assert len(theirs) < n_frames
    assert ours.shape == (n_frames, N_MELS, WINDOW)
    assert np.abs(ours[: len(theirs)] - np.array(theirs)).max() < 1e-6


def test_frames_after_the_published_end_hear_the_silence_that_follows():
    samples = voice(16_000, 1)

    after = windows(whole(samples), np.arange(40, 43), Fraction(25))

    assert (after == QUIETEST).all()


def test_columns_are_counted_with_the_published_floats():
    for fps in ALL_FPS:
        for frame in range(2000):
            assert start_column(frame, fps) == int(frame * (80.0 / float(fps)))


def test_the_mouth_rests_in_pauses_and_never_within_a_word():
    t = np.arange(64_000) / 16_000
    samples = 0.1 * sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 20))
    samples[24_000:40_000] = 0  # a pause of a second
    samples[48_000:49_600] = 0  # 100 ms: the closure of a p

    rest = rests(whole(samples.astype(np.float32)), np.arange(100), Fraction(25))

    assert (rest[:37] == 0).all()
    assert (rest[42:58] == 1).all()
    assert (rest[64:96] == 0).all()
    assert np.abs(np.diff(rest)).max() == pytest.approx(1 / 3)  # blended over 3 frames


@pytest.mark.parametrize("decibels", [-75, -60, -50, -45])
def test_room_noise_is_a_pause_too(decibels):
    rng = np.random.default_rng(0)
    noise = (10 ** (decibels / 20) * rng.standard_normal(6 * 16_000)).astype(np.float32)

    rest = rests(whole(noise), np.arange(150), Fraction(25))

    assert (rest == 1).mean() > 0.9


def test_a_long_vowel_is_not_taken_for_a_background():
    t = np.arange(8 * 16_000) / 16_000
    vowel = sum(0.05 * np.sin(2 * np.pi * 120 * k * t) for k in range(1, 20))

    rest = rests(whole(vowel.astype(np.float32)), np.arange(10, 190), Fraction(25))

    assert (rest == 0).all()
