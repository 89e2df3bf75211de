"""Faces to make talk in the tests, all made from the shipped avatar."""

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine.avatar import default_face
from lipsync_engine.face import Face
from lipsync_engine.viseme.idle import Sway
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS, K
from lipsync_engine.viseme.portrait import Portrait, portrait
from lipsync_engine.viseme.pose import pose
from lipsync_engine.viseme.rig import Motion, draw

Image = NDArray[np.uint8]


def as_face(*views: tuple[Image, NDArray[np.float64]]) -> Face:
    """A face of pictures (H, W, 3) BGR with their (68, 2) landmarks."""
    pictures = tuple(cv2.imencode(".png", picture)[1].tobytes() for picture, _ in views)
    return Face(pictures, np.stack([marks for _, marks in views]).astype(np.float32), "user")


def avatar_view(
    width: int, height: int, scale: float, turn: float = 0
) -> tuple[Image, NDArray[np.float64]]:
    """The avatar's face in the middle of a picture, `scale` of its size, turned by degrees."""
    face = default_face()
    marks = face.landmarks[0].astype(np.float64)
    middle = (marks.min(0) + marks.max(0)) / 2 + [0, 20]
    affine = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), turn, scale)
    affine[:, 2] += np.array([width / 2, height / 2]) - middle
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    picture = cv2.warpAffine(
        face.image(0), affine, (width, height), flags=how, borderMode=cv2.BORDER_REPLICATE
    )
    return picture.astype(np.uint8), marks @ affine[:, :2].T + affine[:, 2]


def small_face() -> Face:
    return as_face(avatar_view(128, 128, 0.22))


def ready(view: tuple[Image, NDArray[np.float64]]) -> Portrait:
    picture, marks = view
    return portrait(picture, marks.astype(np.float32), torch.device("cpu"), sharp=True)


def mouth(**values: float) -> NDArray[np.float32]:
    """(1, K) mouth parameters, 0 but for those named."""
    row = np.zeros((1, K), np.float32)
    for name, value in values.items():
        row[0, MOUTH_PARAMETERS.index(name)] = value
    return row


def shown(face: Portrait, lids: float = 0, **values: float) -> Image:
    """One frame, (H, W, 3) BGR, without sway."""
    still = Sway(np.zeros((1, 2)), np.zeros(1))
    return draw(face, Motion(mouth(**values), np.array([lids]), still))[0]


def open_mouthed(view: tuple[Image, NDArray[np.float64]]) -> tuple[Image, NDArray[np.float64]]:
    """The same person photographed saying "eh", with the landmarks a locator would find."""
    closed = ready(view)
    said = {"jaw_open": 0.35, "upper_raise": 0.3}
    moved = pose(closed.rest, mouth(**said))
    marks = view[1].copy()
    marks[60:65] = closed.frame.to_pixels(
        np.stack([moved.corners[0, 0], *moved.upper[0, [1, 3, 5]], moved.corners[0, 1]])
    )
    marks[[67, 66, 65]] = closed.frame.to_pixels(moved.lower[0, [1, 3, 5]])
    shared = closed.frame.to_pixels(moved.shared[0])
    marks[2:15], marks[48:60] = shared[:13], shared[-12:]
    return shown(closed, **said), marks
