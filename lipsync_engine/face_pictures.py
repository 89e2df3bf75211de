"""A face to look at: its picture as a JPEG, and the same with the landmarks drawn on it."""

import cv2
import numpy as np
from numpy.typing import NDArray

QUALITY = 90  # of JPEG: a face of 1024 pixels takes some 150 KB
LINES = (
    (range(17), False), (range(17, 22), False), (range(22, 27), False), (range(27, 31), False),
    (range(31, 36), False), (range(36, 42), True), (range(42, 48), True), (range(48, 60), True),
    (range(60, 68), True),
)  # fmt: skip
LINE, POINT, EDGE = (255, 220, 80), (255, 255, 255), (60, 30, 0)  # BGR
FINE = 4  # bits below the pixel: cv2 draws to a sixteenth of one


def jpeg(image: NDArray[np.uint8]) -> bytes:
    """(H, W, 3) BGR as a JPEG."""
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()


def drawn(image: NDArray[np.uint8], marks: NDArray[np.float32]) -> NDArray[np.uint8]:
    """A copy with 68 landmarks (68, 2) on it, as thick as the face is large."""
    canvas = image.copy()
    thick = max(1, round(float(np.ptp(marks[:17, 0])) / 260))
    fine = np.rint(marks * 2**FINE).astype(np.int32)
    for colour, more in ((EDGE, 2), (LINE, 0)):
        for group, closed in LINES:
            cv2.polylines(
                canvas, [fine[list(group)]], closed, colour, thick + more, cv2.LINE_AA, FINE
            )
    for x, y in fine.tolist():
        for colour, more in ((EDGE, 1), (POINT, 0)):
            cv2.circle(
                canvas, (x, y), (thick + 1 + more) << FINE, colour, cv2.FILLED, cv2.LINE_AA, FINE
            )
    return canvas
