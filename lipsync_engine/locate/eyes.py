"""Where the eyes are in a candidate's square, or that there are none.

A cascade's single detections, before they are grouped, lie around an eye like
shots around a bull's eye: their densest place is its middle, whichever way it
looks and even behind glasses. The pupil then says the rest, as far as it agrees.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.cascade import Candidate, Gray, classifier
from lipsync_engine.locate.shape import Points, apply, invert
from lipsync_engine.locate.upright import upright

PATCH = 240  # px: side of the upright copy of a candidate's square
MARGIN = 0.15  # of the square, added on every side
INNER = PATCH / (1 + 2 * MARGIN)
# Where eyes lie in a frontal cascade's square, and how far from there they may.
USUAL = np.array([[0.325, 0.40], [0.685, 0.40]]) * INNER + INNER * MARGIN
SPREAD = np.array([0.085, 0.075]) * INNER
# How far above an eye's middle, and out from it, a cascade's boxes are centred, in box widths.
CASCADES = {
    "haarcascade_eye.xml": (0.035, 0.035),
    "haarcascade_eye_tree_eyeglasses.xml": (0.02, 0.015),
    "haarcascade_lefteye_2splits.xml": (0.185, 0.0),
    "haarcascade_righteye_2splits.xml": (0.185, 0.0),
}
BOXES = (26, 64)  # px: of boxes around eyes on the patch
ROWS, COLUMNS = slice(40, 160), slice(16, 224)  # of the patch that is searched
STEP = 1.12  # between two sizes of boxes
BLUR = 4.0  # px: how far shots at one mark are apart
FEWEST = 2.0  # shots at each eye; walls and leaves get fewer


@dataclass(frozen=True, slots=True)
class Eyes:
    """A pair.

    Attributes:
        left, right: the viewer's; their middles, pixels of the picture.
        shots: detections that agree on the eye that fewer agree on.
        doubt: how far pupils and detections disagree, millimetres.
    """

    left: Points
    right: Points
    shots: float
    doubt: float


def find_eyes(gray: Gray, candidate: Candidate, exact: bool = False) -> Eyes | None:
    """The eyes of a candidate, or None; one look is enough where its square is `exact`."""
    first = _look(gray, candidate)
    if first is None or exact:
        return first
    # Once more with both eyes at their usual places: the cascades are truest for upright faces.
    again = _look(gray, square_of(first.left, first.right, candidate.votes))
    return again or first


def square_of(left: Points, right: Points, votes: float) -> Candidate:
    """The square in which these eyes lie where eyes usually lie."""
    across = right - left
    apart = float(np.hypot(*across))
    side = apart * INNER / float(USUAL[1, 0] - USUAL[0, 0])
    down = (0.5 - (USUAL[0, 1] / INNER - MARGIN)) * side
    x, y = (left + right) / 2 + down / apart * np.array([-across[1], across[0]])
    tilt = float(np.degrees(np.arctan2(across[1], across[0])))
    return Candidate(float(x), float(y), side, tilt, votes)


def _look(gray: Gray, candidate: Candidate) -> Eyes | None:
    onto = _onto_patch(candidate)
    patch = upright(gray, onto, (PATCH, PATCH))
    smooth = np.asarray(cv2.GaussianBlur(patch, (0, 0), 1.0), np.uint8)
    shots = _shots(np.asarray(cv2.createCLAHE(3.0, (4, 4)).apply(smooth)[ROWS, COLUMNS]))
    marks, strength = zip(*(_densest(shots, which) for which in (0, 1)), strict=True)
    across = marks[1] - marks[0]
    if min(strength) < FEWEST or not _level(across):
        return None
    side = float(np.hypot(*across))
    pupils = [_pupil(smooth.astype(np.float32), mark, 0.62 * side) for mark in marks]
    away = [
        np.hypot(*(pupil - mark)) / side * 62 for pupil, mark in zip(pupils, marks, strict=True)
    ]
    eyes = [
        mark + _trust(apart, force) * (pupil - mark)
        for mark, pupil, apart, force in zip(marks, pupils, away, strength, strict=True)
    ]
    left, right = apply(invert(onto), np.stack(eyes))
    return Eyes(left, right, float(min(strength)), float(max(away)))


def _trust(apart: float, shots: float) -> float:
    """How far to go from the cascades' mark towards the pupil, 0..1; `apart` in millimetres."""
    return float(np.exp(-0.5 * (apart / 4.0) ** 2) * (0.4 if shots > 40 else 0.6))


