"""Hearing: the same bytes however a job is cut, from a finite and declared stretch of sound."""

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_count, frame_sample
from lipsync_engine.viseme import mel, network
from lipsync_engine.viseme.hearing import CONTEXT, mouth_parameters
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from tests.spoken import FPS, hear, murmur_of_voices, slice_for, vowel

WIDTH = MOUTH_PARAMETERS.index("width")
ALL_FPS = [
    Fraction(24000, 1001), Fraction(24), FPS, Fraction(30000, 1001), Fraction(30),
    Fraction(50), Fraction(60),
]  # fmt: skip


@settings(max_examples=15, deadline=None)
@given(
    fps=st.sampled_from(ALL_FPS),
    cuts=st.lists(st.integers(1, 10_000), max_size=5),
    seed=st.integers(0, 3),
)
def test_frames_are_the_same_bytes_however_a_job_is_cut(
    fps: Fraction, cuts: list[int], seed: int
) -> None:
    sound = murmur_of_voices(6.3, seed)
    n_frames = frame_count(len(sound), fps)
    edges = sorted({0, n_frames, *(cut % n_frames for cut in cuts)})

    whole = hear(sound, fps)
    chunks = [
        mouth_parameters(slice_for(sound, frames, fps), frames, fps)
        for frames in (FrameRange(a, b - a) for a, b in pairwise(edges))
    ]

    assert np.concatenate(chunks).tobytes() == whole.tobytes()
    assert np.ptp(whole, axis=0).max() > 0.1  # and there was something to hear


@pytest.mark.parametrize("n_threads", [1, 2, 3])
def test_frames_are_the_same_bytes_on_any_number_of_threads(n_threads: int) -> None:
    sound = murmur_of_voices(5.0)
    usual = torch.get_num_threads()
    expected = hear(sound)

    try:
        torch.set_num_threads(n_threads)
        mouth = hear(sound)
    finally:
        torch.set_num_threads(usual)

    assert mouth.tobytes() == expected.tobytes()


def test_the_networks_sums_are_whole_and_exact() -> None:
    """In float32 and in float64 alike, so that no order of adding can matter."""
    chance = np.random.default_rng(5)
    shape = (1, mel.N_FEATURES, 64 + 2 * network.REACH)
    heard = torch.from_numpy(chance.integers(-mel.TOP, mel.TOP + 1, shape).astype(np.float32))
    layer = network.layers()["first"]

    sums = torch.nn.functional.conv1d(heard, layer.weight)
    exact = torch.nn.functional.conv1d(heard.double(), layer.weight.double())

    assert torch.equal(sums.double(), exact)
    assert torch.equal(exact, exact.round())


@settings(max_examples=15, deadline=None)
@given(fps=st.sampled_from(ALL_FPS), first=st.integers(0, 10_000), count=st.integers(1, 70))
def test_a_frame_hears_nothing_outside_its_context(fps: Fraction, first: int, count: int) -> None:
    frames = FrameRange(first, count)
    begin, stop = needed_samples(frames, fps, CONTEXT.before, CONTEXT.after)
    inside = murmur_of_voices((stop - begin) / SAMPLE_RATE + 0.01)[: stop - begin]
    noise = np.random.default_rng(first).normal(0, 0.3, (2, 20_000)).astype(np.float32)

    alone = mouth_parameters(AudioSlice(inside, begin), frames, fps)
    larger = np.concatenate([noise[0], inside, noise[1]])
    amid_noise = mouth_parameters(AudioSlice(larger, begin - 20_000), frames, fps)

    assert amid_noise.tobytes() == alone.tobytes()


@pytest.mark.parametrize("seconds", [-0.9, -0.5, 0.5, 0.9])
def test_a_frame_does_hear_most_of_its_context(seconds: float) -> None:
    """A shout of 0.1 s, so far from the frame, is heard in it: the context is not idle."""
    frames = FrameRange(100, 1)
    usual = slice_for(vowel("a", 110, 10.0), frames, FPS)
    middle = frame_sample(100, FPS) - usual.first_sample + int(seconds * SAMPLE_RATE)
    loud = usual.samples.copy()
    loud[middle - 800 : middle + 800] = np.sign(loud[middle - 800 : middle + 800])

    alone = mouth_parameters(usual, frames, FPS)
    changed = mouth_parameters(AudioSlice(loud, usual.first_sample), frames, FPS)

    assert changed.tobytes() != alone.tobytes()


def test_a_slice_with_too_little_context_is_refused() -> None:
    frames = FrameRange(100, 10)
    enough = slice_for(np.zeros(200_000, np.float32), frames, FPS)

    mouth_parameters(enough, frames, FPS)

    for short in (
        AudioSlice(enough.samples[1:], enough.first_sample + 1),
        AudioSlice(enough.samples[:-1], enough.first_sample),
    ):
        with pytest.raises(IndexError, match="asked of a slice"):
            mouth_parameters(short, frames, FPS)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    loudness=st.floats(0, 1, allow_nan=False),
    kind=st.sampled_from(["noise", "clipped", "clicks", "voices"]),
)
def test_every_parameter_stays_within_its_range_whatever_the_sound(
    seed: int, loudness: float, kind: str
) -> None:
    chance = np.random.default_rng(seed)
    noise = chance.normal(0, 1, SAMPLE_RATE)
    sounds = {
        "noise": np.clip(noise * loudness, -1, 1),
        "clipped": np.sign(noise),
        "clicks": (chance.random(SAMPLE_RATE) < loudness / 100) * 1.0,
        "voices": murmur_of_voices(1.0, seed) * loudness,
    }

    mouth = hear(sounds[kind].astype(np.float32))

    assert mouth.dtype == np.float32
    assert mouth.shape == (25, len(MOUTH_PARAMETERS))
    assert np.isfinite(mouth).all()
    assert mouth.max() <= 1
    assert mouth[:, WIDTH].min() >= -1
    assert np.delete(mouth, WIDTH, axis=1).min() >= 0


def test_doubt_is_taken_out_of_a_mouth_and_certainty_left() -> None:
    shut, sure = np.full(8, 0.01, np.float32), np.full(8, 0.9, np.float32)

    assert not network.settled(shut).any()
    assert not network.settled(-shut).any()
    assert network.settled(sure).min() > 0.85
    assert network.settled(sure)[3:5].min() == 1
    assert network.settled(-sure).tolist()[0] == 0
    assert network.settled(-sure)[WIDTH] < -0.85


def test_columns_say_how_loud_a_tone_is_in_half_decibels() -> None:
    time_s = np.arange(mel.WINDOW + 63 * mel.HOP) / SAMPLE_RATE
    tone = (0.1 * np.sin(2 * np.pi * 1000 * time_s)).astype(np.float32)

    bands = mel.half_decibels(tone, 64)
    power = (10 ** (bands / 20)).sum(axis=1)

    assert np.abs(10 * np.log10(power) + 20).max() < 1.5  # triangles overlap, and do not quite add
    assert mel.half_decibels(np.zeros_like(tone), 64).max() == 2 * mel.QUIETEST


def test_columns_lie_where_their_time_is() -> None:
    """A click late in a silence is in the columns around it, and in no others."""
    sound = np.zeros(20 * SAMPLE_RATE, np.float32)
    sound[15 * SAMPLE_RATE] = 1.0

    bands = mel.half_decibels(np.pad(sound, mel.WINDOW // 2), 1990)
    loud = np.flatnonzero(bands.max(axis=1) > 2 * mel.QUIETEST + 20)

    assert loud.tolist() == [1499, 1500, 1501]
