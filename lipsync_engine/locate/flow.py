"""How a face moved from one frame to the next, to a fraction of a pixel."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import Points, apply, composed, fit_similarity, invert

Gray = NDArray[np.uint8]  # (H, W)

WIDTH = 220.0  # px: faces wider than this are followed on a smaller copy
N_FEATURES = 90
FEWEST = 12  # features that agree
AGREE = 0.012  # of the face's width: how far from the common motion a feature may be
RIGID = np.array([*range(2), *range(15, 17), *range(17, 48)])  # what talking moves little


def motion(before: Gray, after: Gray, points: Points) -> NDArray[np.float64] | None:
    """The similarity that takes the face at `points` (68, 2) in `before` to `after`: (2, 3).

    Lucas-Kanade there and back on corners of the upper face (B. Lucas and T. Kanade, "An
    iterative image registration technique", IJCAI 1981), then least squares without outliers.

    Returns:
        None where too few features agree: the face left, was covered, or the scene changed.
    """
    onto, size = _around(points)
    one, other = _read(before, onto, size), _read(after, onto, size)
    face = apply(onto, points)
    mask = np.zeros(one.shape, np.uint8)
    cv2.fillConvexPoly(mask, cv2.convexHull(face[RIGID].astype(np.int32)), 1)
    corners = cv2.goodFeaturesToTrack(one, N_FEATURES, 0.01, 4, mask=mask)
    if corners is None or len(corners) < FEWEST:
        return None
    start = corners[:, 0].astype(np.float64)
    moved, kept = _tracked(one, other, corners.astype(np.float32))
    return _common(start[kept], moved[kept], float(np.ptp(face[:17, 0])), onto)


def _around(points: Points) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """From the frame to a copy of the face and a half of its width around: (2, 3), its size."""
    low, high = points.min(0), points.max(0)
    width = float(high[0] - low[0])
    scale = min(1.0, WIDTH / width)
    corner = low - 0.5 * width
    size = np.ceil((high - low + width) * scale).astype(int)
    onto = np.array([[scale, 0, -corner[0] * scale], [0, scale, -corner[1] * scale]])
    return onto, (int(size[0]), int(size[1]))


def _read(gray: Gray, onto: NDArray[np.float64], size: tuple[int, int]) -> Gray:
    part = cv2.warpAffine(gray, onto, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(part, np.uint8)


def _tracked(
    one: Gray, other: Gray, corners: NDArray[np.float32]
) -> tuple[Points, NDArray[np.bool_]]:
    """Where the features went, (n, 2), and which of them also find back."""
    there, ok = _flow(one, other, corners)
    back, also = _flow(other, one, there)
    away = np.linalg.norm((back - corners)[:, 0], axis=1)
    return there[:, 0].astype(np.float64), (ok[:, 0] > 0) & (also[:, 0] > 0) & (away < 0.5)


def _flow(
    one: Gray, other: Gray, at: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """(n, 1, 2) where the features went, (n, 1) whether they were found."""
    stop = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 0.005)
    there, ok, _ = cv2.calcOpticalFlowPyrLK(
        one, other, at, np.zeros_like(at), winSize=(17, 17), maxLevel=3, criteria=stop
    )
    return np.asarray(there, np.float32), np.asarray(ok, np.uint8)


def _common(
    start: Points, moved: Points, width: float, onto: NDArray[np.float64]
) -> NDArray[np.float64] | None:
    """The motion that most features share, in pixels of the frame; None where few agree."""
    if len(start) < FEWEST:
        return None
    # Most features moved about as the median one did; what did not is not of this face.
    step = moved - start
    agree = np.linalg.norm(step - np.median(step, 0), axis=1) < 0.1 * width
    for _ in range(6):
        if agree.sum() < FEWEST:
            return None
        fit = fit_similarity(start[agree], moved[agree])
        away = np.linalg.norm(apply(fit, start) - moved, axis=1)
        agree = away < max(AGREE * width, 0.7)
    return composed(invert(onto), composed(fit, onto))
