"""The `wav2lip` generators: the published frames, and the same bytes however a job is cut."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
import torch
import wav2lip_reference as reference
from faces import Image, as_face, avatar_view, small_face
from hypothesis import given, settings
from hypothesis import strategies as st
from wav2lip_weights import random_state, write_checkpoint

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.errors import CanceledError, FaceError, WeightsError
from lipsync_engine.face import Face
from lipsync_engine.generator import Look
from lipsync_engine.registry import create
from lipsync_engine.timeline import FrameRange, frame_count
from lipsync_engine.wav2lip import box, device_paste, paste
from lipsync_engine.wav2lip.generator import BATCH, Wav2LipGenerator
from lipsync_engine.wav2lip.network import Network
from lipsync_engine.wav2lip.painter import Painter

FPS = Fraction(25)
ALL_FPS = [
    Fraction(24000, 1001), Fraction(24), FPS, Fraction(30000, 1001), Fraction(30),
    Fraction(50), Fraction(60),
]  # fmt: skip
FACE = small_face()
PLAIN = Look(paste="reference", rest_in_silence=False)


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> Iterator[str]:
    """The path of a checkpoint of random weights, named by the settings."""
    path = str(write_checkpoint(tmp_path_factory.mktemp("weights") / "wav2lip.pth"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIPCHORD_WAV2LIP_CHECKPOINT", path)
        patch.setenv("LIPCHORD_WAV2LIP_GAN_CHECKPOINT", path)
        yield path


@pytest.fixture(scope="module")
def real(weights) -> Wav2LipGenerator:
    """The real network, one batch at a time."""
    generator = Wav2LipGenerator("cpu", threads=1)
    generator.setup()
    return generator


class Quick:
    """Draws a flat face in a colour that its 1280 mel numbers and its picture decide."""

    device = torch.device("cpu")

    def backdrop(self, faces: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return (faces.sum(dim=(1, 2, 3)),)

    def draw(self, mel: torch.Tensor, backdrop: tuple[torch.Tensor, ...]) -> torch.Tensor:
        places = torch.arange(1, 1281, dtype=torch.float64).view(80, 16)
        told = (mel[:, 0].double() * places).sum(dim=(1, 2)) + backdrop[0]
        return (told % 251).to(torch.uint8).view(-1, 1, 1, 1).expand(-1, 96, 96, 3)


@pytest.fixture(scope="module")
def quick(real) -> Wav2LipGenerator:
    """The generator as it is, with a network that costs nothing."""
    generator = Wav2LipGenerator("cpu", threads=2)
    generator._pool, generator._network = real._pool, Quick()  # type: ignore[assignment]
    return generator


def sound(seconds: float, seed: int) -> np.ndarray:
    """Syllables of tones and noise with pauses, (n,) float32."""
    rng = np.random.default_rng(seed)
    t = np.arange(int(seconds * 16_000)) / 16_000
    tones = sum(np.sin(2 * np.pi * 120 * k * t) / k for k in range(1, 12))
    loud = np.clip(np.sin(2 * np.pi * rng.uniform(0.5, 5) * t + rng.uniform(0, 6)), 0, 1)
    return (0.2 * loud * (tones + 0.2 * rng.standard_normal(len(t)))).astype(np.float32)


def rendered(
    generator: Wav2LipGenerator,
    samples: np.ndarray,
    frames: FrameRange,
    fps: Fraction = FPS,
    face: Face = FACE,
    look: Look = PLAIN,
) -> Image:
    """(n, H, W, 3), from exactly the declared context."""
    speech = heard(samples, frames, fps)
    return np.concatenate(list(generator.render(face, speech, frames, fps, look, lambda: False)))


def heard(samples: np.ndarray, frames: FrameRange, fps: Fraction) -> AudioSlice:
    context = Wav2LipGenerator.context
    first, stop = needed_samples(frames, fps, context.before, context.after)
    held = np.zeros(stop - first, np.float32)
    begin, end = max(first, 0), min(stop, len(samples))
    if begin < end:
        held[begin - first : end - first] = samples[begin:end]
    return AudioSlice(held, first, len(samples))


def test_every_frame_that_the_published_code_makes_is_its_frame(real):
    samples, where = sound(0.55, 1), (20, 121, 23, 108)

    theirs = np.stack(
        reference.frames(random_state(), FACE.image(0), where, samples, 25.0, batch_size=5)
    )
    whole = FrameRange(0, frame_count(len(samples), FPS))
    ours = rendered(
        real, samples, whole, look=Look(paste="reference", rest_in_silence=False, box=where)
    )

    off = np.abs(ours[: len(theirs)].astype(int) - theirs)
    assert len(theirs) == 11
    assert len(ours) == 14
    assert theirs[:, 30:110, 30:100].std(axis=(1, 2, 3)).min() > 20  # there is something to see
    assert np.abs(np.diff(theirs.astype(int), axis=0)).max(axis=(1, 2, 3)).min() > 20
    assert off.max() <= 1
    assert (off == 0).mean() > 0.999


def test_real_chunks_are_the_bytes_of_the_uncut_rendering(real):
    samples = sound(2, 3)

    whole = rendered(real, samples, FrameRange(3, 15))
    parts = [rendered(real, samples, FrameRange(a, b - a)) for a, b in pairwise((3, 11, 13, 18))]

    assert np.array_equal(np.concatenate(parts), whole)


def test_more_cores_draw_the_same_bytes(real, weights):
    samples, frames = sound(1, 4), FrameRange(0, 2 * BATCH)
    torch.set_num_threads(2)
    try:
        two = Wav2LipGenerator("cpu")
        two.setup()

        same = np.array_equal(rendered(two, samples, frames), rendered(real, samples, frames))
    finally:
        torch.set_num_threads(1)

    assert two._threads == 2
    assert same
    assert two.fingerprint() == real.fingerprint()


@settings(max_examples=25, deadline=None)
@given(
    fps=st.sampled_from(ALL_FPS),
    seed=st.integers(0, 2**32 - 1),
    start=st.integers(0, 40),
    cuts=st.sets(st.integers(1, 29), max_size=5),
    look=st.builds(
        Look,
        paste=st.sampled_from(["feathered", "reference"]),
        av_offset_frames=st.integers(-5, 5),
        rest_in_silence=st.booleans(),
    ),
    video=st.booleans(),
)
def test_chunks_cut_anywhere_are_the_bytes_of_the_uncut_rendering(
    quick, fps, seed, start, cuts, look, video
):
    samples, face = sound(2, seed), FILM if video else FACE

    whole = rendered(quick, samples, FrameRange(start, 30), fps, face, look)
    bounds = [0, *sorted(cuts), 30]
    parts = [
        rendered(quick, samples, FrameRange(start + a, b - a), fps, face, look)
        for a, b in pairwise(bounds)
    ]

    assert len(whole) == 30
    assert np.array_equal(np.concatenate(parts), whole)


FILM = as_face(*(avatar_view(128, 128, 0.22, turn) for turn in (-4, 0, 5)))


def test_the_offset_moves_the_mouth_by_whole_frames(quick):
    samples, frames = sound(2, 8), FrameRange(10, 12)

    late = rendered(quick, samples, frames, look=Look(av_offset_frames=2))
    plain = rendered(quick, samples, FrameRange(8, 12), look=Look())

    assert np.array_equal(late, plain)
    assert (plain[1:] != plain[:-1]).any()


def test_a_face_video_shows_its_own_pictures(real):
    samples = sound(1, 9)

    frames = rendered(real, samples, FrameRange(0, 6), face=FILM, look=Look(rest_in_silence=False))

    for number, frame in enumerate(frames):
        own = FILM.image(FILM.image_index(number))
        assert np.array_equal(frame[:40], own[:40])
        assert not np.array_equal(frame, own)


def test_pictures_of_a_video_that_show_no_face_stay_as_they_are(quick):
    film, look = replace(FILM, found=np.array([True, False, True])), Look(rest_in_silence=False)

    frames = rendered(quick, sound(1, 9), FrameRange(0, 4), face=film, look=look)

    same = [
        np.array_equal(frame, film.image(film.image_index(k))) for k, frame in enumerate(frames)
    ]
    assert same == [False, True, False, True]  # pictures 0 1 2 1


def test_in_silence_the_photo_is_shown_as_it_is(quick):
    silence = np.zeros(2 * 16_000, np.float32)
    frames = FrameRange(0, 50)

    resting = rendered(quick, silence, frames, look=Look())
    restless = rendered(quick, silence, frames, look=Look(rest_in_silence=False))

    assert (resting == FACE.image(0)).all()
    assert (restless != FACE.image(0)).any()


def test_the_feathered_paste_changes_nothing_outside_the_lower_face(real):
    frames = rendered(real, sound(0.6, 1), FrameRange(0, 4), look=Look(rest_in_silence=False))

    y1, y2, x1, x2 = box.boxes(FACE.landmarks, 128, 128)[0]
    changed = (frames != FACE.image(0)).any(axis=(0, 3))
    assert changed[(y1 + y2) // 2 + 8 : y2 - 8, x1 + 14 : x2 - 14].mean() > 0.9
    changed[y1 + (y2 - y1) // 3 : y2, x1:x2] = False
    assert not changed.any()


def test_the_feather_rises_smoothly_from_nothing_at_the_boxs_edge():
    weight = paste.feather(200, 240)

    assert weight.shape == (240, 200)
    assert weight.max() == 1
    assert weight[:80].max() == 0
    assert max(weight[-1].max(), weight[:, 0].max(), weight[:, -1].max()) < 0.01
    assert max(np.abs(np.diff(weight, axis=axis)).max() for axis in (0, 1)) < 0.13


def test_pasting_on_the_device_is_pasting_on_the_cpu_within_a_step():
    random = np.random.default_rng(1)
    picture = FACE.image(0)
    faces = random.integers(0, 256, (3, 96, 96, 3), np.uint8)
    for how in ("feathered", "reference"):
        plate = paste.plate(picture, box.Box(21, 118, 19, 110), how)
        rests = np.array([0, 1 / 3, 1], np.float32)

        made = device_paste.pasted(torch.from_numpy(faces), torch.from_numpy(rests), plate).numpy()

        for face, rest, roi in zip(faces, rests, made, strict=True):
            frame = picture.copy()
            paste.put(frame, plate, face, float(rest))
            assert np.abs(paste.inside(frame, plate.box).astype(int) - roi).max() <= 1


def test_what_the_network_sees_on_the_device_is_what_it_sees_on_the_cpu():
    face = FACE.image(0)[10:120, 15:111]

    here, there = paste.network_input(face), device_paste.network_input(torch.from_numpy(face))

    assert here.shape == there.shape == (6, 96, 96)
    assert (here[:3, 48:] == 0).all()
    assert (there[:3, 48:] == 0).all()
    assert np.abs(here - there.numpy()).max() < 1.01 / 255


def test_the_painter_of_a_gpu_draws_the_same_frames_within_a_step(real, monkeypatch):
    mel, rests = np.zeros((8, 80, 16), np.float32), np.linspace(0, 1, 8, dtype=np.float32)

    def painted() -> Image:
        painter = Painter(FACE, PLAIN, real._network)
        faces = painter.draw(mel, rests, np.arange(8))
        return np.concatenate([painter.frame(faces[k], float(rests[k]), k) for k in range(8)])

    here = painted().astype(int)
    monkeypatch.setattr("lipsync_engine.wav2lip.painter.on_cpu", lambda _device: False)
    there = painted()

    off = np.abs(here - there)
    assert (off <= 1).mean() > 0.99


def test_coarser_precision_stays_near():
    mel = torch.rand(BATCH, 1, 80, 16, generator=torch.Generator().manual_seed(1)) * 8 - 4
    faces = torch.from_numpy(paste.network_input(FACE.image(0)))[None]
    drawn = []
    with torch.inference_mode():
        for precision in (torch.float32, torch.bfloat16):
            network = Network(random_state(), torch.device("cpu"), precision)
            drawn.append(network.draw(mel, network.backdrop(faces)).numpy().astype(int))

    assert np.abs(drawn[0] - drawn[1]).mean() < 3


@pytest.mark.parametrize(
    "where", [(0, 129, 0, 50), (-1, 20, 0, 50), (30, 30, 0, 50), (0, 50, 60, 20)]
)
def test_a_box_outside_the_picture_is_refused_with_the_pictures_size(quick, where):
    with pytest.raises(FaceError, match="128 x 128"):
        rendered(quick, sound(1, 1), FrameRange(0, 5), look=Look(box=where))


def test_the_box_spans_jaw_and_forehead_and_ten_rows_below_the_chin():
    marks = FACE.landmarks[0]

    y1, y2, x1, x2 = box.boxes(FACE.landmarks, 128, 128)[0]

    brows, chin = marks[17:27, 1].min(), marks[8, 1]
    assert (x1, x2) == (int(marks[:17, 0].min()), int(marks[:17, 0].max()))
    assert y2 == int(chin + 10)
    assert y1 == int(brows - 0.27 * (chin - brows))


def test_boxes_of_a_video_are_smooth_and_stay_in_the_picture():
    random = np.random.default_rng(2)
    marks = np.repeat(FACE.landmarks, 40, axis=0) + random.normal(0, 4, (40, 1, 2))
    marks[20] += 300

    found = np.array(box.boxes(marks.astype(np.float32), 128, 128))

    assert (found[:, [0, 2]] >= 0).all()
    assert (found[:, [1, 3]] <= 128).all()
    assert (found[:, 1] - found[:, 0] >= 16).all()
    assert (found[:, 3] - found[:, 2] >= 16).all()
    one = np.array(box.boxes(marks[:1].astype(np.float32), 128, 128))
    assert found[5:15].std(axis=0).max() < 3 < np.abs(found[5] - one[0]).max() + 3


def test_a_cancelled_job_stops(quick):
    asked = []
    frames = FrameRange(0, 20 * BATCH)

    def cancelled() -> bool:
        asked.append(True)
        return len(asked) > 6

    batches = quick.render(FACE, heard(sound(9, 1), frames, FPS), frames, FPS, PLAIN, cancelled)

    with pytest.raises(CanceledError, match="cancelled"):
        list(batches)
    assert len(asked) == 7


def test_memory_does_not_grow_with_length(quick):
    def peak(n_frames: int) -> int:
        frames = FrameRange(0, n_frames)
        speech = heard(sound(1, 1), frames, FPS)
        tracemalloc.start()
        for _ in quick.render(FACE, speech, frames, FPS, Look(), lambda: False):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(200)  # the face is made ready

    assert peak(1600) < 1.3 * peak(800)


def test_a_slice_with_too_little_context_is_refused(quick):
    with pytest.raises(IndexError):
        next(
            quick.render(
                FACE, AudioSlice(np.zeros(100, np.float32), 0), FrameRange(10, 5), FPS, PLAIN,
                lambda: False,
            )
        )  # fmt: skip


@pytest.mark.parametrize("name", ["wav2lip", "wav2lip_gan"])
def test_a_missing_setting_is_named_with_the_licence(monkeypatch, name):
    setting = f"LIPCHORD_{name.upper()}_CHECKPOINT"
    monkeypatch.delenv(setting, raising=False)

    with pytest.raises(WeightsError, match=f"{setting} is not set.*non-commercial"):
        create(name).setup()


def test_an_unknown_precision_is_refused(monkeypatch):
    monkeypatch.setenv("LIPCHORD_WAV2LIP_PRECISION", "int4")

    with pytest.raises(WeightsError, match="float32, bfloat16"):
        create("wav2lip").setup()


def test_the_fingerprint_tells_generators_and_weights_apart(real, quick):
    assert real.fingerprint() != quick.fingerprint()  # no weights there
    assert "cpu-" in real.fingerprint()
    assert "float32" in real.fingerprint()
