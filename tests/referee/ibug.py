"""The referee's points in our words, and how far a locator's are from them.

MediaPipe's mesh has 468 points and five in each iris; its canonical face
(`face_geometry/data/canonical_face_model_uv_visualization.png` in its
repository) says which is which. Left and right are the viewer's.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

FACE_SIDES = (234, 454)  # in front of the ears: about iBUG 0 and 16
LEFT_EYE, RIGHT_EYE = (33, 133), (362, 263)  # corners: iBUG 36, 39 and 42, 45
MOUTH_CORNERS = (61, 291)  # outer lips: iBUG 48, 54
INNER_LIPS = (13, 14)  # middle, upper and lower: iBUG 62, 66
OUTER_LIPS = (0, 17)  # iBUG 51, 57
NOSE_TIP, CHIN = 1, 152
# Each point and the one that a mirror puts in its place.
MIRRORED = {234: 454, 33: 263, 133: 362, 61: 291, 13: 13, 14: 14, 0: 0, 17: 17, 1: 1, 152: 152}


@dataclass(frozen=True, slots=True)
class Marks:
    """What the two are compared by, pixels.

    Attributes:
        eyes: (2, 2) middles between each eye's corners.
        corners: (2, 2) of the mouth.
        lips: (2, 2) inner edges in the middle, upper and lower.
        width: of the face.
    """

    eyes: Points
    corners: Points
    lips: Points
    width: float

    @property
    def mouth(self) -> Points:
        """(2,) the mouth's middle: of both corners and both inner lips."""
        return np.asarray((self.corners.mean(0) + self.lips.mean(0)) / 2)


def of_mesh(mesh: Points) -> Marks:
    """From the referee's (478, 2)."""
    return Marks(
        eyes=np.stack([mesh[list(LEFT_EYE)].mean(0), mesh[list(RIGHT_EYE)].mean(0)]),
        corners=mesh[list(MOUTH_CORNERS)],
        lips=mesh[list(INNER_LIPS)],
        width=float(np.linalg.norm(mesh[FACE_SIDES[0]] - mesh[FACE_SIDES[1]])),
    )


def of_landmarks(points: Points, width: float) -> Marks:
    """From our (68, 2); the face's width is the referee's."""
    eyes = [points[[36, 39]].mean(0), points[[42, 45]].mean(0)]
    return Marks(np.stack(eyes), points[[48, 54]], points[[62, 66]], width)


def unmirrored(mesh: Points, picture_width: int) -> Points:
    """What was seen in a mirrored picture, as it is in the picture itself.

    Only the points named in MIRRORED; the others are not a number.
    """
    back = np.full_like(mesh, np.nan)
    for one, other in {**MIRRORED, **{b: a for a, b in MIRRORED.items()}}.items():
        back[one] = (picture_width - 1 - mesh[other, 0], mesh[other, 1])
    return back


@dataclass(frozen=True, slots=True)
class Errors:
    """How far a located face is from the truth, as shares of the face's width."""

    eyes: float  # the worse of two
    mouth: float
    corners: float  # the worse of two

    @property
    def within(self) -> bool:
        """Inside all bounds of issue 3, B5."""
        return self.eyes <= 0.04 and self.mouth <= 0.05 and self.corners <= 0.08


def errors(found: Marks, truth: Marks) -> Errors:
    """How far `found` is from `truth`."""

    def worst(one: Points, other: Points) -> float:
        return float(np.linalg.norm(one - other, axis=-1).max() / truth.width)

    return Errors(
        eyes=worst(found.eyes, truth.eyes),
        mouth=worst(found.mouth[None], truth.mouth[None]),
        corners=worst(found.corners, truth.corners),
    )
