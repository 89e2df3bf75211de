"""Hearing, second step: spectrogram columns -> the mouth's posture in each, not yet smoothed.

Everything is judged against the 0.4 s on either side, never against a clip's
maximum: a column hears a finite stretch, and quiet and loud recordings, dull
and bright voices open the mouth alike. The numbers come from labelled speech
of espeak-ng (six languages) and flite (three people's voices); look at them with
benchmarks/mouth_plot.py.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.spectrum import FEATURES

FloatArray = NDArray[np.float64]

AROUND = 40  # columns heard on either side: 0.4 s, four to eight speech sounds
DEAD = -90.0  # dB: no recording at all; a room's noise beside it must not look like speech
NEAR = 12  # columns on either side within which a closure has its vowels
_LEVEL, _LOW, _MID, _HIGH, _VOICING, _PITCH, _F1, _FRONT, _HISS = range(len(FEATURES))


@dataclass(frozen=True)
class _Heard:
    """The columns asked for, and what lies around each; (n,) everywhere."""

    level: FloatArray
    low: FloatArray
    mid: FloatArray
    high: FloatArray
    voicing: FloatArray
    front: FloatArray
    hiss: FloatArray
    loudest: FloatArray  # dB, level of the loudest sounds around
    openest: FloatArray  # dB, mid of the most open ones
    speech: FloatArray  # 0..1, is this somebody talking
    height: FloatArray  # 0..1, how far the jaw is down, if this is a vowel
    hissing: FloatArray  # 0..1, s or sh
    voiced: FloatArray  # 0..1, and not hissing


def articulate(columns: FloatArray) -> FloatArray:
    """Mouth parameters of every column that has AROUND neighbours on both sides.

    Args:
        columns: (n + 2 * AROUND, N_FEATURES) from `spectrum.columns`.

    Returns:
        (n, K), in the order of MOUTH_PARAMETERS, each within its range.
    """
    heard = _hear(columns)
    dip, labial = _closure(columns, heard)
    frail = _labiodental(heard) * dip
    lips = dip * labial * (1 - frail)
    tip = dip * (1 - labial) * (1 - frail)

    loud = ramp(heard.mid, heard.openest - 28, heard.openest - 1) * heard.speech
    # u and i are weak by nature, yet as much of a shape as a
    shaped = ramp(heard.mid, heard.openest - 30, heard.openest - 12)
    shaped = shaped * heard.voiced * heard.speech * (1 - dip)
    fronted = ramp(heard.front, -12, 6)
    rounded_from = -5 - 10 * heard.height  # an open a is dark too, and not round
    rounded = ramp(heard.front, rounded_from, rounded_from - 8)
    sh = heard.hissing * ramp(heard.front, 14, 30)
    s = heard.hissing - sh

    # 1 would be a shout: an a in conversation opens about half as far
    jaw = loud * (0.08 + 0.62 * heard.voiced * (0.2 + 0.8 * heard.height))
    width = shaped * (fronted * (1 - 0.6 * heard.height) - 0.6 * rounded)
    mouth = np.stack(
        [
            jaw * (1 - 0.8 * heard.hissing) + 0.06 * heard.hissing * heard.speech,
            width + heard.speech * (0.35 * s - 0.3 * sh),
            shaped * rounded * (1 - 0.6 * heard.height**2) + 0.6 * sh * heard.speech,
            1.4 * lips,  # what smoothing takes from so short a thing
            1.5 * frail,
            0.75 * heard.hissing * heard.speech + 0.3 * shaped * heard.height * fronted,
            0.7 * heard.hissing * heard.speech + 0.35 * shaped * fronted,
            tip,
        ],
        axis=1,
    )
    return np.clip(mouth, _LEAST, 1.0)


_LEAST = np.array([0.0, -1.0, 0, 0, 0, 0, 0, 0])


def ramp(x: FloatArray, zero: FloatArray | float, one: FloatArray | float) -> FloatArray:
    """0 at `zero`, 1 at `one` (which may be the smaller), smooth between."""
    t = np.clip((x - zero) / (one - zero), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))


def _hear(columns: FloatArray) -> _Heard:
    here = columns[AROUND:-AROUND].T  # (N_FEATURES, n)
    around = _neighbours(columns, AROUND)  # (n, N_FEATURES, 2 * AROUND + 1)
    low, mid, high = here[_LOW], here[_MID], here[_HIGH]
    loudest = np.maximum(_rank(around[:, _LEVEL], 0.95), -45.0)
    near_loudest = ramp(np.maximum(here[_LEVEL], high), loudest - 30, loudest - 18)
    s = ramp(high - mid, -4, 6)
    sh = ramp(here[_FRONT], 14, 24) * ramp(mid - low, 12, 22)
    hissing = np.maximum(s, sh) * near_loudest
    return _Heard(
        level=here[_LEVEL],
        low=low,
        mid=mid,
        high=high,
        voicing=here[_VOICING],
        front=here[_FRONT],
        hiss=here[_HISS],
        loudest=loudest,
        openest=np.maximum(_rank(around[:, _MID], 0.95), -50.0),
        speech=_speech(around, here),
        height=_height(around, here, loudest),
        hissing=hissing,
        voiced=ramp(here[_VOICING], 0.35, 0.65) * (1 - hissing),
    )


def _speech(around: FloatArray, here: FloatArray) -> FloatArray:
    """0..1: is this somebody talking? Silence, fans and hum are not; (n,)."""
    live = around[:, _LEVEL] > DEAD
    # swings are told above the bass, where rumble is too narrow a band to be steady
    bright = np.maximum(around[:, _MID], around[:, _HIGH])
    quietest = _rank(bright, 0.10, live)
    swing = _rank(bright, 0.95) - quietest
    swinging = ramp(swing, 8, 14) * ramp(bright[:, AROUND] - quietest, 3, 8)
    # or a vowel is held for longer than we hear: voiced without a break, with formants
    # (mains hum has none) over a fundamental (a whistle has none)
    over = _rank(around[:, _MID] - around[:, _LOW], 0.5, live)
    held = ramp(_rank(around[:, _VOICING], 0.1, live), 0.5, 0.75)
    held = held * ramp(over, -26, -18) * ramp(over, 30, 24)
    return ramp(here[_LEVEL], -62, -50) * np.maximum(swinging, held)


def _height(around: FloatArray, here: FloatArray, loudest: FloatArray) -> FloatArray:
    """0 for close vowels (i, u) .. 1 for open ones (a), (n,).

    By the first formant, and by the power above it; half against a general
    standard and half against the openest vowels around, because voices differ
    in brightness by as much as vowels do.
    """
    smaller = np.cbrt(_own_pitch(around) / 110)  # a smaller head has higher formants (Nearey 1989)

    def openness(features: FloatArray, f1_scale: FloatArray) -> FloatArray:
        f1, over = features[_F1] / f1_scale, features[_MID] - features[_LOW]
        return np.asarray(0.5 * (f1 - 300) / 400 + 0.5 * (over + 18) / 25)

    voices = openness(around.swapaxes(0, 1), smaller[:, None])  # (n, 2 * AROUND + 1)
    sonorous = ramp(around[:, _LEVEL], loudest[:, None] - 15, loudest[:, None] - 8) * ramp(
        around[:, _VOICING], 0.5, 0.7
    )
    openest = np.clip(_rank(np.where(sonorous > 0.5, voices, 0.3), 0.92), 0.3, 1.3)
    return ramp(openness(here, smaller), 0.05, 1.1 * (0.5 + 0.4 * openest))


def _own_pitch(around: FloatArray) -> FloatArray:
    """The voice's pitch, Hz in 80..320, (n,): mean of the clearly voiced columns around, or 110."""
    trust = np.clip(around[:, _VOICING] - 0.7, 0, 1) * ramp(around[:, _LEVEL], -55, -40)
    mean = ((trust * around[:, _PITCH]).sum(axis=1) + 1.1) / (trust.sum(axis=1) + 0.01)
    return np.asarray(np.clip(mean, 80, 320))


