"""The dark line between closed lips, found on the picture: landmarks miss it by some pixels."""

import numpy as np

from lipsync_engine.viseme.geometry import Points, smooth_curve
from lipsync_engine.viseme.light import LUMA

COLUMNS = 41
ROWS = 33
SEARCH = 0.07  # face units on either side of the landmarks' line
TRUST = 0.5  # of a line at SEARCH, against full contrast: how much the landmarks are believed
SMOOTH = 4  # degree of the line that is kept


def seam_grid(local: Points) -> Points:
    """(ROWS, COLUMNS, 2) face units: where to read the picture, around the landmarks' own line."""
    upper, lower = local[60:65], local[[60, 67, 66, 65, 64]]
    middle = (upper + lower) / 2
    u = np.linspace(local[60, 0], local[64, 0], COLUMNS)
    v = smooth_curve(middle, u) + np.linspace(-SEARCH, SEARCH, ROWS)[:, None]
    return np.stack(np.broadcast_arrays(u[None], v), -1)


def dark_seam(colours: Points, grid: Points) -> Points:
    """(COLUMNS, 2) the smooth darkest path from corner to corner, by dynamic programming.

    Args:
        colours: (ROWS, COLUMNS, 3) BGR of the picture at `grid`.
        grid: from `seam_grid`.
    """
    luma = colours @ LUMA
    low, high = np.percentile(luma, [2, 90])
    offset = np.linspace(-1, 1, ROWS)[:, None]
    cost = np.clip((luma - low) / max(high - low, 1.0), 0, 1) + TRUST * offset**2
    total, came = cost.copy(), np.zeros(cost.shape, int)
    steps = np.array([-1, 0, 1])
    for column in range(1, COLUMNS):
        before = np.pad(total[:, column - 1], 1, constant_values=np.inf)
        choices = np.stack(
            [before[1 + step : 1 + step + ROWS] + 0.08 * abs(step) for step in steps]
        )
        best = choices.argmin(0)
        came[:, column] = np.arange(ROWS) + steps[best]
        total[:, column] += choices.min(0)
    path = np.zeros(COLUMNS, int)
    path[-1] = total[:, -1].argmin()
    for column in range(COLUMNS - 1, 0, -1):
        path[column - 1] = came[path[column], column]
    u = grid[0, :, 0]
    at = (u - u.mean()) / np.ptp(u) * 2
    v = np.polyval(np.polyfit(at, grid[path, np.arange(COLUMNS), 1], SMOOTH), at)
    return np.stack([u, v], 1)
