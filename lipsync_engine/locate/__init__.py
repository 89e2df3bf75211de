"""Finding a face in the user's pictures: `locate`.

Reading order: shape (the average face), cascade -> eyes, lower_face -> outline -> inner_lips ->
mouth -> built_in (the locator that needs no download), network (the better one, when its weights
are here), located (what both give), flow -> track -> steady (a face through a video).
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np

from lipsync_engine.errors import EngineError, FaceTooSmallError, NoFaceError, WeightsError
from lipsync_engine.face import Face
from lipsync_engine.locate import built_in, network, steady, track
from lipsync_engine.locate.located import Locator

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
UNSURE = (
    "The locator is unsure of this face (confidence {sure:.2f} of 1): the mouth may be misplaced. "
    "Look at the video; if it is, use a {what} with even light, taken from the front."
)
SURE = 0.35  # of 1: with less, the user is told
AWAY = (
    "In {seconds:.1f} of the face video's {whole:.1f} seconds no face was found; "
    "those frames are shown as they are."
)
SEVERAL = (
    "{n} faces were found; the largest one is used. "
    "To choose another, crop the {what} to that person."
)


def locate(images: Sequence[bytes], fps: Fraction = Fraction(25)) -> Face:
    """Find 68 landmarks on a photo (one image) or on every frame of a video (many).

    Args:
        images: each encoded, PNG or JPEG, as `Face` will keep it.
        fps: of a video, frames a second.

    Raises:
        NoFaceError: no image shows a face.
        FaceTooSmallError: too few pixels to move its lips.
        UnreadableMediaError: an image cannot be decoded.
        WeightsError: LIPCHORD_LOCATOR=face-alignment, and its weights are missing.
    """
    locator = choose_locator()
    what = "picture" if len(images) == 1 else "video"
    seen = track.watch(images, steady.look_every(fps), locator)
    if not seen.seen:
        raise NoFaceError(NO_FACE.format(what=what))
    landmarks, found = steady.landmarks(seen, fps)
    width = float(np.median(np.ptp(landmarks[found][:, :17], axis=1).max(1)))
    if width < SMALLEST:
        raise FaceTooSmallError(TOO_SMALL.format(what=what, found=width, wanted=SMALLEST))
    sure = float(np.median([face.confidence for face in seen.seen.values()]))
    warnings = locator.warnings
    if seen.most > 1:
        warnings += (SEVERAL.format(n=seen.most, what=what),)
    if sure < SURE:
        warnings += (UNSURE.format(sure=sure, what=what),)
    if not found.all():
        away, whole = (float(n / fps) for n in ((~found).sum(), len(images)))
        warnings += (AWAY.format(seconds=away, whole=whole),)
    return Face(tuple(images), landmarks, locator.name, warnings, sure, found)


def spoken_of_place(warning: str) -> bool:
    """Whether a warning says that landmarks may be misplaced: once they are mended, it is void."""
    return warning == FALLBACK or warning.startswith(UNSURE.partition("(")[0])


def choose_locator() -> Locator:
    """How faces are found, by LIPCHORD_LOCATOR.

    Raises:
        EngineError: LIPCHORD_LOCATOR is not one of LOCATORS.
        WeightsError: face-alignment is asked for and cannot be had.
    """
    wanted = os.environ.get("LIPCHORD_LOCATOR", "auto")
    if wanted not in LOCATORS:
        raise EngineError(
            f"LIPCHORD_LOCATOR is {wanted!r}; set it to one of {', '.join(LOCATORS)}."
        )
    ours = Locator("built-in", built_in.find_faces, built_in.find_again)
    if wanted == "built-in":
        return ours
    loaded = network.load()
    if not isinstance(loaded, WeightsError):
        return Locator("face-alignment", network.find_faces, network.find_again)
    if wanted == "face-alignment":
        raise loaded
    return replace(ours, warnings=(FALLBACK,))