def _closure(columns: FloatArray, heard: _Heard) -> tuple[FloatArray, FloatArray]:
    """How far the voice dips as the mouth shuts, and how much by the lips; 0..1, (n,) each."""
    n = len(heard.mid)
    near = _neighbours(columns, NEAR)[AROUND - NEAR :][:n]
    before = near[:, _MID, :NEAR].max(axis=1)
    after = near[:, _MID, NEAR + 1 :].max(axis=1)
    shoulder = np.minimum(before, after)
    between = ramp(shoulder - heard.mid, 8, 16) * ramp(
        shoulder, heard.openest - 24, heard.openest - 14
    )
    # m and n murmur on below 400 Hz, and may have a vowel on one side only
    murmur = (
        ramp(np.maximum(before, after) - heard.mid, 12, 20)
        * ramp(heard.voicing, 0.5, 0.75)
        * ramp(heard.low, heard.loudest - 18, heard.loudest - 9)
    )
    # t and k are let go with a hiss, and ring above 1500 Hz where p, b, m are dark.
    # Weights: logistic regression on the labelled speech (AUC 0.8 for stops, 0.97 for
    # espeak's nasals, 0.55 for people's, whose m and n therefore both get most of a closure).
    burst = near[:, _HIGH, NEAR - 6 : NEAR + 7].max(axis=1) - shoulder
    ring = near[:, _FRONT, NEAR - 1 : NEAR + 2].mean(axis=1)
    ring = ring * ramp(shoulder - heard.mid, 36, 24)  # nothing rings in a silent closure
    labial = ramp(-0.046 * burst - 0.130 * ring - 1.68, -1.8, 0.1)
    return np.maximum(between, murmur) * ramp(shoulder, -62, -50) * (1 - heard.hissing), labial


def _labiodental(heard: _Heard) -> FloatArray:
    """0..1, f or v: a weak, flat hiss around 4500 Hz, neither a sibilant nor a burst; (n,)."""
    return np.asarray(
        ramp(heard.high - heard.mid, -17, -10)
        * ramp(heard.high - heard.loudest, -56, -48)
        * ramp(heard.high - heard.loudest, -23, -29)
        * ramp(heard.hiss, 3500, 3900)
        * ramp(heard.hiss, 5400, 5000)
        * (1 - heard.hissing)
    )


def _neighbours(columns: FloatArray, reach: int) -> FloatArray:
    return np.lib.stride_tricks.sliding_window_view(columns, 2 * reach + 1, axis=0)


def _rank(values: FloatArray, share: float, of: NDArray[np.bool_] | None = None) -> FloatArray:
    """The value below which `share` of each row lies, (n,); of those that `of` marks, if any."""
    if of is None:
        k = int(share * (values.shape[1] - 1))
        return np.asarray(np.partition(values, k, axis=1)[:, k])
    marked = np.sort(np.where(of, values, np.inf), axis=1)
    k = (share * np.maximum(of.sum(axis=1) - 1, 0)).astype(np.int64)
    return np.asarray(np.take_along_axis(marked, k[:, None], axis=1)[:, 0])
