"""What happens to a voice before anyone hears it: rooms, noise, music, telephones, codecs.

Every function takes samples (n,) float32 and a seeded Generator, and gives as many back.
"""

import io
from collections.abc import Callable, Sequence

import av
import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, oaconvolve, sosfilt

from lipsync_engine.timeline import SAMPLE_RATE

Samples = NDArray[np.float32]
Chance = np.random.Generator


def room(samples: Samples, chance: Chance) -> Samples:
    """A small or large room: noise that dies away within RT60, behind the direct sound."""
    rt60 = chance.uniform(0.12, 0.9)
    n = int(rt60 * SAMPLE_RATE)
    decay = 10 ** (-3 * np.arange(n) / n)
    tail = chance.normal(0, 1, n) * decay
    tail[: int(chance.uniform(0.001, 0.012) * SAMPLE_RATE)] = 0  # first reflection
    tail *= 10 ** (-chance.uniform(0, 15) / 20) / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    return np.asarray(oaconvolve(samples, tail)[: len(samples)], np.float32)


def noise(n: int, chance: Chance) -> Samples:
    """A steady background of unit power: white, pink, brown, a fan, mains hum, or a mixture."""
    power = chance.choice([0.0, 0.0, 1.0, 2.0, chance.uniform(0, 2.5)])
    spectrum = np.fft.rfft(chance.normal(0, 1, n))
    hertz = np.maximum(np.fft.rfftfreq(n, 1 / SAMPLE_RATE), 20.0)
    sound = np.fft.irfft(spectrum * hertz ** (-power / 2), n)
    sound /= np.std(sound) + 1e-9
    time_s = np.arange(n) / SAMPLE_RATE
    if chance.random() < 0.3:  # mains, or a motor
        base = chance.choice([50.0, 60.0, chance.uniform(80, 400)])
        for k in range(1, chance.integers(2, 12)):
            phase = chance.uniform(0, 2 * np.pi)
            sound += chance.uniform(0, 1.5) / k * np.sin(2 * np.pi * base * k * time_s + phase)
    if chance.random() < 0.3:  # wind, surf, passing cars
        slow = np.interp(time_s, np.arange(0, time_s[-1] + 2, 1.0), _walk(time_s[-1] + 2, chance))
        sound *= 10 ** (slow / 20)
    return np.asarray(sound / (np.std(sound) + 1e-9), np.float32)


def _walk(seconds: float, chance: Chance) -> NDArray[np.float64]:
    return np.asarray(chance.uniform(-8, 8, len(np.arange(0, seconds, 1.0))))


def chords(n: int, chance: Chance) -> Samples:
    """Synthetic music of unit power: chords of plucked or held harmonic tones, maybe drums."""
    sound = np.zeros(n)
    beat = int(chance.uniform(0.2, 0.7) * SAMPLE_RATE)
    root, harmonics = chance.uniform(60, 220), int(chance.integers(2, 10))
    decay, drums = chance.choice([0.0, 3.0, 8.0]), chance.random() < 0.5
    for start in range(0, n, beat):
        m = min(beat * 2, n - start)
        time_s = np.arange(m) / SAMPLE_RATE
        notes = root * 2 ** (chance.choice([0, 2, 4, 5, 7, 9, 11, 12, 16, 19], 3) / 12)
        tone = sum(
            np.sin(2 * np.pi * note * k * time_s) / k for note in notes for k in range(1, harmonics)
        )
        fade = np.minimum(1, np.minimum(time_s, time_s[-1] - time_s) * 50)
        sound[start : start + m] += tone * np.exp(-decay * time_s) * fade
        if drums and chance.random() < 0.8:
            hit = chance.normal(0, 6, m) * np.exp(-time_s * chance.uniform(20, 90))
            sound[start : start + m] += hit
    return np.asarray(sound / (np.std(sound) + 1e-9), np.float32)


def tones(n: int, chance: Chance) -> Samples:
    """Whistles, beeps, dial tones and mains of unit power: nothing else with them, or nearly."""
    time_s = np.arange(n) / SAMPLE_RATE
    sound = np.zeros(n)
    for _ in range(chance.integers(1, 3)):
        base = 10 ** chance.uniform(1.65, 3.6)  # 45 to 4000 Hz
        for k in range(1, int(chance.choice([2, 2, 3, 6]))):
            sound += np.sin(2 * np.pi * base * k * time_s) / k ** chance.uniform(1, 2.5)
    if chance.random() < 0.4:
        period, share = chance.uniform(0.2, 2.0), chance.uniform(0.2, 0.8)
        sound *= (time_s % period) < share * period
    sound += chance.choice([0.0, 0.003, 0.03]) * chance.normal(0, 1, n)
    return np.asarray(sound / (np.std(sound) + 1e-9), np.float32)


