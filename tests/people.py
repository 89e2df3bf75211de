"""Test pictures: a real person, the avatar, turned and worn copies of both, and no one at all."""

from collections.abc import Callable

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from lipsync_engine.avatar import default_face

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Affine = NDArray[np.float64]  # (2, 3), from the original's pixels to the copy's

UNMOVED: Affine = np.eye(2, 3)
# Placed by eye on a fivefold enlargement: corners of the mouth, pupils, edges of the lips.
ASTRONAUT_CORNERS = np.array([[204.4, 140.4], [243.8, 141.4]])
ASTRONAUT_PUPILS = np.array([[204.0, 101.0], [247.0, 103.2]])
ASTRONAUT_LIPS_TOP_BOTTOM = np.array([[223.4, 139.6], [222.4, 154.2]])
ASTRONAUT_EYES_APART = 67.3  # px between the outer corners of the eyes


def astronaut() -> Image:
    """E. Collins, NASA portrait, public domain; 512 x 512, smiling, teeth in view."""
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])


def avatar() -> Image:
    return default_face().image(0)


def glossy_avatar() -> Image:
    """The avatar with a wet shine on her lower lip, as pale as teeth."""
    rows, columns = np.mgrid[:768, :768]
    shine = np.exp(-0.5 * (((columns - 384) / 22) ** 2 + ((rows - 545) / 4.5) ** 2))[..., None]
    return (avatar() * (1 - 0.6 * shine) + 255 * 0.6 * shine).astype(np.uint8)


def png(image: Image) -> bytes:
    return cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def jpeg(image: Image, quality: int = 90) -> bytes:
    return cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def turned(image: Image, degrees: float) -> tuple[Image, Affine]:
    """The picture turned about its middle, counter-clockwise."""
    height, width = image.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    copy = cv2.warpAffine(image, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return copy, turn


def scaled(image: Image, factor: float) -> tuple[Image, Affine]:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    shift = 0.5 * factor - 0.5
    copy = cv2.resize(image, None, fx=factor, fy=factor, interpolation=how)
    return copy, np.array([[factor, 0, shift], [0, factor, shift]])


def gamma(image: Image, power: float) -> tuple[Image, Affine]:
    return (255 * (image / 255.0) ** power).astype(np.uint8), UNMOVED


def dimmed(image: Image) -> tuple[Image, Affine]:
    """As if skin and light were darker and warmer."""
    return (image * np.array([0.38, 0.45, 0.55])).astype(np.uint8), UNMOVED


def crushed(image: Image) -> tuple[Image, Affine]:
    """Through a JPEG of quality 40."""
    return cv2.imdecode(np.frombuffer(jpeg(image, 40), np.uint8), cv2.IMREAD_COLOR), UNMOVED


def gray(image: Image) -> tuple[Image, Affine]:
    return cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR), UNMOVED


WEAR: dict[str, Callable[[Image], tuple[Image, Affine]]] = {
    "as it is": lambda image: (image, UNMOVED),
    "half size": lambda image: scaled(image, 0.5),
    "three times as large": lambda image: scaled(image, 3.0),
    "turned left": lambda image: turned(image, 25),
    "turned right": lambda image: turned(image, -25),
    "bright": lambda image: gamma(image, 0.5),
    "dim and warm": dimmed,
    "JPEG 40": crushed,
    "gray": gray,
}


def wall() -> Image:
    """Plaster with a slow gradient of light."""
    random = np.random.default_rng(5)
    light = np.linspace(150, 205, 640)[None, :, None] * np.array([0.93, 0.97, 1.0])
    return (light + random.normal(0, 4, (480, 640, 3))).clip(0, 255).astype(np.uint8)


def bricks() -> Image:
    return np.repeat(skimage.data.brick()[..., None], 3, 2)


def noise() -> Image:
    return np.random.default_rng(6).integers(0, 256, (360, 480, 3)).astype(np.uint8)


def blobs() -> Image:
    """Soft many-coloured blotches, which the cascades sometimes take for a face."""
    random = np.random.default_rng(0)
    random.integers(0, 255, (480, 640, 3))
    coarse = random.random((12, 16, 3)).astype(np.float32)
    fine = cv2.resize(coarse, (640, 480), interpolation=cv2.INTER_CUBIC)
    return (fine.clip(0, 1) * 255).astype(np.uint8)


def rocket() -> Image:
    """A launch: sky, tower, fire."""
    return np.ascontiguousarray(skimage.data.rocket()[..., ::-1])


def two_people() -> Image:
    """The avatar at 0.6 of her size, and beside her an astronaut with a smaller face."""
    large, small = scaled(avatar(), 0.6)[0], astronaut()
    place = np.full((512, large.shape[1] + 512, 3), 150, np.uint8)
    place[: large.shape[0], : large.shape[1]] = large
    place[:, large.shape[1] :] = small
    return place
