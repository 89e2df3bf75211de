"""Where the lips are: the lip-shaped region that differs most from the skin around it.

Works on an upright copy of the lower face at PX_PER_MM, with the pupils on the
average face's pupils. Lips are redder than skin, teeth are less yellow, an open
mouth is darker: each is far from the colour of cheek and chin.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import Points, invert
from lipsync_engine.locate.upright import upright

PX_PER_MM = 2.0
LEFT, TOP = -45.0, 22.0  # mm: corner of the upright copy
WIDTH, HEIGHT = 90.0, 88.0  # mm

Map = NDArray[np.float32]  # (HEIGHT, WIDTH) in steps of 1 / PX_PER_MM

# How far lips reach from the line between the corners, of their height in the middle.
_ACROSS = np.array([-1.0, -0.62, -0.24, 0.0, 0.24, 0.62, 1.0])
_UPPER = np.array([0.0, 0.66, 1.06, 0.90, 1.06, 0.66, 0.0])
_LOWER = np.array([0.0, 0.62, 0.96, 1.00, 0.96, 0.62, 0.0])


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


STEPS = (4.0, 2.0, 1.0, 0.5)  # mm: of the search


@dataclass(frozen=True, slots=True)
class Mouth:
    """What was found.

    Attributes:
        outer: points 48 to 59, millimetres in the upright face, (12, 2).
        inner: points 60 to 67, (8, 2).
        contrast: how far the lips stand out, 0 (not at all) to about 1.
    """

    outer: Points
    inner: Points
    contrast: float


def find_mouth(image: NDArray[np.uint8], to_pixels: NDArray[np.float64]) -> Mouth:
    """Fit the lips.

    Args:
        image: (H, W, 3) uint8 BGR.
        to_pixels: from millimetres of the upright face to the picture, (2, 3).
    """
    lab = upright_lab(image, to_pixels)
    unlike = unlike_skin(lab)
    outline, contrast = fit_outline(unlike, dark_valleys(lab[..., 0]))
    outer = outline.points()
    return Mouth(outer, inner_lips(lab, outline), contrast)


def upright_lab(image: NDArray[np.uint8], to_pixels: NDArray[np.float64]) -> Map:
    """The lower face, upright, in CIE Lab: (HEIGHT, WIDTH, 3)."""
    onto = invert(to_pixels) * PX_PER_MM
    onto[:, 2] -= (LEFT * PX_PER_MM, TOP * PX_PER_MM)
    size = (int(WIDTH * PX_PER_MM), int(HEIGHT * PX_PER_MM))
    patch = upright(image, onto, size)
    patch = cv2.GaussianBlur(patch.astype(np.float32) / 255, (0, 0), 0.5 * PX_PER_MM)
    return np.asarray(cv2.cvtColor(patch, cv2.COLOR_BGR2Lab), np.float32)


def region(lab: Map, x0: float, x1: float, y0: float, y1: float) -> Map:
    """A rectangle of the upright copy, given in millimetres."""
    rows = slice(int((y0 - TOP) * PX_PER_MM), int((y1 - TOP) * PX_PER_MM))
    return lab[rows, int((x0 - LEFT) * PX_PER_MM) : int((x1 - LEFT) * PX_PER_MM)]


def unlike_skin(lab: Map) -> Map:
    """How unlike cheek and chin each place is: about 0 on skin, 1 on lips."""
    samples = [(-38, -22, 26, 50), (22, 38, 26, 50), (-12, 12, 84, 94)]
    skin = np.concatenate([region(lab, *box).reshape(-1, 3) for box in samples])
    usual = np.median(skin, 0)
    spread = 1.48 * np.median(np.abs(skin - usual), 0)
    away = (lab - usual) / np.maximum(spread, (6.0, 2.5, 3.5))
    if np.abs(lab[..., 1:]).max() < 3:
        return unlike_gray_skin(lab[..., 0])
    darker = np.clip(-away[..., 0] - 1.2, 0, 5) * 0.8
    redder = np.clip(away[..., 1], -1, 6)
    paler = np.clip(-away[..., 2] - 1.0, 0, 5) * 0.7
    unlike = np.sqrt(np.clip(redder, 0, None) ** 2 + darker**2 + paler**2) + np.minimum(redder, 0)
    low = np.median(region(unlike, -40, 40, 50, 95))
    high = np.percentile(region(unlike, -18, 18, 58, 80), 85)
    unlike = np.clip((unlike - low) / max(high - low, 1.0), -0.4, 1.3).astype(np.float32)
    region(unlike, -20, 20, TOP, 51)[:] = 0  # nostrils are dark and red as well
    # Teeth may look like skin: what lies between two lips at most 8 mm apart is mouth too.
    between = np.ones((int(8 * PX_PER_MM), 1), np.uint8)
    return np.asarray(cv2.morphologyEx(unlike, cv2.MORPH_CLOSE, between), np.float32)


def unlike_gray_skin(lightness: Map) -> Map:
    """The same for a picture without colours: darker or lighter than the face around."""
    around = cv2.GaussianBlur(lightness, (0, 0), 9 * PX_PER_MM)
    unlike = np.abs(lightness - around)
    region(unlike, -20, 20, TOP, 51)[:] = 0
    high = max(float(np.percentile(region(unlike, -18, 18, 58, 80), 85)), 4.0)
    between = np.ones((int(5 * PX_PER_MM), 1), np.uint8)
    return np.asarray(
        cv2.morphologyEx(np.clip(unlike / high, 0, 1.3), cv2.MORPH_CLOSE, between), np.float32
    )


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
    inside = _fill(best.points(), unlike.shape)
    around = cv2.dilate(inside, np.ones((9, 9), np.uint8)) - inside
    contrast = float(unlike[inside > 0].mean() - unlike[around > 0].mean())
    return best, contrast


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


def inner_lips(lab: Map, outline: Outline) -> Points:
    """Points 60 to 67: one line where the mouth is closed, two edges where it is open."""
    (left, right), top, bottom = outline.corners(), outline.top + 0.6, outline.bottom
    middle, reach = (left + right) / 2, 0.11 * (right[0] - left[0])
    profile = region(lab, middle[0] - reach, middle[0] + reach, top, bottom).mean(1)
    gap = _gap(profile, np.median(region(lab, -12, 12, 84, 94).reshape(-1, 3), 0))
    across = np.array([-0.86, -0.26, 0.0, 0.26, 0.86])
    line = left + (across[:, None] + 1) / 2 * (right - left)
    if gap is None:
        over = under = (bottom - top) * _darkest(profile[:, 0])
    else:
        over, under = (row / PX_PER_MM for row in gap)
    bend = (1 - across**2)[:, None] * (0, 1)
    above, below = line + (top + over - middle[1]) * bend, line + (top + under - middle[1]) * bend
    return np.concatenate([above, below[3:0:-1]])


def _darkest(lightness: Map) -> float:
    """The row of the lip line, 0..1 between upper and lower edge; usually at 0.42."""
    place = np.linspace(0, 1, len(lightness))
    slope = np.gradient(np.gradient(cv2.GaussianBlur(lightness[:, None], (0, 0), 2.0)[:, 0]))
    likely = np.exp(-0.5 * ((place - 0.42) / 0.13) ** 2)
    return float(place[np.argmax((np.clip(slope, 0, None) + 1e-3) * likely)])


def _gap(profile: Map, skin: Map) -> tuple[int, int] | None:
    """First and last row of teeth or cavity between the lips; None for a closed mouth."""
    n = len(profile)
    edges = np.concatenate([profile[: max(2, n // 5)], profile[-max(2, n // 4) :]])
    lip = np.percentile(edges, 75, axis=0)[1], np.median(edges[:, 0])
    lightness = profile[:, 0]
    teeth = (profile[:, 1] < skin[1] + 0.35 * (lip[0] - skin[1])) & (lightness > lip[1])
    cavity = lightness < 0.42 * lip[1]
    line = n // 6 + int(np.argmin(lightness[n // 6 : -n // 4]))
    if lightness[line] < 0.85 * min(lightness[:line].max(), lightness[line:].max()):
        teeth[line:] = False  # under a dark line lies the lower lip: what is pale there shines
    open_ = teeth | cavity
    open_[: max(1, n // 12)] = open_[-max(2, n // 8) :] = False
    rows = np.flatnonzero(open_)
    if len(rows) < 2.2 * PX_PER_MM:
        return None
    return int(rows[0]), int(rows[-1])