def _level(across: Points) -> bool:
    return bool(0.24 * INNER < across[0] < 0.54 * INNER and abs(across[1]) < 0.36 * across[0])


def _onto_patch(candidate: Candidate) -> NDArray[np.float64]:
    """From the picture to the upright patch: (2, 3)."""
    scale = INNER / candidate.side
    turn = cv2.getRotationMatrix2D((candidate.x, candidate.y), candidate.tilt, scale)
    turn[:, 2] += np.array([PATCH / 2 - candidate.x, PATCH / 2 - candidate.y])
    return np.asarray(turn, np.float64)


def _shots(part: Gray) -> Points:
    """Every single detection on the patch and on its mirror image: (n, 3), x, y and width."""
    found = []
    for name, (above, out) in CASCADES.items():
        for mirrored in (False, True):
            seen = np.ascontiguousarray(part[:, ::-1]) if mirrored else part
            least, most = BOXES
            boxes = classifier(name).detectMultiScale(
                seen, STEP, 0, 0, (least, least), (most, most)
            )
            if not len(boxes):
                continue
            x, y, width, _ = np.asarray(boxes, np.float64).T
            x, y = x + width / 2 - 0.5, y + width / 2 - 0.5 + above * width
            x = part.shape[1] - 1 - x if mirrored else x
            x = x + COLUMNS.start
            x -= out * width * np.sign(x - PATCH / 2)
            found.append(np.stack([x, y + ROWS.start, width], 1))
    shots = np.concatenate(found) if found else np.empty((0, 3))
    return shots[np.lexsort(shots.T)]  # OpenCV's threads finish in any order; sums must not


def _densest(shots: Points, which: int) -> tuple[Points, float]:
    """The place of one eye ((2,) px) at which most shots lie, and how many."""
    away = (shots[:, :2] - USUAL[which]) / SPREAD
    near = np.exp(-0.5 * (away**2).sum(1))
    kept = near > 0.04
    at, weight = shots[kept, :2], near[kept]
    if not len(at):
        return USUAL[which], 0.0
    apart = ((at[:, None] - at[None]) ** 2).sum(2)
    agree = np.exp(-0.5 * apart / BLUR**2)
    best = at[np.argmax((agree * weight).sum(1) * weight)]
    for _ in range(5):  # mean shift: uphill to the middle of the heap
        share = np.exp(-0.5 * ((at - best) ** 2).sum(1) / (1.5 * BLUR) ** 2) * weight
        best = (share[:, None] * at).sum(0) / share.sum()
    return best, float(np.exp(-0.5 * ((at - best) ** 2).sum(1) / (1.5 * BLUR) ** 2).sum())


def _pupil(smooth: NDArray[np.float32], mark: Points, side: float) -> Points:
    """The point that most gradients around `mark` point away from, dark itself: (2,) px.

    F. Timm and E. Barth, "Accurate eye centre localisation by means of
    gradients", VISAPP 2011; here on the patch's own grid with `mark` as prior.
    """
    x, y = mark
    reach = 0.26 * side
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    rows, columns = np.mgrid[
        int(y - reach) : int(y + reach) + 1, int(x - 1.3 * reach) : int(x + 1.3 * reach) + 1
    ]
    rows, columns = rows.clip(0, PATCH - 1), columns.clip(0, PATCH - 1)
    strength = np.hypot(gx, gy)[rows, columns].ravel()
    strong = strength > np.percentile(strength, 70)
    if not strong.any():
        return mark
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
