"""The locator that needs no download: cascades, pupils, lips, and the average face between them."""

import math
import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.cascade import Candidate, Gray, candidates
from lipsync_engine.locate.eyes import Eyes, find_eyes
from lipsync_engine.locate.lower_face import PX_PER_MM, TOP, region, upright_lab
from lipsync_engine.locate.mouth import find_mouth
from lipsync_engine.locate.shape import Points, apply, mean_shape, similarity

Image = NDArray[np.uint8]  # (H, W, 3) BGR

FIRST_SIDE = 400  # px: longer side of the copy searched for heads at any tilt
SECOND_SIDE = 1280  # and, when it shows none, for small upright ones
FOLLOW_SIDE = 240  # of the cut-out around a face that a video's earlier frame showed
FEWEST_VOTES = 4.0  # of overlapping detections
# Votes of the face's cascades times shots of the eyes': cats and walls reach 30, people in hats
# and glasses 110, most people some thousands, who then need not have a usual colour.
LEAST_EVIDENCE, MUCH_EVIDENCE = 60.0, 1500.0
LEAST_CONTRAST = 0.12
CHIN = 109.5  # mm under the pupils in the average face


def find_faces(image: Image) -> list[Points]:
    """All credible faces: 68 points each, (68, 2) in pixels, in order of credibility."""
    gray = _gray(image)
    faces = _credible(image, gray, candidates(gray, FIRST_SIDE))
    if not faces and max(gray.shape) > FIRST_SIDE:
        faces = _credible(image, gray, candidates(gray, SECOND_SIDE, (0.0,)))
    return faces


def follow_face(image: Image, earlier: Points) -> Points | None:
    """The face near where an earlier frame had it; much cheaper than `find_faces`."""
    middle, side = earlier.mean(0), 2.4 * np.ptp(earlier[:17, 0])
    low = np.maximum(middle - side / 2, 0).astype(int)
    high = np.minimum(middle + side / 2, image.shape[1::-1]).astype(int)
    if (high - low).min() < 32:
        return None
    part = np.ascontiguousarray(image[low[1] : high[1], low[0] : high[0]])
    gray = _gray(part)
    faces = _credible(part, gray, candidates(gray, FOLLOW_SIDE))
    return faces[0] + low if faces else None


def _gray(image: Image) -> Gray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _credible(image: Image, gray: Gray, found: list[Candidate]) -> list[Points]:
    """Landmarks of the candidates that have eyes and lips."""
    faces = []
    for candidate in found:
        if candidate.votes < FEWEST_VOTES:
            break
        face = _landmarks(image, gray, candidate)
        if face is not None:
            faces.append(face)
    return faces


def _landmarks(image: Image, gray: Gray, candidate: Candidate) -> Points | None:
    """The average face on the pupils, its lips and chin replaced by those found."""
    eyes = find_eyes(gray, candidate)
    if eyes is None:
        return None
    evidence = candidate.votes * eyes.shots
    to_pixels = similarity(eyes.left, eyes.right)
    if evidence < LEAST_EVIDENCE:
        return None
    if evidence < MUCH_EVIDENCE and not _plausible(image, to_pixels):
        return None
    mouth = find_mouth(image, to_pixels)
    if mouth.contrast < LEAST_CONTRAST:
        return None
    shape = mean_shape()
    shape[:17] = _jaw(shape[:17], _chin(image, to_pixels, float(mouth.outer[9, 1])))
    shape[48:60], shape[60:] = mouth.outer, mouth.inner
    return apply(to_pixels, shape)


def _plausible(image: Image, to_pixels: NDArray[np.float64]) -> bool:
    """Pupils are darker than cheeks, and cheeks have a colour that skin can have."""
    lab = upright_lab(image, _lowered(to_pixels, -35.0))  # y is now 35 mm further down
    cheeks = [np.median(region(lab, x - 8, x + 8, 53, 65).reshape(-1, 3), 0) for x in (-29, 29)]
    pupils = [region(lab, x - 2.5, x + 2.5, 32.5, 37.5)[..., 0].mean() for x in (-31, 31)]
    if not all(dark < 0.86 * cheek[0] for dark, cheek in zip(pupils, cheeks, strict=True)):
        return False
    _, red, yellow = np.mean(cheeks, 0)
    hue = math.degrees(math.atan2(yellow, red))
    return math.hypot(red, yellow) < 8 or -25 < hue < 100


def _lowered(to_pixels: NDArray[np.float64], down: float) -> NDArray[np.float64]:
    """The same map for a face whose origin is `down` millimetres further down."""
    moved = to_pixels.copy()
    moved[:, 2] += moved[:, 1] * down
    return moved


def _chin(image: Image, to_pixels: NDArray[np.float64], lip: float) -> float:
    """Millimetres from the pupils down to the chin's edge, near where chins usually are."""
    lab = upright_lab(image, _lowered(to_pixels, 35.0))  # 35 mm further down than for the mouth
    rows = region(lab, -11, 11, TOP, TOP + 87).mean(1)  # (174, 3)
    slope = np.gradient(cv2.GaussianBlur(rows, (1, 0), 2.5), axis=0)
    # Under the chin it gets darker; where a shadow ends it gets lighter again.
    edge = np.clip(-slope[:, 0], 0, None) + 0.3 * np.linalg.norm(slope[:, 1:], axis=1)
    below = TOP + 35.0 + np.arange(len(rows)) / PX_PER_MM
    usual = 0.5 * CHIN + 0.5 * (lip + 32.0)
    likely = np.exp(-0.5 * ((below - usual) / 5.0) ** 2)
    best = float(below[np.argmax(edge * likely)])
    return float(np.clip(best, lip + 18.0, 130.0))


def _jaw(jaw: Points, chin: float) -> Points:
    """The average jaw, stretched to the chin."""
    return jaw * (1.0, chin / CHIN)
