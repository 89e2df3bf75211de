"""Hearing, second step: spectrogram columns -> what the mouth did, column by column, not yet smoothed.

Loudness is judged against the loudest and the quietest of the 0.4 s on either
side, never against a clip's maximum: a column hears a finite stretch, and quiet
and loud recordings open the mouth alike.
"""

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.spectrum import FEATURES

FloatArray = NDArray[np.float64]

AROUND = 40  # columns heard on either side: 0.4 s
_NEAR = 12  # columns on either side where a closure has its vowels: 0.12 s

_LEVEL, _LOW, _MID, _HIGH, _HISS, _VOICING, _PITCH, _F1, _FRONT = range(len(FEATURES))


def articulate(columns: FloatArray) -> FloatArray:
    """Mouth parameters of every column that has AROUND neighbours on both sides.

    Args:
        columns: (n + 2 * AROUND, N_FEATURES) from `spectrum.columns`.

    Returns:
        (n, K), in the order of MOUTH_PARAMETERS, each within its range.
    """
    here = columns[AROUND:-AROUND].T  # (N_FEATURES, n)
    level, low, mid, high, hiss, voicing, pitch, f1, front = here
    around = _neighbours(columns, AROUND)  # (n, N_FEATURES, 2 * AROUND + 1)
    loudest = np.maximum(_rank(around[:, _LEVEL], 0.95), -45.0)
    quietest = _rank(around[:, _LEVEL], 0.10)

    speech = _speech(around, here, loudest, quietest)
    loud = _ramp(level, loudest - 26, loudest - 4) * speech
    hissing = _ramp(high - mid, -4, 6) * _ramp(level, loudest - 34, loudest - 20)
    voiced = _ramp(voicing, 0.35, 0.65) * (1 - hissing)

    larger = np.cbrt(np.clip(_own_pitch(around), 80, 320) / 110)  # a smaller head's formants
    height = 0.5 * _ramp(f1 / larger, 330, 720) + 0.5 * _ramp(mid - low, -8, 10)
    fronted = _ramp(front, -12, 4)
    backed = _ramp(front, -12, -20) * _ramp(f1 / larger, 760, 560)

    dip, labial = _closure(columns, here, loudest)
    shut = dip * labial * speech
    tip = dip * (1 - labial) * speech

    jaw = loud * (0.25 + 0.75 * voiced * (0.15 + 0.85 * height)) * (1 - 0.75 * hissing)
    frail = _ramp(level, loudest - 38, loudest - 30) * _ramp(level, loudest - 12, loudest - 18)
    teeth_on_lip = frail * (1 - voiced) * _ramp(high - mid, -12, -2) * (1 - hissing) * speech
    hush = hissing * _ramp(hiss, 4600, 4000)  # sh, not s
    mouth = np.stack(
        [
            np.clip(jaw * 1.15, 0, 1),
            speech
            * (
                loud * voiced * (fronted * (1 - 0.6 * height) - 0.5 * backed)
                + 0.35 * (hissing - hush)
                - 0.3 * hush
            ),
            speech * np.clip(loud * voiced * backed * (1.1 - 0.5 * height) + 0.6 * hush, 0, 1),
            shut,
            teeth_on_lip,
            speech * np.clip(0.7 * hissing + 0.3 * loud * height * fronted, 0, 1),
            speech * np.clip(0.7 * hissing + 0.35 * loud * fronted * voiced, 0, 1),
            np.clip(tip, 0, 1),
        ],
        axis=1,
    )
    assert mouth.shape[1] == K  # noqa: S101
    return mouth


def _speech(
    around: FloatArray, here: FloatArray, loudest: FloatArray, quietest: FloatArray
) -> FloatArray:
    """0..1: is this somebody talking? Silence, fans and hum are not; (n,)."""
    level, low, mid, high, _, voicing, _, _, _ = here
    audible = _ramp(level, -62, -50)
    swinging = _ramp(loudest - quietest, 8, 14) * _ramp(level - quietest, 3, 8)
    vowel = _ramp(voicing, 0.5, 0.75) * _ramp(mid - low, -26, -18) * _ramp(low - mid, -30, -24)
    return audible * np.maximum(swinging, vowel)


def _own_pitch(around: FloatArray) -> FloatArray:
    """The voice's pitch, Hz, (n,): mean over the voiced columns around, 110 where there are none."""
    trust = np.clip(around[:, _VOICING] - 0.6, 0, 1) * _ramp(around[:, _LEVEL], -55, -40) + 1e-6
    pitch = np.where(trust > 1e-3, around[:, _PITCH], 110.0)
    return (trust * pitch).sum(axis=1) / trust.sum(axis=1)


def _closure(
    columns: FloatArray, here: FloatArray, loudest: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """How far the voice dips between two louder sounds, and how much by the lips; 0..1, (n,)."""
    n = here.shape[1]
    near = _neighbours(columns, _NEAR)[AROUND - _NEAR :][:n]
    before = near[:, _MID, :_NEAR].max(axis=1)
    after = near[:, _MID, _NEAR + 1 :].max(axis=1)
    shoulder = np.minimum(before, after)
    dip = _ramp(shoulder - here[_MID], 9, 18) * _ramp(shoulder, loudest - 24, loudest - 14)
    hiss_near = near[:, _HIGH, 4:-4].max(axis=1) - shoulder  # t, k, s let the teeth be heard
    labial = _ramp(hiss_near, -14, -24)
    return dip, labial


def _neighbours(columns: FloatArray, reach: int) -> FloatArray:
    return np.lib.stride_tricks.sliding_window_view(columns, 2 * reach + 1, axis=0)


def _rank(values: FloatArray, share: float) -> FloatArray:
    """The value below which `share` of each row lies, (n,)."""
    k = int(share * (values.shape[1] - 1))
    return np.partition(values, k, axis=1)[:, k]


def _ramp(x: FloatArray, zero: FloatArray | float, one: FloatArray | float) -> FloatArray:
    """0 at `zero`, 1 at `one` (which may be the smaller), smooth between."""
    t = np.clip((x - zero) / (one - zero), 0, 1)
    return t * t * (3 - 2 * t)
