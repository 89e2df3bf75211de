"""Where everything on the avatar is: curves through control points, and the 68 landmarks.

Lengths are pixels of the finished 768 x 768 picture. Control points are written
as (dx, y): dx from the middle of the face, mirrored for the other half.
Proportions are those of a grown-up: eyes at half the head's height, five eye
widths across the head, one of them between the eyes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

SIZE = 768
MIDDLE = 384.0  # x of the face's axis

Points = NDArray[np.float64]  # (n, 2): x, y

# From the level of the eyes to the chin: iBUG points 16 to 8.
JAW = ((183, 338), (180, 382), (172, 424), (158, 466), (138, 506), (112, 544), (80, 578), (42, 604),
       (0, 614))  # fmt: skip
# Above the eyes the outline goes on under the hair.
SKULL = ((0, 92), (70, 102), (122, 135), (157, 185), (176, 240), (184, 292))
BROW = ((41, 299), (70, 287), (102, 280), (130, 286), (154, 305))  # inner end to tail
# Inner corner, upper lid, outer corner, lower lid.
EYE = ((39, 353), (59, 332), (99, 328), (124, 343.5), (101, 357.5), (63, 360))
IRIS = (80.5, 342.0, 19.5)  # dx, y, radius
NOSE_RIDGE = ((0, 346), (0, 379), (0, 411), (0, 444))
NOSE_BASE = ((0, 476), (16, 472), (32, 465))
LIP_TOP = ((0, 514), (12, 510.5), (38, 514.5), (68, 520.5))
LIP_LINE = ((0, 532), (23, 530), (56, 524.5), (68, 520.5))
LIP_BOTTOM = ((0, 558), (20, 556), (45, 543.5), (68, 520.5))


def shifted(points: Points, dx: float, dy: float) -> Points:
    """The same curve, moved."""
    return np.asarray(points + np.array([dx, dy]), np.float64)


def right(points: Sequence[tuple[float, float]]) -> Points:
    """Place (dx, y) on the viewer's right half: (n, 2)."""
    return shifted(np.array(points, np.float64), MIDDLE, 0)


def left(points: Sequence[tuple[float, float]]) -> Points:
    """Place (dx, y), mirrored, on the viewer's left half: (n, 2)."""
    return shifted(np.array(points, np.float64) * (-1.0, 1.0), MIDDLE, 0)


def half(points: Sequence[tuple[float, float]], side: int) -> Points:
    """`left` for side -1, `right` for side 1."""
    return right(points) if side > 0 else left(points)


def across(points: Sequence[tuple[float, float]]) -> Points:
    """A curve given from the axis outwards, on both halves, left end first: (2 n - 1, 2)."""
    return np.concatenate([left(points)[::-1], right(points)[1:]])


def spline(points: Points, *, closed: bool = False, steps: int = 24) -> Points:
    """A smooth curve through every point (Catmull-Rom, centripetal enough at even spacing)."""
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        first, last = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
        padded = np.concatenate([first[None], points, last[None]])
    a, b, c, d = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None, None]
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    flat = curve.transpose(1, 0, 2).reshape(-1, 2)
    return flat if closed else np.concatenate([flat, points[-1:]])


def face_outline() -> Points:
    """The closed outline of skull and jaw."""
    return spline(np.concatenate([across(SKULL), right(JAW), left(JAW)[-2::-1]]), closed=True)


def eye_outline(side: int) -> tuple[Points, Points]:
    """(upper lid's edge, lower lid's edge), each from the inner corner to the outer."""
    eye = half(EYE, side)
    return spline(eye[:4]), spline(eye[[0, 5, 4, 3]])


def lip_curves() -> tuple[Points, Points, Points]:
    """(upper edge, line between the lips, lower edge), each from left to right."""
    return spline(across(LIP_TOP)), spline(across(LIP_LINE)), spline(across(LIP_BOTTOM))


def landmarks() -> NDArray[np.float32]:
    """The iBUG 68 points of the drawn face: (68, 2) float32."""
    top, line, bottom = across(LIP_TOP), across(LIP_LINE), across(LIP_BOTTOM)
    eye_left, eye_right = left(EYE), right(EYE)
    return np.concatenate(
        [
            left(JAW), right(JAW)[-2::-1],               # 0-16
            left(BROW)[::-1], right(BROW),               # 17-26
            left(NOSE_RIDGE), across(NOSE_BASE),         # 27-35
            eye_left[[3, 2, 1, 0, 5, 4]], eye_right,     # 36-47
            top, bottom[-2:0:-1],                        # 48-59
            line[1:-1], line[[4, 3, 2]],                 # 60-67: closed, so the line twice
        ]
    ).astype(np.float32)  # fmt: skip
