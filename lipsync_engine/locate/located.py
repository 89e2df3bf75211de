"""A face that a locator found, and how sure it is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import Points

Image = NDArray[np.uint8]  # (H, W, 3) BGR


@dataclass(frozen=True, slots=True)
class Located:
    """One face in one picture.

    Attributes:
        points: the 68 landmarks, pixels, (68, 2).
        confidence: 0..1. Of the built-in locator: see docs/referee.md for how often a face with
            so much confidence lay within its bounds. Of face-alignment, which tells none: 1.
    """

    points: Points
    confidence: float

    @property
    def width(self) -> float:
        """Between the jaw's ends, pixels."""
        return float(np.linalg.norm(self.points[16] - self.points[0]))


@dataclass(frozen=True, slots=True)
class Locator:
    """A way to find faces.

    Attributes:
        name: as in `Face.located_by`.
        find: all faces of a picture, most credible first.
        find_again: the face about where an earlier frame, or its motion since, had it.
        warnings: what the user should know about this choice.
    """

    name: str
    find: Callable[[Image], list[Located]]
    find_again: Callable[[Image, Points], Located | None]
    warnings: tuple[str, ...] = ()


def nearest(faces: list[Located], near: Points) -> Located | None:
    """The face nearest to `near` (68, 2), unless it is further off than its width."""
    if not faces:
        return None
    away = [float(np.linalg.norm(face.points - near, axis=1).mean()) for face in faces]
    best = int(np.argmin(away))
    return faces[best] if away[best] < np.ptp(near[:17, 0]) else None
