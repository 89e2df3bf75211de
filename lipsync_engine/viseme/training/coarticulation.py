"""Timed phones -> mouth parameters: the targets that the network learns.

Cohen & Massaro (1993), "Modeling coarticulation in synthetic visual speech": each
gesture dominates its own time and lets go exponentially, and the mouth is the mean of
all targets weighed by their dominance. Contacts are not up for such a vote: lips that
meet for a p always meet, a lip under the teeth for an f always touches, so these two
parameters are drawn as envelopes over the time of the contact.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS, K
from lipsync_engine.viseme.training.phones import CLASSES, SILENCE, Gesture, gestures

FloatArray = NDArray[np.float64]

RATE = 100  # columns a second

# Seconds after (before) a gesture in which its dominance falls to 1/e. Rounding is prepared
# early, through whole consonants (Cohen & Massaro's own example); the jaw is slow.
_BEFORE = {"jaw_open": 0.028, "width": 0.040, "rounding": 0.060, "tongue": 0.022}
_AFTER = {"jaw_open": 0.028, "width": 0.032, "rounding": 0.035, "tongue": 0.022}
_OTHERS = 0.028
_YIELDS = 0.1  # of its length at either end, a gesture begins to give way to its neighbours,
_YIELDS_S = 0.03  # but not for longer than this: long silences are silent to their ends

_PAUSE_S = 0.2

CONTACTS = ("lip_closure", "labiodental")
_RAMP_S = 0.055  # from open lips to closed ones
_LEAST_S = 0.040  # a contact is held at least so long: one video frame sees it
_STOPS = ("p", "b", "t", "d", "k", "g")
_CLOSED_SHARE = 0.7  # of a stop's length; then comes its burst


@dataclass(frozen=True)
class Segment:
    """A phone ("" is silence) and when it sounds, in seconds."""

    phone: str
    start: float
    stop: float


@dataclass(frozen=True)
class _Timed:
    gesture: Gesture
    start: float
    stop: float
    opening: float  # scales the jaw: stressed vowels open wider


def targets(
    segments: Sequence[Segment], n_columns: int, level: FloatArray | None = None
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Draw the mouth.

    Args:
        segments: in order; what lies between them is silence.
        n_columns: column k is at k / RATE seconds.
        level: (n_columns,) dB of the sound: louder vowels of an utterance open wider.

    Returns:
        (n_columns, K) in the ranges of MOUTH_PARAMETERS, and (n_columns,) indices of CLASSES.
    """
    timed = _timed(segments, n_columns / RATE, level)
    time = np.arange(n_columns)[:, None] / RATE
    start = np.array([g.start for g in timed])
    stop = np.array([g.stop for g in timed])
    mouth = np.stack(
        [
            _contact(name, timed, time[:, 0])
            if name in CONTACTS
            else _blended(name, timed, time - (start + stop) / 2, stop - start)
            for name in MOUTH_PARAMETERS
        ],
        axis=1,
    ).reshape(n_columns, K)
    kinds = np.array([CLASSES.index(g.gesture.kind) for g in timed])
    inside = np.clip(np.searchsorted(start, time[:, 0], "right") - 1, 0, None)
    return mouth.astype(np.float32), kinds[inside]


def _timed(segments: Sequence[Segment], length: float, level: FloatArray | None) -> list[_Timed]:
    """Gestures in order without gaps: silences filled in, diphthongs and affricates halved."""
    timed: list[_Timed] = []
    now = 0.0
    for segment in segments:
        if segment.start > now + 0.005:
            timed.append(_Timed(SILENCE, now, segment.start, 1.0))
        parts = gestures(segment.phone) if segment.phone else (SILENCE,)
        edges = np.linspace(segment.start, segment.stop, len(parts) + 1)
        for part, a, b in zip(parts, edges, edges[1:], strict=False):
            timed.append(_Timed(part, float(a), float(b), 1.0))
        now = max(now, segment.stop)
    timed.append(_Timed(SILENCE, now, max(length, now) + 0.3, 1.0))
    return _stressed(timed, level)


