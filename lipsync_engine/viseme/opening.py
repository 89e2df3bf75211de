"""Where an open mouth's lips end on the picture: landmarks miss it by the height of a tooth.

Teeth are less red than the skin around them, the cavity is darker than the
lips. Every column of the mouth gets a first and a last row of what is neither
lip nor skin, all columns at once by dynamic programming (the pair of edges is
the state), so that a gap between two teeth or a shine on a lip does not count.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.geometry import Points, smooth_curve, smoothstep

COLUMNS, ROWS = 61, 44
BEYOND = 0.03  # face units that are searched outside the landmarks' outer lips
STEP_COST = 0.7  # of an edge that jumps a row from one column to the next
LEAST_GAP = 0.03  # face units; thinner is a line between closed lips
LEAST_SHARE = 0.5  # of the mouth's width that must be open: a shine on a lip is narrower
LEAST_TEETH = 0.35  # of the opening, where the landmarks say that the lips are closed
LIP = 0.4  # evidence of teeth or dark under which a place is lip
SCALLOP = 3  # columns on either side: gums hang down between teeth, and lips do not
GRAY = 4.0  # CIE a of skin under which a picture has no colours to tell teeth by


@dataclass(frozen=True)
class Opening:
    """What lies between the lips, in face units.

    Attributes:
        upper, lower: (k, 2) where the upper lip ends and where the lower one begins.
    """

    upper: Points
    lower: Points


def opening_grid(local: Points) -> Points:
    """(ROWS, COLUMNS, 2) face units: over the whole mouth, from (68, 2) landmarks in them."""
    upper, lower = local[48:55], local[[48, 59, 58, 57, 56, 55, 54]]
    u = np.linspace(local[48, 0] - BEYOND, local[54, 0] + BEYOND, COLUMNS)
    top, bottom = (smooth_curve(_rising(edge), u) for edge in (upper, lower))
    middle = (top + bottom) / 2
    top, bottom = np.minimum(top, middle) - BEYOND, np.maximum(bottom, middle) + BEYOND
    v = top + np.linspace(0, 1, ROWS)[:, None] * (bottom - top)
    return np.stack(np.broadcast_arrays(u[None], v), -1)


def find_opening(colours: Points, grid: Points, skin: Points, open_: bool) -> Opening | None:
    """The opening, or None where the picture shows closed lips or nothing clear.

    Args:
        colours: (ROWS, COLUMNS, 3) BGR 0..255 of the picture at `grid`.
        grid: from `opening_grid`.
        skin: (3,) BGR of the face.
        open_: the landmarks say that the lips are apart.
    """
    teeth, dark = _teeth_and_dark(_lab(colours), _lab(skin[None, None])[0, 0])
    inside = np.maximum(teeth, dark) * _near(grid)
    first, stop = _edges(LIP - inside)
    step = (grid[-1, :, 1] - grid[0, :, 1]) / (ROWS - 1)
    gap = (stop - first) * step
    wide = gap > LEAST_GAP
    if wide.mean() < LEAST_SHARE:
        return None
    rows = np.arange(ROWS)[:, None]
    within = (rows >= first) & (rows < stop)
    if not open_ and (teeth * within).sum() < LEAST_TEETH * within.sum():
        return None
    span = _run(gap > LEAST_GAP / 3, int(gap.argmax()))
    u = grid[0, span, 0]
    return Opening(
        *(
            np.stack([u, _smooth(grid[0, span, 1] + edge[span] * step[span])], 1)
            for edge in (-_furthest(-first) - 0.5, _furthest(stop) - 0.5)
        )
    )


def _near(grid: Points) -> Points:
    """(ROWS, COLUMNS) 1 inside the landmarks' own lips, 0 at the grid's border."""
    u, v = grid[..., 0], grid[..., 1]
    away = np.minimum(np.minimum(u - u[:, :1], u[:, -1:] - u), np.minimum(v - v[0], v[-1] - v))
    return np.clip(away / BEYOND, 0, 1)


def _teeth_and_dark(lab: Points, skin: Points) -> tuple[Points, Points]:
    """(ROWS, COLUMNS) 0..1 each."""
    light, red = lab[..., 0], lab[..., 1]
    lip = float(np.percentile(light[[3, 4, -5, -4]], 50))
    if skin[1] < GRAY:
        teeth = smoothstep((light / lip - 1.08) / 0.15)
    else:
        pale = smoothstep((0.85 * skin[1] - red) / (0.4 * skin[1]))
        bright = smoothstep((light / skin[0] - 0.5) / 0.2)
        teeth = pale * bright
    dark = smoothstep((0.55 - light / min(lip, float(skin[0]))) / 0.2)
    return teeth, dark


def _edges(cost: Points) -> tuple[Points, Points]:
    """(first, stop) rows per column, (COLUMNS,) each: the cheapest run of `cost` in each."""
    sums = np.concatenate([np.zeros((1, cost.shape[1])), np.cumsum(cost, 0)])
    n = len(sums)
    jump = STEP_COST * np.abs(np.arange(n)[:, None] - np.arange(n))
    order = np.where(np.arange(n)[:, None] > np.arange(n), np.inf, 0.0)  # first <= stop
    total = sums[None, :, 0] - sums[:, None, 0] + order
    came: list[tuple[np.ndarray, np.ndarray]] = []
    for column in range(1, cost.shape[1]):
        over_first = total[None] + jump[:, :, None]  # (new first, old first, old stop)
        old_first = over_first.argmin(1)
        over_stop = over_first.min(1)[:, None] + jump[None]  # (new first, new stop, old stop)
        old_stop = over_stop.argmin(2)
        came.append((old_first, old_stop))
        own = sums[None, :, column] - sums[:, None, column] + order
        total = over_stop.min(2) + own
    first, stop = np.zeros(cost.shape[1]), np.zeros(cost.shape[1])
    a, b = np.unravel_index(total.argmin(), total.shape)
    for column in range(cost.shape[1] - 1, -1, -1):
        first[column], stop[column] = a, b
        if column:
            old_first, old_stop = came[column - 1]
            b_old = old_stop[a, b]
            a, b = old_first[a, b_old], b_old
    return first, stop


def _run(marked: NDArray[np.bool_], middle: int) -> slice:
    """The columns without a break around `middle` that are marked, and one more on each side."""
    off = np.flatnonzero(~marked)
    first = off[off < middle].max(initial=-1) + 1
    stop = off[off > middle].min(initial=len(marked))
    return slice(max(int(first) - 1, 0), int(stop) + 1)


def _furthest(edge: Points) -> Points:
    """The largest of each column and its neighbours."""
    padded = np.pad(edge, SCALLOP, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * SCALLOP + 1).max(1)


def _smooth(values: Points) -> Points:
    """Rows are whole numbers: their stairs are taken away, the ends stay."""
    for _ in range(3):
        padded = np.pad(values, 1, mode="edge")
        values = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return values


def _lab(bgr: Points) -> Points:
    return cv2.cvtColor((bgr / 255).astype(np.float32), cv2.COLOR_BGR2Lab).astype(np.float64)


def _rising(points: Points) -> Points:
    """With u in rising order, whatever the locator said."""
    u = np.maximum.accumulate(points[:, 0] + 1e-4 * np.arange(len(points)))
    return np.stack([u, points[:, 1]], 1)
