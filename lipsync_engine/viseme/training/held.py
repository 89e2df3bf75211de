"""Vowels that are held: sung, drawled, hesitated on. Synthesisers do not, people do.

Either a vowel of an utterance is drawn out, or one is made from pulses and resonances.
"""

import numpy as np

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training.augmentation import Chance, Samples
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.phones import gestures

# Formants of men's vowels, Hz (Peterson & Barney 1952; Catford 1988 for the rounded front ones).
FORMANTS = {
    "i": (270, 2290, 3010), "ɪ": (390, 1990, 2550), "e": (400, 2100, 2600), "ɛ": (530, 1840, 2480),
    "æ": (660, 1720, 2410), "a": (760, 1300, 2480), "ɑ": (730, 1090, 2440), "ɔ": (570, 840, 2410),
    "o": (400, 760, 2400), "u": (300, 870, 2240), "ʌ": (640, 1190, 2390), "y": (250, 1950, 2200),
    "ø": (390, 1650, 2250), "ə": (500, 1500, 2500), "ɨ": (300, 1600, 2400),
}  # fmt: skip

_GRAIN = 640  # samples that are laid over each other: 40 ms


def vowel(pitch: float, formants: tuple[float, ...], seconds: float, chance: Chance) -> Samples:
    """A vowel held by a person, peak 0.5: period, loudness and pitch waver.

    Args:
        pitch: Hz.
        formants: Hz.
        seconds: how long.
        chance: decides how it wavers.
    """
    n = int(seconds * SAMPLE_RATE)
    pulses = np.zeros(n)
    # now and then without any life, as a synthesiser or a tuned voice holds it
    alive = float(chance.random() < 0.75)
    vibrato, rate = alive * chance.uniform(0, 0.03), chance.uniform(4, 6.5)
    at = 0.0
    while at < n:
        pulses[int(at)] = 1 + alive * 0.04 * chance.normal()
        bend = 1 + vibrato * np.sin(2 * np.pi * rate * at / SAMPLE_RATE)
        bend += alive * 0.008 * chance.normal()
        at += SAMPLE_RATE / (pitch * bend)
    size = 1 << (n + 1024).bit_length()
    hertz = np.fft.rfftfreq(size, 1 / SAMPLE_RATE)
    response = 1 / (1 + (hertz / 500) ** 2) ** chance.uniform(0.3, 0.8)  # the folds' own slope
    for centre, width in zip((*formants, 3500.0), (70, 90, 130, 200), strict=False):
        response = response / (1 + ((hertz - centre) / width) ** 2) ** 0.5 + 1e-4 * response
    sound = np.fft.irfft(np.fft.rfft(pulses, size) * response, size)[:n]
    sound += alive * chance.uniform(0, 0.02) * np.abs(sound).max() * chance.normal(0, 1, n)
    fade = np.minimum(1, np.minimum(np.arange(n), n - np.arange(n)) / (0.04 * SAMPLE_RATE))
    return np.asarray(0.5 * sound * fade / np.abs(sound).max(), np.float32)


def sung(chance: Chance) -> tuple[Samples, list[Segment]]:
    """One to three vowels on end, 0.4 to 4 s each, of anyone's head and pitch."""
    pitch = chance.uniform(75, 330)
    head = (pitch / 110) ** chance.uniform(0.15, 0.35) * chance.uniform(0.92, 1.1)
    sounds: list[Samples] = []
    segments: list[Segment] = []
    now = 0.0
    for _ in range(chance.integers(1, 4)):
        name = str(chance.choice(list(FORMANTS)))
        formants = tuple(f * head * chance.uniform(0.95, 1.05) for f in FORMANTS[name])
        seconds = float(chance.choice([chance.uniform(0.4, 1.0), chance.uniform(1.0, 4.0)]))
        sounds.append(vowel(pitch * chance.uniform(0.9, 1.1), formants, seconds, chance))
        segments.append(Segment(name, now, now + seconds))
        now += seconds
    return np.concatenate(sounds), segments


def drawn_out(
    samples: Samples, segments: list[Segment], chance: Chance
) -> tuple[Samples, list[Segment]]:
    """Hold one of the utterance's vowels for 0.2 to 2 s longer; or as it is."""
    long = [
        i
        for i, s in enumerate(segments)
        if s.phone and s.stop - s.start > 0.09 and gestures(s.phone)[-1].vowel
        and len(gestures(s.phone)) == 1
    ]  # fmt: skip
    if not long:
        return samples, segments
    chosen = segments[long[int(chance.integers(len(long)))]]
    first = int((chosen.start + 0.02) * SAMPLE_RATE)
    last = int((chosen.stop - 0.02) * SAMPLE_RATE)
    extra = _grains(samples[first:last], int(chance.uniform(0.2, 2) * SAMPLE_RATE), chance)
    middle = (first + last) // 2
    longer = len(extra) / SAMPLE_RATE
    later = [
        Segment(
            s.phone,
            s.start + longer * (s.start >= chosen.stop),
            s.stop + longer * (s.stop >= chosen.stop),
        )
        for s in segments
    ]
    return np.concatenate([samples[:middle], extra, samples[middle:]]), later


def _grains(vowel_samples: Samples, n: int, chance: Chance) -> Samples:
    """About n samples of the vowel's texture: grains that fit what is there already."""
    grain = min(_GRAIN, len(vowel_samples) // 2)
    half = grain // 2
    window = np.hanning(2 * half + 1)[:-1]
    out = np.zeros(n + grain)
    for at in range(0, n, half):
        start = int(chance.integers(0, max(1, len(vowel_samples) - grain - half)))
        if at:  # the shift at which the grain's first half agrees with what it lies on
            target = out[at : at + half]
            fits = np.correlate(vowel_samples[start : start + 2 * half - 1], target, "valid")
            start += int(np.argmax(fits))
        piece = vowel_samples[start : start + 2 * half]
        out[at : at + len(piece)] += piece * window[: len(piece)]
    return np.asarray(out[half:n], np.float32)