def breath(chance: Chance) -> Samples:
    """A breath or a rustle: a swell of hiss of unit peak, 0.15 to 0.6 s."""
    n = int(chance.uniform(0.15, 0.6) * SAMPLE_RATE)
    low, high = sorted(chance.uniform((200, 800), (7000, 7600)))
    hiss = sosfilt(
        butter(2, [low, min(high, 7800)], "bandpass", fs=SAMPLE_RATE, output="sos"),
        chance.normal(0, 1, n),
    )
    swell = np.sin(np.pi * np.arange(n) / n) ** chance.uniform(0.5, 2)
    return np.asarray(hiss * swell / (np.abs(hiss).max() + 1e-9), np.float32)


def mixed(samples: Samples, background: Samples, snr_db: float) -> Samples:
    """Add a background of unit power, `snr_db` under the level of the voice where it sounds."""
    loud = np.sqrt(np.mean(np.sort(samples**2)[len(samples) // 2 :]) + 1e-12)
    return np.asarray(samples + background * loud * 10 ** (-snr_db / 20), np.float32)


def telephone(samples: Samples, chance: Chance) -> Samples:
    """300 to 3400 Hz, and G.711's 8 bits half of the time."""
    low, high = chance.uniform(200, 400), chance.uniform(3000, 3800)
    band = butter(4, [low, high], "bandpass", fs=SAMPLE_RATE, output="sos")
    heard = sosfilt(band, samples)
    if chance.random() < 0.5:
        peak = np.abs(heard).max() + 1e-9
        law = np.sign(heard) * np.log1p(255 * np.abs(heard) / peak) / np.log(256)
        law = np.round(law * 127) / 127
        heard = np.sign(law) * (256 ** np.abs(law) - 1) / 255 * peak
    return np.asarray(heard, np.float32)


_CODECS: Sequence[tuple[str, str, int, tuple[int, ...]]] = (
    ("mp3", "libmp3lame", 16_000, (16_000, 24_000, 32_000, 64_000)),
    ("mp4", "aac", 16_000, (16_000, 24_000, 48_000, 64_000)),
    ("ogg", "libopus", 16_000, (8_000, 12_000, 16_000, 32_000)),
)


def coded(samples: Samples, chance: Chance) -> Samples:
    """There and back through MP3, AAC or Opus."""
    container, codec, rate, bit_rates = _CODECS[int(chance.integers(len(_CODECS)))]
    whole = np.clip(samples * 32767, -32768, 32767).astype(np.int16)
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        assert isinstance(stream, av.AudioStream)  # noqa: S101
        stream.bit_rate = int(chance.choice(bit_rates))
        frame = av.AudioFrame.from_ndarray(whole[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        out.mux([*stream.encode(frame), *stream.encode(None)])
    file.seek(0)
    resampler = av.AudioResampler("s16", "mono", rate)
    with av.open(file, "r") as source:
        parts = [
            part.to_ndarray()[0]
            for decoded in source.decode(audio=0)
            for part in resampler.resample(decoded)
        ]
        parts += [part.to_ndarray()[0] for part in resampler.resample(None)]
    # the containers say how much of the decoded sound is the codec's own delay: it is gone
    heard = np.concatenate(parts)[: len(samples)].astype(np.float32) / np.float32(32768)
    return np.pad(heard, (0, len(samples) - len(heard)))


def degraded(
    samples: Samples, backgrounds: Sequence[Callable[[int, Chance], Samples]], chance: Chance
) -> Samples:
    """One way a recording may come, from clean to bad; loudness anywhere from -45 to 0 dB.

    Args:
        samples: speech, or nothing, with pauses.
        backgrounds: make unit-power sound of a length.
        chance: decides.
    """
    heard = samples
    if chance.random() < 0.4:
        heard = room(heard, chance)
    if chance.random() < 0.65:
        background = backgrounds[int(chance.integers(len(backgrounds)))]
        heard = mixed(heard, background(len(heard), chance), float(chance.triangular(-3, 20, 45)))
    if chance.random() < 0.1:
        heard = telephone(heard, chance)
    peak = float(np.abs(heard).max()) or 1.0
    if chance.random() < 0.08:
        heard = np.clip(heard / peak * 10 ** (chance.uniform(0, 15) / 20), -1, 1)
        peak = 1.0
    heard = np.asarray(heard * (0.9 / peak), np.float32)
    if chance.random() < 0.2:
        heard = coded(heard, chance)
    heard = heard * np.float32(10 ** (-chance.triangular(0, 10, 42) / 20))
    dither = chance.choice([0.0, 1 / 32768, 3 / 32768])
    return np.asarray(heard + chance.normal(0, 1, len(heard)) * dither, np.float32)
