"""An upright copy of a part of the picture, at the size that a search wants."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import invert

MOST = 1.5  # picture pixels to a copy's pixel that bilinear reading may skip over


def upright(
    image: NDArray[np.uint8], onto: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Read the picture through `onto`; beyond its edges, the edge's pixels go on.

    A large picture's part is first shrunk by areas: bilinear reading alone would skip most of
    its pixels, and keep the grain of those that it takes.

    Args:
        image: (H, W) or (H, W, 3) uint8.
        onto: similarity from the picture to the copy, (2, 3).
        size: (width, height) of the copy.

    Returns:
        (height, width) or (height, width, 3).
    """
    skipped = 1 / float(np.linalg.norm(onto[:, 0]))
    if skipped > MOST:
        image, onto = _shrunk(image, onto, size, skipped)
    copy = cv2.warpAffine(
        image, onto, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(copy, np.uint8)


def _shrunk(
    image: NDArray[np.uint8], onto: NDArray[np.float64], size: tuple[int, int], by: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The part of the picture that the copy shows, `by` times smaller, and the map from it."""
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * size
    back = invert(onto)
    seen = corners @ back[:, :2].T + back[:, 2]
    height, width = image.shape[:2]
    left, top = np.floor(seen.min(0) - 2 * by).clip(0, (width - 2, height - 2)).astype(int)
    right, bottom = np.ceil(seen.max(0) + 2 * by).clip((left + 2, top + 2), (width, height))
    part = image[top : int(bottom), left : int(right)]
    small_size = np.maximum(np.round(np.array(part.shape[1::-1]) / by), 1).astype(int)
    small = cv2.resize(part, small_size.tolist(), interpolation=cv2.INTER_AREA)
    step = np.array(part.shape[1::-1]) / small_size
    # A small pixel's middle lies in the middle of those that it was made of.
    offset = step / 2 - 0.5 + (left, top)
    linear = onto[:, :2] * step
    return np.asarray(small, np.uint8), np.column_stack([linear, onto[:, :2] @ offset + onto[:, 2]])
