"""A person's correction of one picture's landmarks, laid onto every picture of a face.

In the first picture that shows the face the points are where the person put them.
In each other one the *difference* to what the locator had found is turned and scaled
with the head: by the similarity that takes the locator's points of the first picture
nearest to its points of the other one. So the correction is rigid on the head, and the
locator's tracking of speech and turning stays.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.face import Face
from lipsync_engine.locate import spoken_of_place
from lipsync_engine.locate.shape import Points, fit_similarity


def first_shown(face: Face) -> int:
    """The first picture that shows the face."""
    return next(index for index in range(face.n_images) if face.shows(index))


def corrected(face: Face, located: Points, wanted: Points) -> Face:
    """The face with a correction.

    Args:
        face: as a locator found it, at any frame rate.
        located: what the locator had found in the picture that was corrected, (68, 2).
        wanted: where the points belong there, (68, 2).
    """
    marks = face.landmarks.copy()
    for index in range(face.n_images):
        if face.shows(index):
            marks[index] += _carried(located, marks[index].astype(np.float64), wanted)
    return replace(
        face,
        landmarks=marks,
        located_by="user",
        confidence=1.0,
        warnings=tuple(text for text in face.warnings if not spoken_of_place(text)),
    )


def _carried(located: Points, here: Points, wanted: Points) -> NDArray[np.float32]:
    """The correction as it lies on another picture, (68, 2): turned and scaled with the head."""
    linear = fit_similarity(located, here)[:, :2]
    return ((wanted - located) @ linear.T).astype(np.float32)
