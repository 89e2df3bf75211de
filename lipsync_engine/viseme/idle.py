"""What a living face does unasked: blinks and a slight sway.

Both are functions of (seed, absolute frame number, fps) alone: the random
numbers come from a counter-based hash, so frame 700 is the same whether or not
frame 699 was ever rendered.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

BLINK_SLOT_S = 4.0  # one blink in each slot of time, so that two starts lie 2..6 s apart
BLINK_FIRST_S = 1.0  # the earliest blink of slot 0: a video does not open on a blink
BLINK_JITTER_S = 2.0
BLINK_SHORTEST_S, BLINK_LONGEST_S = 0.15, 0.40
CLOSING, SHUT = 0.36, 0.52  # shares of a blink: lids fall until the first, rest until the second

# Hz, three slow waves that never line up; their weights add up to 1.
SWAY_WAVES_HZ = np.array([0.11, 0.173, 0.291])
SWAY_WEIGHTS = np.array([0.5, 0.3, 0.2])
# Largest shift in face widths (x, y) and largest turn in radians. A landmark lies within 0.8
# face widths of the pivot: |(0.0024, 0.0018)| + 0.8 * 0.0018 < 0.005.
SWAY_LIMITS = np.array([0.0024, 0.0018, 0.0018])

_MASK = 2**64 - 1


@dataclass(frozen=True)
class Sway:
    """Small motion of the whole head, one row a frame.

    Attributes:
        shift: (n, 2) face widths, along the face's own axes.
        turn: (n,) radians.
    """

    shift: NDArray[np.float64]
    turn: NDArray[np.float64]

    def scaled(self, factor: float) -> "Sway":
        """As much of it: 0 is none."""
        return Sway(self.shift * factor, self.turn * factor)


def uniform(seed: int, stream: int, index: int) -> float:
    """A random number in [0, 1) for this counter (splitmix64, Steele et al. 2014)."""
    z = (seed * 0x9E3779B97F4A7C15 + stream * 0xD1B54A32D192ED03 + index) & _MASK
    for _ in range(2):
        z = (z + 0x9E3779B97F4A7C15) & _MASK
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        z ^= z >> 31
    return (z >> 11) / 2**53


def blink_times(seed: int, slot: int) -> tuple[float, float]:
    """(start, length) in seconds of the one blink of this slot of time."""
    start = slot * BLINK_SLOT_S + BLINK_FIRST_S + BLINK_JITTER_S * uniform(seed, 1, slot)
    length = BLINK_SHORTEST_S + (BLINK_LONGEST_S - BLINK_SHORTEST_S) * uniform(seed, 2, slot)
    return start, length


def eyelids(seed: int, frames: NDArray[np.int64], fps: Fraction) -> NDArray[np.float64]:
    """How far the lids are shut in each of `frames`: (n,) of 0 (as on the photo) to 1."""
    shut = np.zeros(len(frames))
    for row, frame in enumerate(frames):
        time = _seconds(int(frame), fps)
        start, length = blink_times(seed, int(time // BLINK_SLOT_S))
        phase = (time - start) / length
        if 0 < phase < 1:
            shut[row] = _lid_curve(phase)
    return shut


def sway(seed: int, frames: NDArray[np.int64], fps: Fraction) -> Sway:
    """How the head is moved in each of `frames`."""
    times = np.array([_seconds(int(frame), fps) for frame in frames])
    motion = np.zeros((len(frames), 3))
    for axis in range(3):
        phases = np.array([uniform(seed, 3 + axis, wave) for wave in range(3)])
        angles = 2 * np.pi * (times[:, None] * SWAY_WAVES_HZ * (1 + 0.13 * axis) + phases)
        motion[:, axis] = SWAY_LIMITS[axis] * (np.sin(angles) * SWAY_WEIGHTS).sum(1)
    return Sway(motion[:, :2], motion[:, 2])


def _seconds(frame: int, fps: Fraction) -> float:
    """The middle of the time that a frame is shown, rounded once from an exact fraction."""
    return float(Fraction(2 * frame + 1, 2) / fps)


def _lid_curve(phase: float) -> float:
    if phase < CLOSING:
        t = phase / CLOSING
    elif phase < SHUT:
        return 1.0
    else:
        t = (1 - phase) / (1 - SHUT)
    return t * t * (3 - 2 * t)
