"""The upright copy of the lower face that the search for lips works on, in millimetres.

The pupils lie on the average face's pupils; `region` cuts by millimetres.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import invert
from lipsync_engine.locate.upright import upright

PX_PER_MM = 2.0
LEFT, TOP = -45.0, 22.0  # mm: corner of the upright copy
WIDTH, HEIGHT = 90.0, 88.0  # mm

Map = NDArray[np.float32]  # (HEIGHT, WIDTH) in steps of 1 / PX_PER_MM


def upright_lab(image: NDArray[np.uint8], to_pixels: NDArray[np.float64]) -> Map:
    """The lower face, upright, in CIE Lab: (HEIGHT, WIDTH, 3)."""
    onto = invert(to_pixels) * PX_PER_MM
    onto[:, 2] -= (LEFT * PX_PER_MM, TOP * PX_PER_MM)
    size = (int(WIDTH * PX_PER_MM), int(HEIGHT * PX_PER_MM))
    patch = upright(image, onto, size).astype(np.float32) / 255
    smooth = cv2.GaussianBlur(patch, (0, 0), 0.5 * PX_PER_MM)
    return np.asarray(cv2.cvtColor(smooth, cv2.COLOR_BGR2Lab), np.float32)


def region(lab: Map, x0: float, x1: float, y0: float, y1: float) -> Map:
    """A rectangle of the upright copy, given in millimetres."""
    rows = slice(int((y0 - TOP) * PX_PER_MM), int((y1 - TOP) * PX_PER_MM))
    return lab[rows, int((x0 - LEFT) * PX_PER_MM) : int((x1 - LEFT) * PX_PER_MM)]
