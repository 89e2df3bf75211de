"""Where the lips are, outside and inside.

Lips are redder than skin, teeth are less yellow, an open mouth is darker: each
is far from the colour of cheek and chin.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate import gape
from lipsync_engine.locate.inner_lips import inner_lips
from lipsync_engine.locate.lower_face import PX_PER_MM, TOP, Map, region, upright_lab
from lipsync_engine.locate.outline import dark_valleys, fit_outline
from lipsync_engine.locate.shape import Points


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


USUAL_CHIN = (-12.0, 12.0, 84.0, 94.0)  # mm: x from, to, y from, to
LOWEST = 84.0, 96.0  # mm under the pupils that teeth are looked for; with the jaw far down


def find_mouth(image: NDArray[np.uint8], to_pixels: NDArray[np.float64]) -> Mouth:
    """Fit the lips.

    Args:
        image: (H, W, 3) uint8 BGR.
        to_pixels: from millimetres of the upright face to the picture, (2, 3).
    """
    lab = upright_lab(image, to_pixels)
    valleys = dark_valleys(lab[..., 0])
    dark = gape.cavity(lab)
    outline, contrast = fit_outline(unlike_skin(lab, valleys, dark), valleys)
    gap = None
    if dark.any():
        gap = gape.opened(lab, dark, (outline.left_x + outline.right_x) / 2)
        outline = gape.with_lips(outline, *gap)
    return Mouth(outline.points(), inner_lips(lab, valleys, outline, gap), contrast)


def unlike_skin(lab: Map, valleys: Map, dark: NDArray[np.bool_]) -> Map:
    """How unlike cheek and chin each place is: about 0 on skin, 1 on lips.

    Args:
        lab: (h, w, 3) the upright lower face.
        valleys: (h, w), 1 where a dark line runs.
        dark: (h, w) the inside of a widely open mouth, if it is one.
    """
    gaping = bool(dark.any())
    samples = gape.CHEEKS if gaping else (*gape.CHEEKS, USUAL_CHIN)
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
    # The dark is so unlike skin that lips beside it would not count.
    lips = region(np.where(dark, np.nan, unlike), -18, 18, 58, LOWEST[1] if gaping else 80)
    high = np.nanpercentile(lips, 85)
    unlike = np.clip((unlike - low) / max(high - low, 1.0), -0.4, 1.3).astype(np.float32)
    teeth = _teeth(away, valleys, LOWEST[gaping])
    unlike = np.where(teeth, np.maximum(unlike, 0.8), unlike).astype(np.float32)
    region(unlike, -20, 20, TOP, 51)[:] = 0  # nostrils are dark and red as well
    # Teeth may look like skin: what lies between two lips at most 8 mm apart is mouth too.
    between = np.ones((int(8 * PX_PER_MM), 1), np.uint8)
    return np.asarray(cv2.morphologyEx(unlike, cv2.MORPH_CLOSE, between), np.float32)


def _teeth(away: Map, valleys: Map, lowest: float) -> NDArray[np.bool_]:
    """Where it is paler and no darker than skin, between two dark lines: (h, w).

    Args:
        away: (h, w, 3) Lab, from the skin's median, in units of its spread.
        valleys: (h, w), 1 where a dark line runs.
        lowest: millimetres under the pupils where teeth may end.
    """
    pale = (away[..., 1] < -0.8) & (away[..., 2] < -0.5) & (away[..., 0] > -1.0)
    inside = np.zeros(pale.shape, np.float32)
    lines = np.where(region(valleys, -26, 26, 56, lowest) > 0.3, 1.0, 0.0)
    above = np.maximum.accumulate(lines, axis=0)
    below = np.maximum.accumulate(lines[::-1], axis=0)[::-1]
    region(inside, -26, 26, 56, lowest)[:] = above * below
    shown = (pale & (inside > 0)).astype(np.uint8)
    return np.asarray(cv2.morphologyEx(shown, cv2.MORPH_OPEN, np.ones((5, 5), np.uint8)), bool)


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
