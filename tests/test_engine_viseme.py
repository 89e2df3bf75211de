"""The `viseme` generator: the same bytes however a job is cut, batch by batch, and it can stop."""

import tracemalloc
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
from faces import Image, as_face, avatar_view, small_face
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.errors import CanceledError
from lipsync_engine.face import Face
from lipsync_engine.generator import Look, WarmsUp
from lipsync_engine.registry import create
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_count
from lipsync_engine.viseme.generator import BATCH, VisemeGenerator
from tests.spoken import vowel

FPS = Fraction(25)
ALL_FPS = [
    Fraction(24000, 1001), Fraction(24), FPS, Fraction(30000, 1001), Fraction(30),
    Fraction(50), Fraction(60),
]  # fmt: skip
FACE = small_face()
PLAIN = Look()
GENERATOR = VisemeGenerator("cpu")


def sound(seconds: float, seed: int) -> NDArray[np.float32]:
    """Syllables of a vowel, now and then with noise, (n,) float32."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    voice = 2 * vowel("a", rng.uniform(110, 220), seconds)[: len(t)]
    syllables = np.clip(np.sin(2 * np.pi * rng.uniform(2, 5) * t + rng.uniform(0, 6)), 0, 1)
    noise = rng.standard_normal(len(t)) * rng.choice([0.0, 0.1])
    return (0.2 * (voice + noise) * syllables).astype(np.float32)


def heard(samples: NDArray[np.float32], frames: FrameRange, fps: Fraction) -> AudioSlice:
    """The slice that a render worker would get: exactly the declared context."""
    context = GENERATOR.context
    first, stop = needed_samples(frames, fps, context.before, context.after)
    slice_ = np.zeros(stop - first, np.float32)
    begin, end = max(first, 0), min(stop, len(samples))
    if begin < end:
        slice_[begin - first : end - first] = samples[begin:end]
    return AudioSlice(slice_, first)


def rendered(
    samples: NDArray[np.float32],
    frames: FrameRange,
    fps: Fraction = FPS,
    face: Face = FACE,
    look: Look = PLAIN,
    generator: VisemeGenerator = GENERATOR,
) -> Image:
    """(n, H, W, 3)"""
    speech = heard(samples, frames, fps)
    return np.concatenate(list(generator.render(face, speech, frames, fps, look, lambda: False)))


@settings(max_examples=10, deadline=None)
@given(
    fps=st.sampled_from(ALL_FPS),
    seed=st.integers(0, 2**32 - 1),
    start=st.integers(0, 3000),
    cuts=st.sets(st.integers(1, 29), max_size=5),
)
def test_chunks_cut_anywhere_are_the_bytes_of_the_uncut_rendering(fps, seed, start, cuts):
    samples, look = sound(2, seed), Look(seed)
    shift = np.zeros(int(start / fps * SAMPLE_RATE), np.float32)
    samples = np.concatenate([shift, samples])

    whole = rendered(samples, FrameRange(start, 30), fps, look=look)
    bounds = [0, *sorted(cuts), 30]
    parts = [
        rendered(samples, FrameRange(start + a, b - a), fps, look=look) for a, b in pairwise(bounds)
    ]

    assert len(whole) == 30
    assert np.array_equal(np.concatenate(parts), whole)


def test_a_fresh_generator_draws_the_same_bytes():
    samples = sound(1, 3)

    one = rendered(samples, FrameRange(0, 20))
    two = rendered(samples, FrameRange(0, 20), generator=VisemeGenerator("cpu"))

    assert np.array_equal(one, two)


def test_the_mouth_moves_with_the_voice_and_is_shut_in_silence():
    samples = np.concatenate([np.zeros(SAMPLE_RATE, np.float32), sound(2, 5)])
    still = Look(blink=False, sway=False)

    frames = rendered(samples, FrameRange(0, frame_count(len(samples), FPS)), look=still)

    changed = np.abs(frames.astype(int) - FACE.image(0)).max(axis=(1, 2, 3))
    assert (changed[:20] == 0).all()
    assert (changed[30:] > 40).sum() > 15


def test_seed_blink_and_sway_are_the_users_to_choose():
    silence = np.zeros(6 * SAMPLE_RATE, np.float32)
    frames = FrameRange(40, 60)

    plain = rendered(silence, frames, look=Look(1, blink=False, sway=False))
    swaying = rendered(silence, frames, look=Look(1, blink=False))
    living = rendered(silence, frames, look=Look(1))
    other = rendered(silence, frames, look=Look(2))

    assert (plain == FACE.image(0)).all()
    assert (swaying != plain).any()
    assert (living != swaying).any()
    assert (living != other).any()


def test_more_cores_draw_the_same_bytes_by_one_thread():
    """Workers of any number of cores share a job, so their fingerprints are equal."""
    samples, frames, name = sound(2, 4), FrameRange(0, 3 * BATCH), GENERATOR.fingerprint()
    one = rendered(samples, frames)
    torch.set_num_threads(2)
    try:
        two = rendered(samples, frames)
        threads = torch.get_num_threads()
    finally:
        torch.set_num_threads(1)

    assert np.array_equal(one, two)
    assert threads == 1
    assert GENERATOR.fingerprint() == name


def test_frames_come_in_batches_on_the_absolute_grid():
    frames = FrameRange(BATCH - 3, 2 * BATCH)

    batches = list(
        GENERATOR.render(FACE, heard(sound(2, 1), frames, FPS), frames, FPS, Look(), lambda: False)
    )

    assert [len(batch) for batch in batches] == [3, BATCH, BATCH - 3]
    assert all(batch.shape[1:] == (128, 128, 3) and batch.dtype == np.uint8 for batch in batches)


def test_a_cancelled_job_stops_at_the_next_batch():
    asked = []
    frames = FrameRange(0, 10 * BATCH)

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 2

    batches = GENERATOR.render(
        FACE, heard(sound(4, 1), frames, FPS), frames, FPS, Look(), cancelled
    )

    assert len(next(batches)) + len(next(batches)) == 2 * BATCH
    with pytest.raises(CanceledError, match="cancelled"):
        next(batches)


def test_memory_does_not_grow_with_length():
    def peak(n_frames: int) -> int:
        frames = FrameRange(0, n_frames)
        speech = heard(sound(1, 1), frames, FPS)
        tracemalloc.start()
        for _ in GENERATOR.render(FACE, speech, frames, FPS, Look(), lambda: False):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(80)  # the face is made ready

    assert peak(320) < 2 * peak(80)  # frames that were kept would make it four times as much


def test_a_slice_with_too_little_context_is_refused():
    frames = FrameRange(10, 5)
    short = AudioSlice(np.zeros(100, np.float32), 0)

    with pytest.raises(IndexError):
        next(GENERATOR.render(FACE, short, frames, FPS, Look(), lambda: False))


def test_a_video_face_shows_its_own_pictures_and_can_be_cut_anywhere():
    views = [avatar_view(128, 128, 0.22, turn) for turn in (-4, 0, 5)]
    face, samples = as_face(*views), sound(1, 9)

    whole = rendered(samples, FrameRange(0, 13), face=face)
    parts = [rendered(samples, FrameRange(a, b), face=face) for a, b in ((0, 5), (5, 1), (6, 7))]

    assert np.array_equal(np.concatenate(parts), whole)
    for frame in range(13):
        corner = face.image(face.image_index(frame))[:6]
        assert np.array_equal(whole[frame, :6], corner)


def test_the_fingerprint_names_the_device_and_the_registry_knows_the_generator(monkeypatch):
    monkeypatch.setenv("LIPCHORD_DEVICE", "cpu")

    made = create("viseme")
    made.setup()
    assert isinstance(made, WarmsUp)
    made.warm_up()

    assert made.name == "viseme"
    assert made.fingerprint() == GENERATOR.fingerprint()
    assert made.fingerprint() != VisemeGenerator("cuda").fingerprint()


def test_pictures_without_the_face_pass_through_untouched_wherever_a_job_is_cut():
    views = [avatar_view(128, 128, 0.22, turn) for turn in (-4, 0, 5)]
    face = replace(as_face(*views), found=np.array([True, False, True]))
    samples = sound(1, 9)

    whole = rendered(samples, FrameRange(0, 25), face=face)
    parts = [rendered(samples, FrameRange(a, b), face=face) for a, b in ((0, 6), (6, 1), (7, 18))]

    assert np.array_equal(np.concatenate(parts), whole)
    own = np.stack([face.image(face.image_index(frame)) for frame in range(25)])
    changed = (whole != own).any(axis=(1, 2, 3))
    assert not changed[1::2].any()  # 0 1 2 1 0 1 2 …
    assert changed[::2].any()
