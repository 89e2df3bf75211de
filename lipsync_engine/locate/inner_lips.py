"""The inner lips: one line where the mouth is closed, two edges where it is open."""

import cv2
import numpy as np

from lipsync_engine.locate.lower_face import PX_PER_MM, Map, region
from lipsync_engine.locate.outline import Outline
from lipsync_engine.locate.shape import Points


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
