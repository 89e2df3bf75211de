"""BGR frames -> BT.709 planes for H.264, touching only pixels that changed since the last frame.

A talking photo moves in a small rectangle: that takes 0.35 ms of a 768 x 768
frame, where FFmpeg's swscale takes 0.8 ms for the whole and the encoder itself
2.4 ms (`benchmarks/encode.py`).
"""

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

UInt8Array = NDArray[np.uint8]

# Rec. ITU-R BT.709-6, 3.2-3.5: luma weights, and 8 bit limited range (16..235, 16..240).
_KB, _KG, _KR = 0.0722, 0.7152, 0.2126
_Y = [_KB * 219 / 255, _KG * 219 / 255, _KR * 219 / 255, 16.0]
_U = [0.5 * 224 / 255, *(np.array([-_KG, -_KR]) / (1 - _KB) / 2 * 224 / 255), 128.0]
_V = [*(np.array([-_KB, -_KG]) / (1 - _KR) / 2 * 224 / 255), 0.5 * 224 / 255, 128.0]
_BGR_TO_YUV = np.array([_Y, _U, _V], np.float32)


class Rect(NamedTuple):
    """Rows top..bottom - 1 and columns left..right - 1, in pixels."""

    top: int
    bottom: int
    left: int
    right: int


class Bt709Planes:
    """The 4:2:0 planes of one frame after another, all of one size.

    Odd sizes grow by repeating the last row or column. Chroma lies where
    H.264 puts it unless told otherwise: level with every second luma column,
    half way between two rows, hence the weights 1 2 1 along a row.

    Attributes:
        width, height: of the planes, pixels, even.
        i420: (height * 3 / 2, width) uint8: Y, then U, then V, without gaps.
    """

    def __init__(self, height: int, width: int) -> None:
        self._frame_height, self._frame_width = height, width
        self.height, self.width = height + height % 2, width + width % 2
        self.i420: UInt8Array = np.zeros((self.height * 3 // 2, self.width), np.uint8)
        chroma = (2, self.height // 2, self.width // 2)
        self._y = self.i420[: self.height]
        self._u, self._v = self.i420[self.height :].reshape(chroma)
        # One column more on the left: the neighbour that chroma column 0 needs.
        self._bgr: UInt8Array = np.zeros((self.height, self.width + 1, 3), np.uint8)
        self._empty = True

    def update(self, frame: UInt8Array) -> None:
        """Make `i420` the picture of `frame`, (H, W, 3) uint8 BGR, of the size given at first."""
        rect = self._changed(frame)
        if rect is not None:
            self._keep(frame, rect)
            self._convert(self._whole_chroma(rect))
            self._empty = False

    def _changed(self, frame: UInt8Array) -> Rect | None:
        """The smallest rectangle outside which `frame` equals the last one; None: no change."""
        if self._empty:
            return Rect(0, self._frame_height, 0, self._frame_width)
        last = self._bgr[: self._frame_height, 1 : 1 + self._frame_width]
        differs = cv2.absdiff(frame, last).reshape(self._frame_height, -1)
        x, top, width, height = cv2.boundingRect(differs)  # of bytes that are not 0
        if height == 0:
            return None
        return Rect(top, top + height, x // 3, (x + width + 2) // 3)

    def _keep(self, frame: UInt8Array, rect: Rect) -> None:
        top, bottom, left, right = rect
        self._bgr[top:bottom, 1 + left : 1 + right] = frame[top:bottom, left:right]
        self._bgr[:, 0] = self._bgr[:, 1]
        if self.width != self._frame_width:
            self._bgr[:, -1] = self._bgr[:, -2]
        if self.height != self._frame_height:
            self._bgr[-1] = self._bgr[-2]

    def _whole_chroma(self, rect: Rect) -> Rect:
        """Grown to even edges, and by the chroma column on the right that hears its left pixel."""
        top, bottom, left, right = rect
        return Rect(
            top - top % 2,
            bottom + bottom % 2,
            left - left % 2,
            min(right + right % 2 + 2, self.width),
        )

    def _convert(self, rect: Rect) -> None:
        top, bottom, left, right = rect
        pixels = self._bgr[top:bottom, 1 + left : 1 + right]
        one_to_the_left = self._bgr[top:bottom, left:right]
        half = ((right - left) // 2, (bottom - top) // 2)
        quarter = cv2.addWeighted(
            cv2.resize(pixels, half, interpolation=cv2.INTER_AREA),
            0.5,
            cv2.resize(one_to_the_left, half, interpolation=cv2.INTER_AREA),
            0.5,
            0,
        )
        luma = cv2.extractChannel(cv2.transform(pixels, _BGR_TO_YUV), 0)
        chroma = cv2.transform(quarter, _BGR_TO_YUV)
        self._y[top:bottom, left:right] = luma
        inside = slice(top // 2, bottom // 2), slice(left // 2, right // 2)
        self._u[inside] = cv2.extractChannel(chroma, 1)
        self._v[inside] = cv2.extractChannel(chroma, 2)
