"""The average grown-up face as 68 points, and how it is laid onto a picture.

Millimetres from the point midway between the pupils, y down. Built from the
means of adult anthropometry (L. G. Farkas, "Anthropometry of the Head and
Face", 1994: interpupillary 62-64, fissure 30, between the inner corners 32,
nose 35, mouth 50-54, sellion-gnathion 112, bizygomatic 138), both sexes
together; used where the picture itself does not say.
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]  # (n, 2): x, y

PUPIL_DISTANCE = 62.0  # mm

_JAW = ((70, 2), (69, 19), (66.5, 36), (61.5, 53), (53.5, 69), (42.5, 84), (29.5, 97), (15, 106))
_BROW = ((12, -17), (24, -21.5), (37, -23.5), (49, -21), (57.5, -14))
_EYE = ((17, 1.5), (26, -4.5), (37, -5), (46, -0.5), (37, 4.5), (26, 5))
_LIP_TOP = ((0, 62), (6, 60.5), (16, 63.5), (26, 68))
_LIP_BOTTOM = ((0, 77.5), (7, 77), (17, 74))
_LIP_LINE = ((0, 68.5), (7, 68), (22, 68))


def _mirror(points: tuple[tuple[float, float], ...]) -> Points:
    return np.array(points, np.float64) * (-1, 1)


def mean_shape() -> Points:
    """The 68 points in millimetres: (68, 2)."""
    right = np.array
    eye = _mirror(_EYE)
    top, bottom, line = right(_LIP_TOP), right(_LIP_BOTTOM), right(_LIP_LINE)
    return np.concatenate(
        [
            _mirror(_JAW), [[0, 109.5]], right(_JAW)[::-1],
            _mirror(_BROW)[::-1], right(_BROW),
            [[0, 1], [0, 13], [0, 25], [0, 36]],
            [[-14.5, 43.5], [-7.5, 45.5], [0, 47], [7.5, 45.5], [14.5, 43.5]],
            eye[[3, 2, 1, 0, 5, 4]], right(_EYE),
            top[:0:-1] * (-1, 1), top, bottom[:0:-1], bottom * (-1, 1),
            line[:0:-1] * (-1, 1), line, line[1:2], line[:1], line[1:2] * (-1, 1),
        ]
    ).astype(np.float64)  # fmt: skip


def similarity(left: Points, right: Points) -> NDArray[np.float64]:
    """The map from millimetres to pixels that puts the pupils on `left`, `right`: (2, 3)."""
    across = (right - left) / PUPIL_DISTANCE
    middle = (left + right) / 2
    return np.array([[across[0], -across[1], middle[0]], [across[1], across[0], middle[1]]])


def apply(affine: NDArray[np.float64], points: Points) -> Points:
    """Map points (n, 2) by a (2, 3) matrix."""
    return np.asarray(points @ affine[:, :2].T + affine[:, 2])


def invert(affine: NDArray[np.float64]) -> NDArray[np.float64]:
    """The inverse of a (2, 3) matrix."""
    linear = np.linalg.inv(affine[:, :2])
    return np.column_stack([linear, -linear @ affine[:, 2]])


def fit_similarity(start: Points, end: Points) -> NDArray[np.float64]:
    """The similarity that takes `start` (n, 2) nearest to `end`, in least squares: (2, 3)."""
    middle, target = start.mean(0), end.mean(0)
    a = (start - middle) @ (1, 1j)
    b = (end - target) @ (1, 1j)
    turn = np.vdot(a, b) / max(float(np.vdot(a, a).real), 1e-12)  # scale and rotation
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    return np.column_stack([linear, target - linear @ middle])


def composed(second: NDArray[np.float64], first: NDArray[np.float64]) -> NDArray[np.float64]:
    """The (2, 3) map that does `first`, then `second`."""
    return np.column_stack([second[:, :2] @ first[:, :2], apply(second, first[:, 2])])
