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
HEARSAY = 0.25  # evidence that the landmarks' word is worth
BREAK = 4  # columns on either side that are open for sure make those between them open
SCALLOP = 3  # columns on either side: gums hang down between teeth, and lips do not
SLIP = 0.03  # face units that landmarks may be off, where colours do not help
UPPER, LOWER = [0, 1, 2, 3, 4], [0, 7, 6, 5, 4]  # the edges of inner landmarks, left to right
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


def find_opening(
    colours: Points, grid: Points, skin: Points, inner: Points | None
) -> Opening | None:
    """The opening, or None where the picture shows closed lips or nothing clear.

    Args:
        colours: (ROWS, COLUMNS, 3) BGR 0..255 of the picture at `grid`.
        grid: from `opening_grid`.
        skin: (3,) BGR of the face.
        inner: (8, 2) the landmarks 60-67, face units, if they say that the lips are apart.
    """
    of_skin = lab(skin[None, None])[0, 0]
    teeth, dark = teeth_and_dark(lab(colours), of_skin)
    inside = np.maximum(teeth, dark) * _near(grid)
    if inner is not None:
        inside = inside + HEARSAY * _within(grid, inner, 0.0)
        if of_skin[1] < GRAY:  # a shine on a gray lip looks like a tooth in every other way
            inside = inside * _within(grid, inner, SLIP)
    elif of_skin[1] < GRAY:
        return None
    first, stop = _edges(LIP - inside)
    step = (grid[-1, :, 1] - grid[0, :, 1]) / (ROWS - 1)
    gap = (stop - first) * step
    wide = gap > LEAST_GAP
    if wide.mean() < LEAST_SHARE:
        return None
    rows = np.arange(ROWS)[:, None]
    within = (rows >= first) & (rows < stop)
    if inner is None and (teeth * within).sum() < LEAST_TEETH * within.sum():
        return None
    apart = gap > LEAST_GAP / 3
    if inner is not None:  # a speck near a corner must not make one frame's mouth narrower
        apart |= (grid[0, :, 0] > inner[0, 0]) & (grid[0, :, 0] < inner[4, 0])
    span = _run(apart, int(gap.argmax()))
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
    near: Points = np.clip(away / BEYOND, 0, 1)
    return near


def _within(grid: Points, inner: Points, slip: float) -> NDArray[np.bool_]:
    """(ROWS, COLUMNS) between the landmarks' own inner lips, or `slip` face units beyond."""
    u, v = grid[0, :, 0], grid[..., 1]
    top, bottom = (smooth_curve(_rising(inner[run]), u) for run in (UPPER, LOWER))
    across = (u > inner[0, 0] - slip) & (u < inner[4, 0] + slip)
    within: NDArray[np.bool_] = (v > top - slip) & (v < bottom + slip) & across
    return within


def teeth_and_dark(at: Points, skin: Points) -> tuple[Points, Points]:
    """Evidence of each, (rows, columns) 0..1, where a picture's CIE Lab is `at`, the skin's `skin`.

    The fourth and fifth row from either end are taken for lips.
    """
    light, red = at[..., 0], at[..., 1]
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
    rows = np.arange(len(sums))
    order = np.where(rows[:, None] > rows, np.inf, 0.0)  # first <= stop
    total, before = sums[None, :, 0] - sums[:, None, 0] + order, []
    for column in range(1, cost.shape[1]):
        before.append(total)
        total = _reached(_reached(total).T).T
        total = total + (sums[None, :, column] - sums[:, None, column] + order)
    first, stop = np.zeros(cost.shape[1]), np.zeros(cost.shape[1])
    for column in range(cost.shape[1] - 1, -1, -1):
        a, b = np.unravel_index(total.argmin(), total.shape)
        first[column], stop[column] = a, b
        if column:
            steps = np.abs(rows - a)[:, None] + np.abs(rows - b)
            total = before[column - 1] + STEP_COST * steps
    return first, stop


def _reached(total: Points) -> Points:
    """The least of `total` plus what the jump from there costs, along the first axis.

    The cheapest way up and the cheapest way down are both running minima
    (Felzenszwalb & Huttenlocher 2012, distance transforms under the L1 norm).
    """
    climb = STEP_COST * np.arange(len(total))[:, None]
    down = np.minimum.accumulate(total - climb, 0) + climb
    up = np.minimum.accumulate((total + climb)[::-1], 0)[::-1] - climb
    least: Points = np.minimum(down, up)
    return least


def _run(marked: NDArray[np.bool_], middle: int) -> slice:
    """The columns without a long break around `middle` that are marked, and one more each side."""
    wide = np.pad(marked, BREAK)
    windows = np.lib.stride_tricks.sliding_window_view(wide, BREAK)
    before, after = windows[: len(marked)].any(1), windows[BREAK + 1 :].any(1)
    marked = marked | (before & after)
    off = np.flatnonzero(~marked)
    first = off[off < middle].max(initial=-1) + 1
    stop = off[off > middle].min(initial=len(marked))
    return slice(max(int(first) - 1, 0), int(stop) + 1)


def _furthest(edge: Points) -> Points:
    """The largest of each column and its neighbours."""
    padded = np.pad(edge, SCALLOP, mode="edge")
    largest: Points = np.lib.stride_tricks.sliding_window_view(padded, 2 * SCALLOP + 1).max(1)
    return largest


def _smooth(values: Points) -> Points:
    """Rows are whole numbers: their stairs are taken away, the ends stay."""
    for _ in range(3):
        padded = np.pad(values, 1, mode="edge")
        values = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    return values


def lab(bgr: Points) -> Points:
    """(..., 3) BGR 0..255 -> CIE Lab."""
    return cv2.cvtColor((bgr / 255).astype(np.float32), cv2.COLOR_BGR2Lab).astype(np.float64)


def _rising(points: Points) -> Points:
    """With u in rising order, whatever the locator said."""
    least = 1e-3 * np.arange(len(points))
    u = np.maximum.accumulate(points[:, 0] - least) + least
    return np.stack([u, points[:, 1]], 1)
