"""What `viseme` hears: the same bytes however a job is cut, and a mouth that fits the sounds."""

import ctypes
import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_count, frame_sample
from lipsync_engine.viseme.hearing import CONTEXT, mouth_parameters
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS, K

Samples = NDArray[np.float32]
JAW, WIDTH, ROUND, LIPS, LABIODENTAL, UPPER, LOWER, TONGUE = range(K)
FPS = Fraction(25)
FINE = Fraction(100)  # frames a second when single sounds are looked at
ALL_FPS = [
    Fraction(24000, 1001), Fraction(24), FPS, Fraction(30000, 1001), Fraction(30),
    Fraction(50), Fraction(60),
]  # fmt: skip

TEXTS = {
    "ru": "Мама мыла раму, папа купил большую рыбу. Шесть жуков жужжали. Синюю вазу, баба Люба.",
    "en+f2": "Sue should move the pool. She sees three keys. My happy mother put a paper map up.",
    "de": "Bernd backt braunes Brot. Sie sieht schöne Schuhe, du suchst gute Bücher. Mama kam.",
    "es": "Mi mamá compra pan y un mapa para Pablo. La luna se une a la cuna. Si, sí, así es.",
    "kk": "Менің атым Болат, мен Алматыда тұрамын. Бүгін ауа райы өте жақсы болады.",
}
SOUNDS = {
    "a": {"a", "ɑ", "aː", "ɑː"}, "i": {"i", "iː"}, "u": {"u", "uː"},
    "lips": {"m", "p", "b"}, "palate": {"t", "d", "k", "ɡ"}, "s": {"s", "ts"},
}  # fmt: skip


@dataclass(frozen=True)
class Utterance:
    """Spoken text, and when which phoneme was said (samples)."""

    samples: Samples
    phonemes: tuple[tuple[str, int, int], ...]

    def spans(self, sound: str) -> list[tuple[int, int]]:
        return [
            (start, stop)
            for name, start, stop in self.phonemes
            if name.strip("ˈˌʲ ") in SOUNDS[sound] and stop - start > SAMPLE_RATE // 50
        ]


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Name),
    )  # fmt: skip


def speak_all(texts: dict[str, str]) -> dict[str, Utterance]:
    """espeak-ng with its phoneme events; run in a process of its own, for the library is global."""
    import espeakng_loader

    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    sound: list[NDArray[np.int16]] = []
    events: list[tuple[str, int]] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event))
    def heard(address: int | None, n: int, event: "ctypes._Pointer[_Event]") -> int:
        if address and n:
            sound.append(np.frombuffer(ctypes.string_at(address, 2 * n), "<i2"))
        i = 0
        while event[i].type:  # 0 ends the list, 7 is a phoneme
            if event[i].type == 7:
                events.append((event[i].id.string.decode("utf-8", "replace"), event[i].sample))
            i += 1
        return 0

    rate = espeak.espeak_Initialize(1, 0, espeakng_loader.get_data_path().encode(), 0b11)
    espeak.espeak_SetSynthCallback(heard)
    spoken = {}
    for voice, text in texts.items():
        sound.clear()
        events.clear()
        assert espeak.espeak_SetVoiceByName(voice.encode()) == 0
        raw = text.encode()
        size = ctypes.c_size_t(len(raw) + 1)
        espeak.espeak_Synth(raw, size, 0, 1, 0, 1, None, None)
        espeak.espeak_Synchronize()
        spoken[voice] = _utterance(np.concatenate(sound), events, rate)
    return spoken


