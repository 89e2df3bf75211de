"""Where the pupils are in a candidate's square, or that there are none."""

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.cascade import Candidate, Gray, classifier
from lipsync_engine.locate.shape import Points, apply, invert

PATCH = 240  # px: side of the upright copy of a candidate's square
MARGIN = 0.15  # of the square, added on every side
CASCADES = ("haarcascade_eye.xml", "haarcascade_eye_tree_eyeglasses.xml")
USUAL = ((0.315, 0.385), (0.685, 0.385))  # where eyes lie in a frontal cascade's square


def find_pupils(gray: Gray, candidate: Candidate) -> tuple[Points, Points] | None:
    """The pupils (viewer's left, right) in pixels of the picture; None where no eyes are."""
    onto_patch = _upright(candidate)
    patch = cv2.warpAffine(gray, onto_patch, (PATCH, PATCH), flags=cv2.INTER_AREA)
    pair = _best_pair(_eye_boxes(patch.astype(np.uint8)))
    if pair is None:
        return None
    back = invert(onto_patch)
    smooth = np.asarray(cv2.GaussianBlur(patch, (0, 0), 1.2), np.float32)
    left, right = (apply(back, _pupil(smooth, box)[None])[0] for box in pair)
    return left, right


def _upright(candidate: Candidate) -> NDArray[np.float64]:
    """From the picture to the upright patch: (2, 3)."""
    scale = PATCH / (candidate.side * (1 + 2 * MARGIN))
    turn = cv2.getRotationMatrix2D((candidate.x, candidate.y), candidate.tilt, scale)
    turn[:, 2] += np.array([PATCH / 2 - candidate.x, PATCH / 2 - candidate.y])
    return np.asarray(turn, np.float64)


def _eye_boxes(patch: Gray) -> list[tuple[float, float, float]]:
    """Eye detections in the patch's upper part: (x, y, side) with x, y the middle."""
    even = cv2.createCLAHE(3.0, (4, 4)).apply(patch[: int(PATCH * 0.62)])
    found = []
    for name in CASCADES:
        boxes = classifier(name).detectMultiScale(even, 1.06, 2, 0, (26, 26), (90, 90))
        found += [(x + w / 2, y + w / 2, float(w)) for x, y, w, _ in boxes]
    return found


def _best_pair(
    boxes: list[tuple[float, float, float]],
) -> tuple[tuple[float, float, float], ...] | None:
    """The two boxes most like a pair of eyes: level, apart as eyes are, where eyes are."""
    inner = PATCH / (1 + 2 * MARGIN)
    usual = np.array(USUAL) * inner + PATCH * MARGIN / (1 + 2 * MARGIN)
    best, lowest = None, 1.0
    for one, other in itertools.combinations(boxes, 2):
        left, right = sorted((one, other))
        apart = (right[0] - left[0]) / inner
        slope = (right[1] - left[1]) / max(right[0] - left[0], 1.0)
        if not 0.26 < apart < 0.54 or abs(slope) > 0.36:
            continue
        away = np.hypot(left[0] - usual[0, 0], left[1] - usual[0, 1])
        away += np.hypot(right[0] - usual[1, 0], right[1] - usual[1, 1])
        cost = away / (0.42 * inner) + 0.5 * abs(np.log(left[2] / right[2])) + 0.5 * abs(slope)
        if cost < lowest:
            best, lowest = (left, right), cost
    return best


def _pupil(smooth: NDArray[np.float32], box: tuple[float, float, float]) -> Points:
    """The point that most gradients of the eye's patch point away from, dark itself.

    F. Timm and E. Barth, "Accurate eye centre localisation by means of
    gradients", VISAPP 2011; here on a coarse grid with the eye box as prior.
    """
    x, y, side = box
    reach = 0.26 * side
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    rows, columns = np.mgrid[
        int(y - reach) : int(y + reach) + 1, int(x - 1.3 * reach) : int(x + 1.3 * reach) + 1
    ]
    rows, columns = rows.clip(0, PATCH - 1), columns.clip(0, PATCH - 1)
    strength = np.hypot(gx, gy)[rows, columns].ravel()
    strong = strength > np.percentile(strength, 70)
    at = np.stack([columns.ravel(), rows.ravel()], 1).astype(np.float64)
    edge = at[strong]
    away = np.stack([gx[rows, columns].ravel(), gy[rows, columns].ravel()], 1)[strong]
    away = away / np.hypot(*away.T)[:, None]
    ray = edge[None] - at[:, None]  # (n_centres, n_edges, 2)
    length = np.linalg.norm(ray, axis=2)
    agree = np.clip((ray * away).sum(2) / np.maximum(length, 1e-6), 0, None) ** 2
    near = (length < 0.24 * side) & (length > 1)
    dark = 255 - smooth[rows, columns].ravel()
    prior = np.exp(-0.5 * ((at - (x, y)) / (0.16 * side, 0.11 * side)) ** 2).prod(1)
    score = (agree * near).mean(1) * dark * prior
    return np.asarray(at[score > 0.93 * score.max()].mean(0))
