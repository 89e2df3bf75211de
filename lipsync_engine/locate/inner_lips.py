"""The inner lips: one line where the mouth is closed, two edges where it is open."""

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.lower_face import PX_PER_MM, Map, region
from lipsync_engine.locate.outline import Outline, darkness
from lipsync_engine.locate.shape import Points

NARROWEST = 2.2  # mm between lips that are apart
THINNEST = 1.5  # mm of a lip
LOWER = 5.0  # mm of a lower lip, under teeth
PALEST = 1.0  # mm of teeth that are pale all the way
LINE_DROP, LINE_SPREAD = 0.5, 5.0  # mm of the lip line's middle under the corners: usual, and so
NEAR = 2.5  # mm between a row of teeth and the dark line that borders it


def inner_lips(
    lab: Map, valleys: Map, outline: Outline, gape: tuple[float, float] | None = None
) -> Points:
    """Points 60 to 67, millimetres in the upright face, (8, 2).

    Args:
        lab: (h, w, 3) the upright lower face.
        valleys: (h, w) where dark lines run in it, 0..1.
        outline: of the outer lips.
        gape: upper and lower end of what is widely open, millimetres, if it is.
    """
    left, right = outline.corners()
    middle, top, bottom = (left + right) / 2, outline.top + 0.6, outline.bottom
    across = np.array([-0.86, -0.26, 0.0, 0.26, 0.86])
    line = left + (across[:, None] + 1) / 2 * (right - left)
    if gape is None:
        reach = 0.11 * (right[0] - left[0])
        box = (middle[0] - reach, middle[0] + reach, top, bottom)
        profile, lines = region(lab, *box).mean(1), region(valleys, *box).mean(1)
        gap = _gap(profile, lines, np.median(region(lab, -12, 12, 84, 94).reshape(-1, 3), 0))
        if gap is None:
            seam = lip_line(valleys, outline)
            gape = seam, seam
        else:
            gape = top + gap[0] / PX_PER_MM, top + gap[1] / PX_PER_MM
    bend = (1 - across**2)[:, None] * (0, 1)
    above, below = (line + (height - middle[1]) * bend for height in gape)
    return np.concatenate([above, below[3:0:-1]])


def lip_line(valleys: Map, outline: Outline) -> float:
    """How far down the line between closed lips is in the middle, millimetres.

    It is the longest dark line: a crease under the lower lip may be darker, and is shorter.
    """
    left, right = outline.corners()
    level = float(left[1] + right[1]) / 2
    across = np.linspace(-0.8, 0.8, 17)
    x, y = (left + (across[:, None] + 1) / 2 * (right - left)).T
    bend = 1 - across**2
    heights = np.arange(outline.top + 0.6, outline.bottom - THINNEST, 1 / PX_PER_MM)
    if not len(heights):
        return (outline.top + outline.bottom) / 2  # lips this thin are a line
    dark = [darkness(valleys, x, y + (height - level) * bend).mean() for height in heights]
    usual = np.exp(-0.5 * ((heights - level - LINE_DROP) / LINE_SPREAD) ** 2)
    return float(heights[np.argmax((np.array(dark) + 1e-3) * usual)])


def _gap(profile: Map, lines: Map, skin: Map) -> tuple[int, int] | None:
    """First and last row of teeth or cavity between the lips; None for a closed mouth."""
    n = len(profile)
    lightness = profile[:, 0]
    edges = np.concatenate([profile[: max(2, n // 5)], profile[-max(2, n // 4) :]])
    lip = np.percentile(edges, 75, axis=0)[1], np.median(edges[:, 0])
    if np.abs(profile[:, 1:]).max() < 3:  # a gray picture
        pale = lightness > lip[1]
    else:
        pale = (profile[:, 1] < skin[1] + 0.35 * (lip[0] - skin[1])) & (lightness > 0.85 * lip[1])
    open_ = (lightness < 0.45 * lip[1]) | _bordered(pale, lines)
    rim = int(THINNEST * PX_PER_MM)
    open_[:rim] = open_[n - rim :] = False
    rows = np.flatnonzero(open_)
    if len(rows) < NARROWEST * PX_PER_MM:
        return None
    return int(rows[0]), int(rows[-1])


def _bordered(pale: NDArray[np.bool_], lines: Map) -> NDArray[np.bool_]:
    """The runs of pale rows that have a dark line above and below: teeth.

    What is pale under one dark line is a lower lip that shines.
    """
    peaks = np.flatnonzero(
        (lines > 0.3 * lines.max())
        & (lines >= np.roll(lines, 1))
        & (lines >= np.roll(lines, -1))
        & (np.arange(len(lines)) < len(lines) - LOWER * PX_PER_MM)
    )
    kept = np.zeros_like(pale)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], pale.astype(int), [0]])))
    for first, stop in edges.reshape(-1, 2):
        near = NEAR * PX_PER_MM
        above = peaks[(peaks >= first - near) & (peaks <= first + near)]
        below = peaks[(peaks >= max(stop - near, first + near)) & (peaks <= stop + near)]
        if stop - first >= PALEST * PX_PER_MM and len(above) and len(below):
            kept[min(above[0], first) : max(below[-1] + 1, stop)] = True
    return kept
