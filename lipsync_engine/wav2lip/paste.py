"""Between a picture and the network's 96 x 96 face: cropping, and pasting with or without feather.

The published code writes the whole drawn face over the picture, with a hard
edge. The feathered paste keeps the photo's own eyes and forehead, and blends
from the middle of the nose downwards and towards the sides. Pixels outside
are never touched.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.wav2lip.box import Box
from lipsync_engine.wav2lip.network import SIDE

Image = NDArray[np.uint8]
Weight = NDArray[np.float32]
Paste = Literal["feathered", "reference"]

# Shares of the box's height and width between which the feather rises from 0 to 1.
_TOP = (0.38, 0.52)
_BOTTOM, _SIDES = 0.07, 0.12


@dataclass(frozen=True)
class Plate:
    """A picture that faces are pasted into.

    Attributes:
        image: (H, W, 3) uint8 BGR.
        box: where its face is.
        weight: (h, w) float32, how much of the drawn face is seen; None: all of it.
    """

    image: Image
    box: Box
    weight: Weight | None

    @property
    def face(self) -> Image:
        """The box's pixels, (h, w, 3), a view."""
        return inside(self.image, self.box)


def plate(image: Image, box: Box, paste: Paste) -> Plate:
    """Make a picture ready."""
    return Plate(image, box, feather(*box.size) if paste == "feathered" else None)


def network_input(face: Image) -> Weight:
    """(h, w, 3) uint8 BGR -> (6, 96, 96) float32 0..1: its upper half, then all of it."""
    small = cv2.resize(face, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    masked = small.copy()
    masked[SIDE // 2 :] = 0
    both = np.concatenate([masked, small], axis=2) / 255.0
    return np.ascontiguousarray(both.transpose(2, 0, 1), np.float32)


def put(frame: Image, plate: Plate, face: Image, rest: float) -> None:
    """Paste one drawn face into `frame`, a copy of the plate's image.

    Args:
        face: (96, 96, 3) uint8 BGR.
        rest: 0 shows the drawn mouth, 1 the photo's own.
    """
    if rest >= 1:
        return
    drawn = cv2.resize(face, plate.box.size, interpolation=cv2.INTER_LINEAR)
    target = inside(frame, plate.box)
    if plate.weight is None and rest <= 0:
        target[:] = drawn
        return
    shown = np.float32(1 - rest)
    weight = (
        np.full(drawn.shape[:2], shown, np.float32)
        if plate.weight is None
        else plate.weight * shown
    )
    target[:] = cv2.blendLinear(drawn, plate.face, weight, 1 - weight)


def inside(image: Image, box: Box) -> Image:
    """The pixels of a box, a view."""
    return image[box.y1 : box.y2, box.x1 : box.x2]


def feather(width: int, height: int) -> Weight:
    """How much of a drawn face is seen, (height, width) float32, 0..1."""
    y, x = (np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width
    down = _smooth((y - _TOP[0]) / (_TOP[1] - _TOP[0])) * _smooth((1 - y) / _BOTTOM)
    across = _smooth(x / _SIDES) * _smooth((1 - x) / _SIDES)
    return np.outer(down, across).astype(np.float32)


def _smooth(t: NDArray[np.float64]) -> NDArray[np.float64]:
    """0 below 0, 1 above 1, level at both ends."""
    t = np.clip(t, 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
