"""Utterances -> scenes as recordings have them: pauses, backgrounds, other speeds, bad sound.

A scene is 12 s of half-decibel bands with the mouth that belongs to them. Scenes are made
once, into arrays; what can be done to bands alone (colour, size of the head) is done anew
each time one is learned from, in `batches`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme import mel
from lipsync_engine.viseme.training import augmentation, coarticulation, held, music
from lipsync_engine.viseme.training.augmentation import Chance, Samples
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.utterances import Utterance

SECONDS = 12
COLUMNS = SECONDS * 100
_SPEEDS = (17, 18, 19, 20, 20, 20, 21, 22, 23, 24)  # of 20: pitch, formants and tempo together
_SILENT = 0.14  # of all scenes nobody speaks
_HELD, _SUNG = 0.1, 0.08  # of all utterances have a vowel drawn out, are vowels alone


@dataclass(frozen=True)
class Scene:
    """What is heard, and what the mouth does."""

    bands: NDArray[np.int16]  # (COLUMNS, N_MELS) half decibels
    mouth: NDArray[np.float16]  # (COLUMNS, K)
    classes: NDArray[np.uint8]  # (COLUMNS,) index of CLASSES
    voiced: bool  # whether anyone speaks


def scene(
    voices: Sequence[Sequence[Utterance]],
    chance: Chance,
    clean: bool = False,
    silent: float = _SILENT,
) -> Scene:
    """Make one.

    Args:
        voices: utterances by voice or language; one of them speaks.
        chance: decides everything.
        silent: share of scenes in which nobody speaks.
        clean: no other speeds, no background, no degradation (for measuring).
    """
    n = SECONDS * SAMPLE_RATE
    sound = np.zeros(n, np.float32)
    segments: list[Segment] = []
    speaks = clean or chance.random() > silent
    spoken = voices[int(chance.integers(len(voices)))]
    at = int(chance.exponential(0.4) * SAMPLE_RATE)
    while speaks and at < n - SAMPLE_RATE // 2:
        utterance = spoken[int(chance.integers(len(spoken)))]
        samples, timed = _at_speed(utterance, 20 if clean else int(chance.choice(_SPEEDS)))
        if not clean and chance.random() < _HELD:
            samples, timed = held.drawn_out(samples, timed, chance)
        elif not clean and chance.random() < _SUNG:
            samples, timed = held.sung(chance)
        room_left = n - at
        sound[at : at + len(samples)] += samples[:room_left]
        segments += [
            Segment(s.phone, s.start + at / SAMPLE_RATE, s.stop + at / SAMPLE_RATE) for s in timed
        ]
        gap = chance.choice([0.0, chance.exponential(0.5), chance.uniform(0, 3)])
        at += len(samples) + int(gap * SAMPLE_RATE)
    level = _level(sound)
    if not clean:
        sound = _breathing(sound, segments, chance)
        sound = _degraded(sound, speaks, voices, chance)
    mouth, classes = coarticulation.targets(segments, COLUMNS, level)
    return Scene(bands(sound), mouth.astype(np.float16), classes.astype(np.uint8), speaks)


def bands(samples: Samples) -> NDArray[np.int16]:
    """Half-decibel bands of a sound that begins at sample 0, (len // HOP, N_MELS)."""
    n_columns = len(samples) // mel.HOP
    half = mel.WINDOW // 2
    return mel.half_decibels(np.pad(samples, (half, half)), n_columns)


def _at_speed(utterance: Utterance, speed: int) -> tuple[Samples, list[Segment]]:
    samples = utterance.samples.astype(np.float32) / np.float32(32768)
    if speed == 20:
        return samples, list(utterance.segments)
    samples = resample_poly(samples, 20, speed).astype(np.float32)
    slower = 20 / speed
    return samples, [
        Segment(s.phone, s.start * slower, s.stop * slower) for s in utterance.segments
    ]


def _level(samples: Samples) -> NDArray[np.float64]:
    """dB of 30 ms around every column, (COLUMNS,)."""
    power = np.pad(samples.astype(np.float64) ** 2, 240)
    sums = np.concatenate([[0.0], np.cumsum(power)])
    start = np.arange(COLUMNS) * mel.HOP
    return np.asarray(10 * np.log10((sums[start + 480] - sums[start]) / 480 + 1e-9))


def _breathing(sound: Samples, segments: Sequence[Segment], chance: Chance) -> Samples:
    """Breaths, rustles, clicks where nobody speaks."""
    speech = [(s.start, s.stop) for s in segments if s.phone]
    edges = [0.0, *(t for span in speech for t in span), float(SECONDS)]
    loud = float(np.abs(sound).max()) or 0.3
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start > 0.3 and chance.random() < 0.35:
            puff = augmentation.breath(chance)[: int((stop - start) * SAMPLE_RATE)]
            at = int(chance.uniform(start, stop) * SAMPLE_RATE)
            puff = puff[: max(0, min(int(stop * SAMPLE_RATE), len(sound)) - at)]
            sound[at : at + len(puff)] += puff * np.float32(loud * 10 ** -chance.uniform(0.4, 2))
    return sound


def _degraded(
    sound: Samples, speaks: bool, voices: Sequence[Sequence[Utterance]], chance: Chance
) -> Samples:
    def babble(n: int, chance: Chance) -> Samples:
        """(n,) samples of four to eight voices at once, of unit loudness."""
        crowd = np.zeros(n, np.float32)
        for _ in range(chance.integers(4, 9)):
            spoken = voices[int(chance.integers(len(voices)))]
            voice = spoken[int(chance.integers(len(spoken)))].samples.astype(np.float32)
            crowd += np.resize(np.roll(voice, chance.integers(n)), n)
        return np.asarray(crowd / (np.std(crowd) + 1e-9), np.float32)

    steady = (*[augmentation.noise] * 4, augmentation.tones, augmentation.chords, music.pieces)
    if speaks:
        return augmentation.degraded(sound, (*steady, babble), chance)
    # music is likest to a voice
    playing = (*steady, *[music.pieces] * 5, *[music.solo] * 5, augmentation.chords)
    background = playing[chance.integers(len(playing))]
    quiet = chance.random() < 0.15
    heard = sound if quiet else sound + 0.1 * background(len(sound), chance)
    return augmentation.degraded(heard, steady, chance)
