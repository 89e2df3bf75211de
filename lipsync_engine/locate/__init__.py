"""Finding a face in the user's pictures: `locate`.

Reading order: shape (the average face), cascade -> eyes -> mouth -> built_in
(the locator that needs no download), network (the better one, when its weights
are here), motion (from some frames of a video to all).
"""

import os
from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.errors import (
    EngineError,
    FaceTooSmallError,
    NoFaceError,
    UnreadableMediaError,
    WeightsError,
)
from lipsync_engine.face import Face
from lipsync_engine.locate import built_in, motion, network
from lipsync_engine.locate.shape import Points

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Finder = Callable[[Image], list[Points]]

SMALLEST = 64.0  # px between the jaw's ends: lips are then 24 px wide, too few to move well
LOCATORS = ("auto", "face-alignment", "built-in")  # values of LIPCHORD_LOCATOR

NO_FACE = (
    "No face was found in the {what}. Use one in which a single person looks towards the camera, "
    "with both eyes and the mouth in view, in even light, and the face at least a fifth as wide "
    "as the picture."
)
TOO_SMALL = (
    "The face in the {what} is {found:.0f} pixels wide; at least {wanted:.0f} are needed. "
    "Use a picture with more pixels, or one taken from nearer."
)
FALLBACK = (
    "The face was located by the built-in locator because face-alignment's weights could not be "
    "fetched; landmarks may be a few pixels off. Connect this machine to the internet once, or "
    "mend the landmarks by hand if the mouth looks misplaced."
)
SEVERAL = (
    "{n} faces were found; the largest one is used. "
    "To choose another, crop the {what} to that person."
)


def locate(images: Sequence[bytes]) -> Face:
    """Find 68 landmarks on a photo (one image) or on every frame of a video (many).

    Args:
        images: each encoded, PNG or JPEG, as `Face` will keep it.

    Raises:
        NoFaceError: no image shows a face.
        FaceTooSmallError: too few pixels to move its lips.
        UnreadableMediaError: an image cannot be decoded.
        WeightsError: LIPCHORD_LOCATOR=face-alignment, and its weights are missing.
    """
    name, finder, warnings = choose_locator()
    what = "picture" if len(images) == 1 else "video"
    keys = motion.key_frames(len(images)) if images else []
    found, most = _search(images, keys, name, finder)
    if not found:
        raise NoFaceError(NO_FACE.format(what=what))
    landmarks = motion.spread(found, len(images))
    width = float(np.median(np.ptp(landmarks[:, :17], axis=1).max(1)))
    if width < SMALLEST:
        raise FaceTooSmallError(TOO_SMALL.format(what=what, found=width, wanted=SMALLEST))
    if most > 1:
        warnings = (*warnings, SEVERAL.format(n=most, what=what))
    return Face(tuple(images), landmarks, name, warnings)


def choose_locator() -> tuple[str, Finder, tuple[str, ...]]:
    """(name, how to find faces, what the user should know), by LIPCHORD_LOCATOR.

    Raises:
        EngineError: LIPCHORD_LOCATOR is not one of LOCATORS.
        WeightsError: face-alignment is asked for and cannot be had.
    """
    wanted = os.environ.get("LIPCHORD_LOCATOR", "auto")
    if wanted not in LOCATORS:
        raise EngineError(
            f"LIPCHORD_LOCATOR is {wanted!r}; set it to one of {', '.join(LOCATORS)}."
        )
    if wanted == "built-in":
        return "built-in", built_in.find_faces, ()
    loaded = network.load()
    if not isinstance(loaded, WeightsError):
        return "face-alignment", network.find_faces, ()
    if wanted == "face-alignment":
        raise loaded
    return "built-in", built_in.find_faces, (FALLBACK,)


def _search(
    images: Sequence[bytes], keys: Sequence[int], name: str, finder: Finder
) -> tuple[dict[int, Points], int]:
    """(the face by frame number, the most faces seen at once)."""
    found: dict[int, Points] = {}
    most, earlier = 0, None
    for key in keys:
        image = _decode(images[key])
        if earlier is not None and name == "built-in":
            followed = built_in.follow_face(image, earlier)
            faces = [followed] if followed is not None else finder(image)
        else:
            faces = finder(image)
        most = max(most, len(faces))
        if faces:
            earlier = found[key] = _same_or_largest(faces, earlier)
    return found, most


def _same_or_largest(faces: list[Points], earlier: Points | None) -> Points:
    """The face nearest to the earlier frame's, else the largest."""
    if earlier is not None:
        nearest = min(faces, key=lambda face: float(np.linalg.norm(face - earlier, axis=1).mean()))
        if np.linalg.norm(nearest - earlier, axis=1).mean() < np.ptp(earlier[:17, 0]):
            return nearest
    return max(faces, key=lambda face: float(np.ptp(face[:17], axis=0).max()))


def _decode(encoded: bytes) -> Image:
    image = None
    if encoded:
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise UnreadableMediaError(
            "The picture cannot be read. Save it as PNG or JPEG and try again."
        )
    return np.asarray(image, np.uint8)
