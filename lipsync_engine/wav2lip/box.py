"""Which rectangle of a picture is the face, as the detector of the published code frames it.

That code takes the box of S3FD, which was trained on WIDER FACE: from cheek to
cheek, from the chin to the middle of the forehead, and adds 10 rows below the
chin. From the 68 landmarks: the jaw line spans it in width, the chin is its
lower edge, and the forehead lies as far above the brows as makes it 1.27 times
as high as brows to chin. (WIDER FACE's frontal boxes are about 1.3 times as
high as wide, and brows to chin is about as high as the jaw is wide.)
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.errors import FaceError

FOREHEAD = 0.27  # above the brows, of the height from brows to chin
BELOW_CHIN = 10  # pixels: the published code's default padding (0, 10, 0, 0)
SMOOTHED = 5  # pictures of a video that a box is averaged over
SMALLEST = 16  # pixels a side


class Box(NamedTuple):
    """Rows y1 … y2 - 1 and columns x1 … x2 - 1 of a picture; the order is the published code's."""

    y1: int
    y2: int
    x1: int
    x2: int

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), pixels."""
        return self.x2 - self.x1, self.y2 - self.y1


def boxes(landmarks: NDArray[np.float32], width: int, height: int) -> tuple[Box, ...]:
    """A box for each picture, smoothed over a video's pictures and kept inside them.

    Args:
        landmarks: (n, 68, 2), pixels.
        width, height: of the pictures, pixels.
    """
    left, right = landmarks[:, :, 0].min(1), landmarks[:, :, 0].max(1)
    brows, chin = landmarks[:, :, 1].min(1), landmarks[:, :, 1].max(1)
    edges = np.stack([brows - FOREHEAD * (chin - brows), chin + BELOW_CHIN, left, right], axis=1)
    edges = np.clip(edges.astype(np.float64), 0, [height, height, width, width])
    return tuple(_at_least(Box(*map(int, row)), width, height) for row in _smoothed(edges))


def fixed(box: tuple[int, int, int, int], width: int, height: int) -> Box:
    """The user's own box.

    Raises:
        FaceError: it does not lie in the picture.
    """
    y1, y2, x1, x2 = box
    if not (0 <= y1 < y2 <= height and 0 <= x1 < x2 <= width):
        raise FaceError(
            f"The box {y1},{y2},{x1},{x2} does not lie in the picture, which is {width} x {height} "
            "pixels. Give top, bottom, left and right: 0 <= top < bottom <= height, "
            "0 <= left < right <= width; or leave the box out."
        )
    return Box(y1, y2, x1, x2)


def _smoothed(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the SMOOTHED pictures around each; the first and last repeat outwards."""
    half = SMOOTHED // 2
    padded = np.pad(edges, ((half, half), (0, 0)), mode="edge")
    total = np.zeros_like(edges)
    for k in range(SMOOTHED):
        total += padded[k : k + len(edges)]
    return total / SMOOTHED


def _at_least(box: Box, width: int, height: int) -> Box:
    """A face at the picture's edge still has a box of SMALLEST pixels, where the picture has."""
    y1, y2 = _grown(box.y1, box.y2, height)
    x1, x2 = _grown(box.x1, box.x2, width)
    return Box(y1, y2, x1, x2)


def _grown(first: int, stop: int, size: int) -> tuple[int, int]:
    wanted = min(SMALLEST, size)
    if stop - first >= wanted:
        return first, stop
    first = min(max(0, (first + stop - wanted) // 2), size - wanted)
    return first, first + wanted
