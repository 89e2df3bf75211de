"""The mouth as it is on the photo: its inner lips, and whether they are closed.

Everything is in face units (see `geometry.FaceFrame`): v grows downwards, and a
unit is about 63 mm on an adult. `s` runs over the mouth from -1 at one inner
corner to 1 at the other.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lipsync_engine.viseme.geometry import Points, smooth_curve
from lipsync_engine.viseme.opening import Opening

STATIONS = np.array([-0.84, -0.6, -0.3, 0.0, 0.3, 0.6, 0.84])  # s, where inner lips are held
MIDDLE = 3  # the station between the incisors
CLOSED_GAP = 0.035  # lips nearer than this on the photo are closed
SEAM_SHARE = 0.4  # an open mouth closes this far down its own gap: lower lips go more of the way
INSET = 0.02  # an open mouth is cut this far into the lips, so that no tooth sticks to a lip
CORNER = 0.03  # an open mouth's outer corner lies at least this far beyond the inner one
HUMP = 0.012  # of an open upper lip over a straight line to its corner, at the last station
THINNEST_LIP = 0.02  # landmarks that put the lip's two edges nearer than this are pushed apart


@dataclass(frozen=True)
class RestMouth:
    """The mouth on the photo, in face units.

    Attributes:
        landmarks: (68, 2).
        upper, lower: (7, 2) the inner lips at `STATIONS`; the same where lips are closed.
        closed: the photo's lips are closed.
    """

    landmarks: Points
    upper: Points
    lower: Points
    closed: bool

    @property
    def gap(self) -> float:
        """Between the inner lips, at the middle."""
        return float(self.lower[MIDDLE, 1] - self.upper[MIDDLE, 1])

    @property
    def half(self) -> float:
        """Half the width between the inner corners."""
        return float(self.landmarks[64, 0] - self.landmarks[60, 0]) / 2

    @property
    def centre(self) -> float:
        """The u between the inner corners."""
        return float(self.landmarks[64, 0] + self.landmarks[60, 0]) / 2

    @property
    def seam(self) -> Points:
        """(7, 2) where the lips meet when they close."""
        return self.upper + SEAM_SHARE * (self.lower - self.upper)

    def s(self, u: Points) -> Points:
        """Position over the mouth, -1..1 between the corners."""
        return (u - self.centre) / self.half

    def contour(self, stations: Points, u: Points) -> Points:
        """The v of an inner lip, given at `STATIONS`, at any u; level beyond the corners."""
        ends = self.landmarks[[60, 64]]
        return smooth_curve(np.concatenate([ends[:1], stations, ends[1:]]), u)


def rest_mouth(landmarks: Points, seam: Points | None, opening: Opening | None = None) -> RestMouth:
    """The mouth of (68, 2) landmarks in face units.

    Args:
        landmarks: in face units.
        seam: (k, 2) the dark line between closed lips where the picture shows it, else None;
            it is used only where the landmarks say that the lips are closed.
        opening: what the picture shows between open lips, if it does; it overrules landmarks.
    """
    landmarks = _plausible(landmarks if opening is None else _opened(landmarks, opening))
    u = np.interp(STATIONS, [-1, 1], landmarks[[60, 64], 0])
    above, below = landmarks[60:65], landmarks[[60, 67, 66, 65, 64]]
    if opening is not None:
        above, below = opening.upper, opening.lower
    upper = np.stack([u, smooth_curve(above, u)], 1)
    lower = np.stack([u, smooth_curve(below, u)], 1)
    lower[:, 1] = np.maximum(lower[:, 1], upper[:, 1])
    closed = bool((lower[:, 1] - upper[:, 1]).max() < CLOSED_GAP)
    if closed:
        middle = (upper[:, 1] + lower[:, 1]) / 2 if seam is None else smooth_curve(seam, u)
        upper = lower = np.stack([u, middle], 1)
    else:
        inset = np.array([0, INSET])
        upper, lower = _unfolding(upper - inset, landmarks[[60, 64]]), lower + inset
    return RestMouth(_apart(landmarks, upper, lower), upper, lower, closed)


def _unfolding(upper: Points, corners: Points) -> Points:
    """An open mouth's upper lip without humps beside its corners: they fold when lips purse."""
    fixed = upper.copy()
    for end, before, corner in ((0, 1, 0), (-1, -2, 1)):
        share = (fixed[end, 0] - fixed[before, 0]) / (corners[corner, 0] - fixed[before, 0])
        line = fixed[before, 1] + share * (corners[corner, 1] - fixed[before, 1])
        fixed[end, 1] = max(fixed[end, 1], line - HUMP)
    return fixed


def _opened(landmarks: Points, opening: Opening) -> Points:
    """Inner landmarks on the opening's edges; the outer corners a little outside of it."""
    fixed = landmarks.copy()
    middle = (opening.upper + opening.lower) / 2
    fixed[[60, 64]] = middle[[0, -1]]
    u = np.interp([0.26, 0.5, 0.74], [0, 1], middle[[0, -1], 0])
    for inner, edge in (((61, 62, 63), opening.upper), ((67, 66, 65), opening.lower)):
        fixed[list(inner)] = np.stack([u, smooth_curve(edge, u)], 1)
    fixed[48, 0] = min(fixed[48, 0], fixed[60, 0] - CORNER)
    fixed[54, 0] = max(fixed[54, 0], fixed[64, 0] + CORNER)
    return fixed


def _plausible(landmarks: Points) -> Points:
    """Inner lips in rising order of u, whatever the locator said."""
    fixed = landmarks.copy()
    least = 0.02
    for run in (range(60, 65), (60, 67, 66, 65, 64)):
        order = list(run)
        for before, after in pairwise(order):
            fixed[after, 0] = max(fixed[after, 0], fixed[before, 0] + least)
    return fixed


def _apart(landmarks: Points, upper: Points, lower: Points) -> Points:
    """Outer lips at least `THINNEST_LIP` away from the inner ones, so that skin cannot fold."""
    fixed = landmarks.copy()
    for index in range(49, 54):
        edge = np.interp(fixed[index, 0], upper[:, 0], upper[:, 1])
        fixed[index, 1] = min(fixed[index, 1], edge - THINNEST_LIP)
    for index in range(55, 60):
        edge = np.interp(fixed[index, 0], lower[:, 0], lower[:, 1])
        fixed[index, 1] = max(fixed[index, 1], edge + THINNEST_LIP)
    return fixed