def _stressed(timed: list[_Timed], level: FloatArray | None) -> list[_Timed]:
    """Let vowels open by their loudness among the utterance's vowels: 0.75 .. 1.15."""
    if level is None:
        return timed
    loud = [_loudness(g, level) if g.gesture.vowel else -np.inf for g in timed]
    vowels = [value for value in loud if value > -np.inf]
    if not vowels:
        return timed
    usual = float(np.percentile(vowels, 70))
    return [
        _Timed(g.gesture, g.start, g.stop, float(np.clip(1 + 0.03 * (value - usual), 0.75, 1.15)))
        if value > -np.inf
        else g
        for g, value in zip(timed, loud, strict=True)
    ]


def _loudness(g: _Timed, level: FloatArray) -> float:
    inside = level[int(g.start * RATE) : max(int(g.stop * RATE), int(g.start * RATE) + 1)]
    return float(inside.max()) if len(inside) else -np.inf


def _blended(
    name: str, timed: Sequence[_Timed], apart: FloatArray, length: FloatArray
) -> FloatArray:
    """Mean of the targets weighed by dominance, (n_columns,).

    Args:
        name: of a mouth parameter.
        timed: gestures.
        apart: (n_columns, n_gestures) seconds from each gesture's middle, negative before it.
        length: (n_gestures,) seconds.
    """
    reach = np.where(apart < 0, _BEFORE.get(name, _OTHERS), _AFTER.get(name, _OTHERS))
    plateau = length / 2 - np.minimum(_YIELDS * length, _YIELDS_S)
    beyond = np.maximum(np.abs(apart) - plateau, 0.0)
    strength = np.array([_strength(g.gesture, name) for g in timed])
    # the mouth does not shut in a pause too short to shut it in
    pause = np.array([g.gesture is SILENCE for g in timed])
    strength = np.where(pause, strength * np.minimum(1.0, length / _PAUSE_S), strength)
    dominance = strength * np.exp(-beyond / reach)
    target = np.array([g.gesture.target.get(name, 0.0) for g in timed])
    if name == "jaw_open":
        target = target * np.array([g.opening for g in timed])
    return np.asarray((dominance * target).sum(axis=1) / (dominance.sum(axis=1) + 1e-9))


def _strength(gesture: Gesture, name: str) -> float:
    if name == "tongue":  # any gesture may leave the tongue alone, and then it lies
        return 1.0
    careless = not gesture.vowel and gesture is not SILENCE and name not in gesture.target
    if name == "rounding" and careless:
        return 0.25 * gesture.strength  # most consonants do not care, and let the vowels round
    return gesture.strength


def _contact(name: str, timed: Sequence[_Timed], time: FloatArray) -> FloatArray:
    """Highest of the raised-cosine envelopes of every contact, (n_columns,)."""
    drawn = np.zeros(len(time))
    for g in timed:
        height = g.gesture.target.get(name, 0.0)
        if height == 0.0:
            continue
        start, stop = _held(g)
        outside = np.maximum(start - time, time - stop)
        ramp = 0.5 + 0.5 * np.cos(np.pi * np.clip(outside / _RAMP_S, 0, 1))
        drawn = np.maximum(drawn, height * ramp)
    return drawn


def _held(g: _Timed) -> tuple[float, float]:
    """When a contact is whole. A stop's ends with its burst; where only the burst is marked
    (espeak-ng's first b of a sentence lasts 15 ms), it began earlier, unheard."""
    length = g.stop - g.start
    if g.gesture.kind in _STOPS:
        burst = g.start + _CLOSED_SHARE * length
        return min(g.start, burst - _LEAST_S), burst
    short = max(_LEAST_S - length, 0.0) / 2
    return g.start - short, g.stop + short
