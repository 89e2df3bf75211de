"""Where faces may be: OpenCV's Haar cascades on the picture and on tilted copies of it."""

import math
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]  # (h, w)

TILTS = (0.0, -15.0, 15.0, -30.0, 30.0)  # degrees
CASCADES = ("haarcascade_frontalface_alt2.xml", "haarcascade_frontalface_default.xml")
PAD = 0.15  # of the longer side, around the whole picture
PLENTY = 40.0  # votes
SMALLEST = 34  # px on the searched copy; the cascades were trained on 20 and 24


@dataclass(frozen=True, slots=True)
class Candidate:
    """A square that may hold a face.

    Attributes:
        x, y: its middle, in pixels of the picture.
        side: of the square; eyes lie near 0.38 of it from the top, the chin near its bottom.
        tilt: degrees that the head leans clockwise.
        votes: how many overlapping detections agree.
    """

    x: float
    y: float
    side: float
    tilt: float
    votes: float


@cache
def classifier(name: str) -> cv2.CascadeClassifier:
    """A cascade that ships with OpenCV; loaded once."""
    return cv2.CascadeClassifier(str(Path(cv2.__file__).parent / "data" / name))


def candidates(gray: Gray, longer_side: int, tilts: tuple[float, ...] = TILTS) -> list[Candidate]:
    """Squares in the picture that may be faces, best first, overlapping ones merged.

    Args:
        gray: the whole picture.
        longer_side: pixels to shrink it to before the search.
        tilts: degrees by which heads may lean.
    """
    scale = min(1.0, longer_side / max(gray.shape))
    small = cv2.resize(gray, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.createCLAHE(2.0, (8, 8)).apply(small)
    # The cascades want to see some of what is around a face, which a close crop has not.
    pad = int(PAD * max(small.shape))
    small = cv2.copyMakeBorder(small, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    found: list[Candidate] = []
    for tilt in tilts:
        found += _search(small.astype(np.uint8), tilt, scale)
        if sum(hit.votes for hit in found) > PLENTY:
            break  # an upright head: tilted copies would show it again, at three times the cost
    away = pad / scale
    found.sort(key=lambda hit: (hit.tilt, hit.votes, hit.x, hit.y))  # threads finish in any order
    return _merge([replace(hit, x=hit.x - away, y=hit.y - away) for hit in found])


def _search(small: Gray, tilt: float, scale: float) -> list[Candidate]:
    """Detections on a copy turned back by `tilt`, mapped to the picture."""
    height, width = small.shape
    radius = math.hypot(height, width) / 2 if tilt else 0.0
    size = (int(2 * radius), int(2 * radius)) if tilt else (width, height)
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
    turn[:, 2] += (size[0] / 2 - width / 2, size[1] / 2 - height / 2)
    turned = cv2.warpAffine(small, turn, size, borderMode=cv2.BORDER_REPLICATE) if tilt else small
    back = cv2.invertAffineTransform(turn)
    hits = []
    for name in CASCADES if tilt == 0 else CASCADES[:1]:  # a tilt's second look costs too much
        boxes, votes = classifier(name).detectMultiScale2(turned, 1.1, 3, 0, (SMALLEST, SMALLEST))
        for (x, y, w, _), n in zip(boxes, np.ravel(votes), strict=True):
            middle_x, middle_y = (back @ (x + w / 2, y + w / 2, 1.0) / scale).tolist()
            hits.append(Candidate(middle_x, middle_y, float(w / scale), tilt, float(n)))
    return hits


def _merge(found: list[Candidate]) -> list[Candidate]:
    """One candidate per place: the tilt with the most votes, its neighbours' votes added."""
    merged: list[Candidate] = []
    for hit in sorted(found, key=lambda hit: -hit.votes):
        if all(math.hypot(hit.x - kept.x, hit.y - kept.y) > 0.4 * kept.side for kept in merged):
            same = [
                other for other in found
                if math.hypot(hit.x - other.x, hit.y - other.y) < 0.25 * hit.side
                and 0.7 < other.side / hit.side < 1.45
            ]  # fmt: skip
            weights = np.array([other.votes for other in same])
            tilt = float(np.average([other.tilt for other in same], weights=weights))
            merged.append(Candidate(hit.x, hit.y, hit.side, tilt, float(weights.sum())))
    return sorted(merged, key=lambda hit: -hit.votes)