def _utterance(pcm: NDArray[np.int16], events: list[tuple[str, int]], rate: int) -> Utterance:
    n = len(pcm) * SAMPLE_RATE // rate
    spectrum = np.fft.rfft(pcm / 32768)[: n // 2 + 1]
    samples = (np.fft.irfft(spectrum, n) * n / len(pcm)).astype(np.float32)
    starts = [start * SAMPLE_RATE // rate for _, start in events]
    stops = [*starts[1:], n]
    names = [name for name, _ in events]
    return Utterance(samples, tuple(zip(names, starts, stops, strict=True)))


@pytest.fixture(scope="module")
def spoken() -> dict[str, Utterance]:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(speak_all, TEXTS).result()


def slice_for(samples: Samples, frames: FrameRange, fps: Fraction) -> AudioSlice:
    """Exactly what the generator contract gives a chunk: zeros where the job has no sound."""
    first, stop = needed_samples(frames, fps, CONTEXT.before, CONTEXT.after)
    held = np.zeros(stop - first, np.float32)
    begin, end = max(first, 0), min(stop, len(samples))
    if begin < end:
        held[begin - first : end - first] = samples[begin:end]
    return AudioSlice(held, first)


def hear(samples: Samples, fps: Fraction = FPS) -> NDArray[np.float32]:
    frames = FrameRange(0, frame_count(len(samples), fps))
    return mouth_parameters(slice_for(samples, frames, fps), frames, fps)


def murmur_of_voices(seconds: float, seed: int = 0) -> Samples:
    """Something as varied as speech: pulses and hiss through wandering loudness."""
    chance = np.random.default_rng(seed)
    n = int(seconds * SAMPLE_RATE)
    time_s = np.arange(n) / SAMPLE_RATE
    pulses = np.sign(np.sin(2 * np.pi * (120 + 30 * np.sin(time_s)) * time_s)) * 0.2
    syllables_s = np.arange(0, seconds + 0.1, 0.1)
    loudness = np.interp(time_s, syllables_s, chance.uniform(0, 1, len(syllables_s)) ** 3)
    return ((pulses + chance.normal(0, 0.05, n)) * loudness).astype(np.float32)


def vowel(pitch: float, formants: list[float], seconds: float) -> Samples:
    """A held vowel: pulses of the vocal folds through resonances of 80 Hz."""
    n = int(seconds * SAMPLE_RATE)
    sound = np.zeros(n)
    sound[:: int(SAMPLE_RATE / pitch)] = 1.0
    time_s = np.arange(1000) / SAMPLE_RATE
    slope = 0.97 ** np.arange(100)  # the folds' own
    rings = [np.exp(-np.pi * 80 * time_s) * np.sin(2 * np.pi * f * time_s) for f in formants]
    for ring in (slope, *rings):
        sound = np.convolve(sound, ring)[:n]
    return (0.3 * sound / np.abs(sound).max()).astype(np.float32)


@settings(max_examples=25, deadline=None)
@given(
    fps=st.sampled_from(ALL_FPS),
    cuts=st.lists(st.integers(1, 10_000), max_size=5),
    seed=st.integers(0, 3),
)
def test_frames_are_the_same_bytes_however_a_job_is_cut(
    fps: Fraction, cuts: list[int], seed: int
) -> None:
    sound = murmur_of_voices(3.3, seed)
    n_frames = frame_count(len(sound), fps)
    edges = sorted({0, n_frames, *(cut % n_frames for cut in cuts)})

    whole = hear(sound, fps)
    chunks = [
        mouth_parameters(slice_for(sound, frames, fps), frames, fps)
        for frames in (FrameRange(a, b - a) for a, b in pairwise(edges))
    ]

    assert np.concatenate(chunks).tobytes() == whole.tobytes()
    assert whole[:, JAW].max() > 0.1  # and there was something to hear


@settings(max_examples=25, deadline=None)
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


@settings(max_examples=20, deadline=None)
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


def steady_sounds() -> dict[str, Samples]:
    chance = np.random.default_rng(7)
    n = 3 * SAMPLE_RATE
    time_s = np.arange(n) / SAMPLE_RATE
    white = chance.normal(0, 1, n)
    brown = np.cumsum(white - np.convolve(white, np.ones(400) / 400, "same"))
    mains = sum(np.sin(2 * np.pi * 50 * k * time_s) / k**2 for k in (1, 2, 3, 4))
    return {
        "silence": np.zeros(n),
        "dither": chance.integers(-1, 2, n) / 32768,
        "loud fan": 0.1 * white,
        "quiet fan": 0.003 * white,
        "rumble": 0.2 * brown / np.abs(brown).max(),
        "mains hum": 0.2 * mains,
        "whistle": 0.2 * np.sin(2 * np.pi * 1000 * time_s),
    }


@pytest.mark.parametrize("name", steady_sounds())
def test_the_mouth_stays_shut_when_nobody_speaks(name: str) -> None:
    sound = steady_sounds()[name].astype(np.float32)

    mouth = hear(sound)

    assert np.abs(mouth).max() < 0.02


def test_a_held_vowel_holds_the_mouth_open_and_still() -> None:
    mouth = hear(vowel(110, [700, 1200, 2500, 3500], 3.0))[12:-12]

    assert mouth[:, JAW].min() > 0.4
    assert np.ptp(mouth[:, JAW]) < 0.02


@pytest.mark.parametrize("pitch", [95, 125, 200, 260])
def test_held_vowels_differ_as_mouths_do(pitch: float) -> None:
    larger = (pitch / 110) ** (1 / 3)  # a higher voice has a smaller head and higher formants
    a, i, u = (
        hear(vowel(pitch, [f * larger for f in formants], 2.0))[15:-15].mean(axis=0)
        for formants in ([730, 1150, 2500, 3500], [280, 2250, 2900, 3500], [310, 750, 2300, 3500])
    )

    assert a[JAW] > 1.3 * max(i[JAW], u[JAW])
    assert i[WIDTH] > 0.3
    assert u[ROUND] > 0.3
    assert u[ROUND] > 2 * max(a[ROUND], i[ROUND])


def at_middles(utterances: dict[str, Utterance], sound: str) -> NDArray[np.float32]:
    """Mouth in the middle of every such sound, (n, K)."""
    rows = []
    for utterance in utterances.values():
        mouth = hear(utterance.samples, FINE)
        rows += [mouth[(start + stop) // 320] for start, stop in utterance.spans(sound)]
    return np.array(rows)


def most(utterances: dict[str, Utterance], sound: str, parameter: int) -> NDArray[np.float32]:
    """The parameter's peak within every such sound, (n,)."""
    peaks = []
    for utterance in utterances.values():
        curve = hear(utterance.samples, FINE)[:, parameter]
        peaks += [curve[a // 160 : b // 160 + 1].max() for a, b in utterance.spans(sound)]
    return np.array(peaks)


def test_an_open_vowel_opens_the_jaw_more_than_close_ones(spoken: dict[str, Utterance]) -> None:
    a, i, u = (at_middles(spoken, sound)[:, JAW] for sound in "aiu")

    assert min(len(a), len(i), len(u)) >= 8
    assert a.mean() > 0.4
    assert a.mean() > 1.5 * max(i.mean(), u.mean())


def test_i_spreads_the_lips_and_u_does_not(spoken: dict[str, Utterance]) -> None:
    a, i, u = (at_middles(spoken, sound) for sound in "aiu")

    assert i[:, WIDTH].mean() > 0.3
    assert i[:, WIDTH].mean() > u[:, WIDTH].mean() + 0.25
    assert u[:, ROUND].mean() > max(i[:, ROUND].mean(), a[:, ROUND].mean()) + 0.05


def test_m_p_b_close_the_lips_and_t_k_do_less(spoken: dict[str, Utterance]) -> None:
    lips, palate = (most(spoken, sound, LIPS) for sound in ("lips", "palate"))

    assert lips.mean() > 0.5
    assert lips.mean() > palate.mean() + 0.2


def test_s_keeps_the_jaw_nearly_shut_and_shows_teeth(spoken: dict[str, Utterance]) -> None:
    s, a = (at_middles(spoken, sound) for sound in "sa")

    assert s[:, JAW].mean() < 0.15
    assert s[:, UPPER].mean() > 0.3
    assert s[:, UPPER].mean() > a[:, UPPER].mean() + 0.25


@pytest.mark.parametrize("voice", TEXTS)
def test_speech_uses_the_jaws_range_well(spoken: dict[str, Utterance], voice: str) -> None:
    mouth = hear(spoken[voice].samples)
    speaking = mouth[mouth[:, JAW] > 0.02, JAW]

    assert mouth.max() <= 1
    assert 0.15 < speaking.mean() < 0.35
    assert 0.4 < np.percentile(speaking, 95) < 0.7  # a shout would be 1


@pytest.mark.parametrize("voice", TEXTS)
def test_the_jaw_follows_the_voice_without_lag(spoken: dict[str, Utterance], voice: str) -> None:
    samples = spoken[voice].samples
    jaw = hear(samples, FINE)[:, JAW]
    padded = np.pad(samples, 400)
    centres = [frame_sample(i, FINE) for i in range(len(jaw))]
    loudness = np.sqrt([np.mean(padded[c : c + 800] ** 2) for c in centres])
    lags = range(-15, 16)  # frames of 10 ms

    matches = [np.corrcoef(jaw[20:-20], np.roll(loudness, lag)[20:-20])[0, 1] for lag in lags]

    assert abs(lags[int(np.argmax(matches))]) < 4
    assert max(matches) > 0.6


def test_a_quiet_recording_opens_the_mouth_like_a_loud_one(spoken: dict[str, Utterance]) -> None:
    loud = spoken["ru"].samples

    quiet = hear(0.1 * loud)

    assert np.abs(quiet - hear(loud)).mean(axis=0).max() < 0.03


def test_a_room_with_a_fan_does_not_keep_the_mouth_open(spoken: dict[str, Utterance]) -> None:
    chance = np.random.default_rng(3)
    speech = np.concatenate([np.zeros(2 * SAMPLE_RATE, np.float32), spoken["de"].samples])
    fan = chance.normal(0, 0.004, len(speech)).astype(np.float32)

    clean, noisy = hear(speech)[:, JAW], hear(speech + fan)[:, JAW]

    assert noisy[:48].max() < 0.05
    assert np.corrcoef(clean, noisy)[0, 1] > 0.9


def test_hearing_is_a_hundred_times_faster_than_speech() -> None:
    sound = murmur_of_voices(20.0)
    hear(sound[:SAMPLE_RATE])

    begin = time.process_time()
    hear(sound)

    assert 20.0 / (time.process_time() - begin) > 100
