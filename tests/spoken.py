"""Sounds for the tests of hearing: spoken texts with their phones' times, vowels, noises."""

from collections.abc import Mapping
from fractions import Fraction
from functools import cache

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_count
from lipsync_engine.viseme.hearing import CONTEXT, mouth_parameters
from lipsync_engine.viseme.training import espeak_voices, held
from lipsync_engine.viseme.training.phones import gestures
from lipsync_engine.viseme.training.utterances import Utterance

Samples = NDArray[np.float32]
FPS = Fraction(25)
FINE = Fraction(100)  # frames a second when single sounds are looked at
TEXTS = {
    "ru": "Мама мыла раму, папа купил большую рыбу. Шесть жуков жужжали. Синюю вазу, баба Люба.",
    "en+f2": "Sue should move the pool. She sees three keys. My happy mother put a paper map up.",
    "de": "Bernd backt braunes Brot. Sie sieht schöne Schuhe, du suchst gute Bücher. Mama kam.",
    "es": "Mi mamá compra pan y un mapa para Pablo. La luna se une a la cuna. Si, sí, así es.",
    "kk": "Менің атым Болат, мен Алматыда тұрамын. Бүгін ауа райы өте жақсы болады.",
}


def speak_all(texts: Mapping[str, str] = TEXTS) -> dict[str, Utterance]:
    """Each text in its voice."""
    said = espeak_voices.speak([espeak_voices.Spoken(*pair) for pair in texts.items()])
    return {voice: u for voice, u in zip(texts, said, strict=True) if u is not None}


def samples_of(utterance: Utterance) -> Samples:
    return (utterance.samples / 32768).astype(np.float32)


def spans(utterance: Utterance, kinds: tuple[str, ...]) -> list[tuple[float, float]]:
    """Start and stop in seconds of each phone whose first gesture is one of `kinds`."""
    return [
        (s.start, s.stop)
        for s in utterance.segments
        if s.phone and gestures(s.phone)[0].kind in kinds and s.stop - s.start > 0.02
    ]


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


@cache
def _everybody() -> Samples:
    """All of TEXTS, one after the other."""
    return np.concatenate([samples_of(utterance) for utterance in speak_all().values()])


def murmur_of_voices(seconds: float, seed: int = 0) -> Samples:
    """People who speak, from somewhere on that the seed chooses, as if they had never begun."""
    everybody = _everybody()
    start = int(np.random.default_rng(seed).integers(len(everybody)))
    return np.resize(np.roll(everybody, -start), int(seconds * SAMPLE_RATE))


def vowel(name: str, pitch: float, seconds: float) -> Samples:
    """A vowel held by a person whose head fits the pitch."""
    larger = (pitch / 110) ** 0.3  # a higher voice has a smaller head and higher formants
    formants = tuple(f * larger for f in held.FORMANTS[name])
    return held.vowel(pitch, formants, seconds, np.random.default_rng(int(pitch)))


def steady_sounds() -> dict[str, Samples]:
    """Three seconds each of what nobody's mouth makes."""
    chance = np.random.default_rng(7)
    n = 3 * SAMPLE_RATE
    time_s = np.arange(n) / SAMPLE_RATE
    white = chance.normal(0, 1, n)
    brown = np.cumsum(white - np.convolve(white, np.ones(400) / 400, "same"))
    mains = sum(np.sin(2 * np.pi * 50 * k * time_s) / k**2 for k in (1, 2, 3, 4))
    sounds = {
        "silence": np.zeros(n),
        "dither": chance.integers(-1, 2, n) / 32768,
        "loud fan": 0.1 * white,
        "quiet fan": 0.003 * white,
        "rumble": 0.2 * brown / np.abs(brown).max(),
        "mains hum": 0.2 * mains,
        "whistle": 0.2 * np.sin(2 * np.pi * 1000 * time_s),
    }
    return {name: sound.astype(np.float32) for name, sound in sounds.items()}
