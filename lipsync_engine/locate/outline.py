"""The outer lips: the lip-shaped region that differs most from the skin around it."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.lower_face import LEFT, PX_PER_MM, TOP, Map
from lipsync_engine.locate.shape import Points

# How far lips reach from the line between the corners, of their height in the middle.
_ACROSS = np.array([-1.0, -0.62, -0.24, 0.0, 0.24, 0.62, 1.0])
_UPPER = np.array([0.0, 0.66, 1.06, 0.90, 1.06, 0.66, 0.0])
_LOWER = np.array([0.0, 0.62, 0.96, 1.00, 0.96, 0.62, 0.0])


NARROWEST, THINNEST = 20.0, 1.0  # mm: of a mouth, of what lies above or below its corners


@dataclass(frozen=True, slots=True)
class Outline:
    """Outer lips, millimetres in the upright face: both corners, upper and lower edge."""

    left_x: float = -25.5
    right_x: float = 25.5
    left_y: float = 67.0
    right_y: float = 67.0
    top: float = 61.0
    bottom: float = 77.0

    def corners(self) -> Points:
        """Points 48 and 54: (2, 2)."""
        return np.array([[self.left_x, self.left_y], [self.right_x, self.right_y]])

    def points(self) -> Points:
        """Points 48 to 59: (12, 2)."""
        left, right = self.corners()
        line = left + (_ACROSS[:, None] + 1) / 2 * (right - left)
        middle = (self.left_y + self.right_y) / 2
        top = line - (middle - self.top) * _UPPER[:, None] * (0, 1)
        bottom = line + (self.bottom - middle) * _LOWER[:, None] * (0, 1)
        return np.concatenate([top, bottom[-2:0:-1]])

    def moved(self, down: float) -> "Outline":
        """The same lips, lower in the face."""
        return Outline(self.left_x, self.right_x, self.left_y + down, self.right_y + down,
                       self.top + down, self.bottom + down)  # fmt: skip

    @property
    def like_lips(self) -> bool:
        """Whether it is no line and no point, and its edges lie on their sides of the corners."""
        middle = (self.left_y + self.right_y) / 2
        return (
            self.right_x - self.left_x >= NARROWEST
            and middle - self.top >= THINNEST
            and self.bottom - middle >= THINNEST
        )

    def oddity(self) -> float:
        """How unusual: squared distances from the average in units of people's spread."""
        usual, (left, right) = Outline(), self.corners()
        middle = (left + right) / 2
        return float(
            (middle[0] / 3.5) ** 2
            + ((middle[1] - usual.left_y) / 6.0) ** 2
            + ((right[0] - left[0] - 51.0) / 9.0) ** 2
            + ((right[1] - left[1]) / 4.0) ** 2
            + ((middle[1] - self.top - 6.0) / 4.0) ** 2
            + ((self.bottom - middle[1] - 10.0) / 4.5) ** 2
        )


LINE_SHARE = 0.75  # of its usual strength that the line between the lips has at its ends
LONGEST = 8.0  # mm: that a corner is moved out
STEPS = (4.0, 2.0, 1.0, 0.5)  # mm: of the search


def dark_valleys(lightness: Map) -> Map:
    """Where a dark horizontal line runs, 0..1: the line between lips ends in the corners."""
    rows = cv2.GaussianBlur(lightness, (0, 0), 1.0 * PX_PER_MM)
    curve = cv2.Sobel(rows, cv2.CV_32F, 0, 2, ksize=5)
    curve = np.clip(curve, 0, None)
    return np.asarray(curve / max(float(np.percentile(curve, 99.5)), 1e-6), np.float32).clip(0, 1)


def fit_outline(unlike: Map, valleys: Map) -> tuple[Outline, float]:
    """The most likely outline, by coordinate descent from several heights."""
    best, highest = Outline(), -np.inf
    for start in (-10.0, -4.0, 3.0, 10.0):
        outline, score = _climb(Outline().moved(start), unlike, valleys)
        if score > highest:
            best, highest = outline, score
    best = longer(best, valleys)
    inside = _fill(best.points(), unlike.shape)
    around = cv2.dilate(inside, np.ones((9, 9), np.uint8)) - inside
    contrast = float(unlike[inside > 0].mean() - unlike[around > 0].mean())
    return best, contrast


