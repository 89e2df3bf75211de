"""Teeth that a photo shows between lips that are all but closed: painted over with lip.

The dark line runs above them, so they would ride on the lower lip, white specks in the
middle of red. A shine on a lip is as pale, but there is lip between it and the line.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.geometry import Box, FaceFrame, Points, box_around
from lipsync_engine.viseme.opening import GRAY, lab, teeth_and_dark
from lipsync_engine.viseme.shape import RestMouth

COLUMNS, ROWS = 81, 33
ASIDE = 0.7  # of the way to the corners that is looked at: skin may be pale beyond
DEEPEST = 0.12  # face units below the seam that are looked at
NEAREST = 0.045  # a tooth begins within this of the seam
SURE, UNSURE = 0.7, 0.3  # evidence of a tooth, and of what belongs to it
LEAST = 12  # places that are more than noise
SOFT = 0.02  # a tooth's edge, face units
BORDER = 8  # pixels around what is painted
RADIUS = 0.03  # around a place that it is painted from, face units


def glimpse_grid(rest: RestMouth) -> Points:
    """(ROWS, COLUMNS, 2) face units: from the seam of closed lips downwards."""
    u = np.interp(np.linspace(-ASIDE, ASIDE, COLUMNS), [-1, 1], rest.landmarks[[60, 64], 0])
    v = rest.contour(rest.seam, u) + np.linspace(0, DEEPEST, ROWS)[:, None]
    return np.stack(np.broadcast_arrays(u[None], v), -1)


def glimpsed(colours: Points, skin: Points) -> NDArray[np.bool_]:
    """Where there are teeth.

    Args:
        colours: (ROWS, COLUMNS, 3) BGR 0..255 of the picture at `glimpse_grid`.
        skin: (3,) BGR of the face.
    """
    of_skin = lab(skin[None, None])[0, 0]
    tooth = teeth_and_dark(lab(cv2.blur(colours, (3, 3)).astype(np.float64)), of_skin)[0]
    if of_skin[1] < GRAY:  # a shine on a gray lip looks like a tooth in every other way
        return np.zeros(tooth.shape, bool)
    n, piece = cv2.connectedComponents((tooth > UNSURE).astype(np.uint8), connectivity=4)
    down = np.arange(ROWS)[:, None] * DEEPEST / (ROWS - 1)
    pieces = [piece == k for k in range(1, n)]
    teeth = [
        p for p in pieces
        if p.sum() >= LEAST and tooth[p].max() > SURE and (down * p)[p].min() < NEAREST
    ]  # fmt: skip
    return np.asarray(np.any([np.zeros(tooth.shape, bool), *teeth], 0))


def painted_over(
    picture: NDArray[np.uint8],
    teeth: NDArray[np.bool_],
    rest: RestMouth,
    roi: Box,
    frame: FaceFrame,
) -> tuple[NDArray[np.uint8], Box]:
    """Lip where closed lips let teeth be seen.

    Args:
        picture: (H, W, 3) BGR, the whole photo.
        teeth: from `glimpsed`.
        rest: the mouth.
        roi: the region of interest.
        frame: of the face.

    Returns:
        (h, w, 3) of a box around the teeth, and that box, within `roi`; `BORDER` pixels along its
        sides are as they were.
    """
    seen = frame.to_pixels(glimpse_grid(rest)[teeth])
    room = (SOFT + RADIUS) * frame.unit + BORDER
    around = np.concatenate([seen - room, seen + room]) - [roi.x, roi.y]
    inner = box_around(around, (roi.width, roi.height))
    box = Box(inner.x + roi.x, inner.y + roi.y, inner.width, inner.height)
    apart = DEEPEST / (ROWS - 1)
    soft = round(SOFT / apart)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    wide = cv2.dilate(np.pad(teeth, soft).astype(np.uint8), cross, iterations=soft)
    u, v = np.moveaxis(frame.to_face(box.pixel_grid()), -1, 0)
    column = np.rint((rest.s(u) / ASIDE + 1) / 2 * (COLUMNS - 1)).astype(int) + soft
    row = np.rint((v - rest.contour(rest.seam, u)) / apart).astype(int) + soft
    known = (row >= 0) & (row < wide.shape[0]) & (column >= 0) & (column < wide.shape[1])
    mask = np.zeros(u.shape, np.uint8)
    mask[known] = wide[row[known], column[known]]
    here = picture[box.inside(Box(0, 0, 0, 0))]
    radius = max(RADIUS * frame.unit, 2.0)
    return cv2.inpaint(here, mask, radius, cv2.INPAINT_TELEA).astype(np.uint8), box
