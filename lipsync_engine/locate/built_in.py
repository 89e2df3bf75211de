"""The locator that needs no download: cascades, eyes, lips, and the average face between them."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.cascade import Candidate, Gray, candidates
from lipsync_engine.locate.eyes import Eyes, find_eyes, square_of
from lipsync_engine.locate.located import Image, Located
from lipsync_engine.locate.lower_face import PX_PER_MM, TOP, region, upright_lab
from lipsync_engine.locate.mouth import Mouth, find_mouth
from lipsync_engine.locate.shape import Points, apply, mean_shape, similarity

FIRST_SIDE = 400  # px: longer side of the copy searched for heads at any tilt
SECOND_SIDE = 1280  # and, when it shows none, for small upright ones
FEWEST_VOTES, USUAL_VOTES = 4.0, 60.0  # of overlapping detections
MOST_LOOKED_AT = 6  # candidates
# Votes of the face's cascades times shots of the eyes': cats and walls reach 30, people in hats
# and glasses 110, most people some thousands, who then need not have a usual colour.
LEAST_EVIDENCE, MUCH_EVIDENCE = 60.0, 1500.0
LEAST_CONTRAST = 0.12
CHIN = 109.5  # mm under the pupils in the average face


def find_faces(image: Image) -> list[Located]:
    """All credible faces, in order of credibility."""
    gray = _gray(image)
    faces = _credible(image, gray, candidates(gray, FIRST_SIDE))
    if not faces and max(gray.shape) > FIRST_SIDE:
        faces = _credible(image, gray, candidates(gray, SECOND_SIDE, (0.0,)))
    return faces


def find_again(image: Image, near: Points) -> Located | None:
    """The face that should be about where `near` (68, 2) is; much cheaper than `find_faces`."""
    eyes = near[36:42].mean(0), near[42:48].mean(0)
    return _landmarks(image, _gray(image), square_of(*eyes, votes=USUAL_VOTES), exact=True)


def _gray(image: Image) -> Gray:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)


def _credible(image: Image, gray: Gray, found: list[Candidate]) -> list[Located]:
    """The faces among the candidates: those that have eyes and lips."""
    likely = [candidate for candidate in found if candidate.votes >= FEWEST_VOTES][:MOST_LOOKED_AT]
    faces = [_landmarks(image, gray, candidate) for candidate in likely]
    return [face for face in faces if face is not None]


def _landmarks(
    image: Image, gray: Gray, candidate: Candidate, exact: bool = False
) -> Located | None:
    """The average face on the eyes, its lips and chin replaced by those found."""
    eyes = find_eyes(gray, candidate, exact)
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
    return Located(apply(to_pixels, shape), _confidence(evidence, eyes, mouth))


def _confidence(evidence: float, eyes: Eyes, mouth: Mouth) -> float:
    """How sure all this is, 0..1: as sure as its least sure part."""
    parts = (
        math.log(evidence / LEAST_EVIDENCE) / math.log(MUCH_EVIDENCE / LEAST_EVIDENCE),
        (8.0 - eyes.doubt) / 4.0,
        (mouth.contrast - LEAST_CONTRAST) / 0.2,
    )
    return float(np.clip(min(parts), 0.0, 1.0))


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