def longer(outline: Outline, valleys: Map) -> Outline:
    """The outline with corners at the ends of the dark line between thin lips.

    Thin lips have little colour near their corners, but the line goes on as dark as before.
    """
    (left, right), line = outline.corners(), []
    for share in np.linspace(0.2, 0.8, 13):
        x, y = left + share * (right - left)
        line.append(_strongest(valleys, x, y, 4.0)[1])
    enough = LINE_SHARE * float(np.median(line))
    (left_x, left_y), (right_x, right_y) = (
        _line_end(valleys, corner, side, enough) for corner, side in ((left, -1), (right, 1))
    )
    return replace(outline, left_x=left_x, left_y=left_y, right_x=right_x, right_y=right_y)


def _line_end(valleys: Map, corner: Points, side: int, enough: float) -> tuple[float, float]:
    """Where the dark line from `corner` outwards ends, millimetres."""
    x, y = float(corner[0]), float(corner[1])
    step = 1 / PX_PER_MM
    while abs(x - corner[0]) < LONGEST:
        tried, strength = _strongest(valleys, x + side * step, y, 0.5)
        if strength < enough or abs(tried - corner[1]) > 4.0:
            break
        x, y = x + side * step, tried
    return x, y


def _strongest(valleys: Map, x: float, y: float, reach: float) -> tuple[float, float]:
    """(height, strength) of the darkest line at x, no further than `reach` mm from y."""
    column = int(np.clip(round((x - LEFT) * PX_PER_MM), 0, valleys.shape[1] - 1))
    rows = np.arange(round((y - reach - TOP) * PX_PER_MM), round((y + reach - TOP) * PX_PER_MM) + 1)
    rows = rows.clip(0, valleys.shape[0] - 1)
    best = int(rows[np.argmax(valleys[rows, column])])
    return best / PX_PER_MM + TOP, float(valleys[best, column])


def darkness(valleys: Map, x: Points, y: Points) -> Map:
    """The darkest line within half a millimetre of each (x, y), millimetres: (k,)."""
    columns = np.round((x - LEFT) * PX_PER_MM).astype(int).clip(0, valleys.shape[1] - 1)
    rows = np.round((y - TOP) * PX_PER_MM).astype(int)
    near = [valleys[(rows + d).clip(0, len(valleys) - 1), columns] for d in (-1, 0, 1)]
    return np.asarray(np.max(near, 0), np.float32)


def _climb(outline: Outline, unlike: Map, valleys: Map) -> tuple[Outline, float]:
    """Change one number at a time while that helps."""
    score = _score(outline, unlike, valleys)
    for step in STEPS:
        improved = True
        while improved:
            improved = False
            for name in Outline.__dataclass_fields__:
                for sign in (-1, 1):
                    tried = replace(outline, **{name: getattr(outline, name) + sign * step})
                    value = _score(tried, unlike, valleys)
                    if value > score + 1e-9:
                        outline, score, improved = tried, value, True
    return outline, score


def _score(outline: Outline, unlike: Map, valleys: Map) -> float:
    """Evidence inside the outline, dark corners, and how usual the outline is."""
    if not outline.like_lips:
        return -np.inf
    inside = _fill(outline.points(), unlike.shape)
    evidence = float((unlike * inside).sum() - 0.5 * inside.sum()) / (PX_PER_MM**2 * 300)
    at = np.round((outline.corners() - (LEFT, TOP)) * PX_PER_MM).astype(int)
    at = at.clip(0, np.array(unlike.shape[::-1]) - 1)
    corners = float(valleys[at[:, 1], at[:, 0]].mean())
    return evidence + 0.2 * corners - 0.012 * outline.oddity()


def _fill(points: Points, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """1 inside the outline on the upright copy."""
    mask = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round((points - (LEFT, TOP)) * PX_PER_MM * 8).astype(np.int32)], 1, 8, 3)
    return mask
