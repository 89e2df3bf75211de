"""The gallery's cast: one real person, one painting, and people drawn here; nobody needs a licence.

The astronaut is NASA's portrait (public domain) out of scikit-image; the lady is Leonardo's
(public domain), a crop beside this file; the others are the shipped avatar and what the
avatar's own program draws in other colours, with a beard or glasses; and a cartoon.
"""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from numpy.typing import NDArray

from benchmarks.cartoon import cartoon
from lipsync_engine.avatar import default_face, eyes, scene, skin
from lipsync_engine.avatar.canvas import Hair, draw_hairs, finish, polygon
from lipsync_engine.avatar.geometry import (
    MIDDLE,
    face_outline,
    half,
    landmarks,
    lip_curves,
    shifted,
    spline,
)
from lipsync_engine.face import Face
from lipsync_engine.locate import locate

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Mask = NDArray[np.float32]  # (H, W) 0..1
PAINTING = Path(__file__).parent / "portraits" / "mona-lisa.jpg"


def cast() -> dict[str, Callable[[], Face]]:
    """Name -> how to get that face."""
    return {
        "avatar": default_face,
        "astronaut": astronaut,
        "painting": painting,
        "bearded": lambda: as_face(bearded(), landmarks()),
        "glasses": glasses,
        "cartoon": lambda: as_face(*cartoon()),
    }


def as_face(picture: Image, marks: NDArray[np.float32]) -> Face:
    """A picture whose (68, 2) landmarks are known because it was drawn."""
    return Face((cv2.imencode(".png", picture)[1].tobytes(),), marks[None], "user")


def astronaut() -> Face:
    """A photo of 512 pixels, cut to head and shoulders and enlarged to 640."""
    photo = skimage.data.astronaut()[:256, 90:346, ::-1]
    large = cv2.resize(photo, (640, 640), interpolation=cv2.INTER_CUBIC)
    return locate([cv2.imencode(".png", large)[1].tobytes()])


def painting() -> Face:
    """Leonardo's lady, 512 pixels wide; her landmarks lie beside the picture."""
    marks = np.array(json.loads(PAINTING.with_suffix(".json").read_text()), np.float32)
    return as_face(cv2.imdecode(np.fromfile(PAINTING, np.uint8), cv2.IMREAD_COLOR), marks)


def bearded() -> Image:
    """A dark-skinned man with short hair and a full beard; (768, 768, 3) BGR."""
    picture = skin.draw_neck(scene.background())
    picture = scene.draw_clothes(picture)
    picture = skin.draw_head(picture, skin.head_height())
    picture = skin.draw_ears(eyes.draw_brows(eyes.draw_eyes(picture)))
    image = finish(picture)
    image = retinted(image, skin_of(image), 0.55, (0.72, 0.82))
    black = np.array([16.0, 20.0, 26.0])
    image = haired(image, short_hair(), black, 0.95)
    return haired(image, beard(), black, 0.85)


def glasses() -> Face:
    """The avatar behind horn-rimmed glasses, her head tilted by 12 degrees."""
    image = default_face().image(0)
    turn = cv2.getRotationMatrix2D((MIDDLE, 400.0), 12, 0.95)
    marks = landmarks().astype(np.float64) @ turn[:, :2].T + turn[:, 2]
    tilted = cv2.warpAffine(
        framed(image), turn, (768, 768), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return as_face(tilted, marks.astype(np.float32))


def skin_of(image: Image) -> Mask:
    """Where the avatar's skin shows: in colour like its cheeks, and not the whites or the lips."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    like = ((lab[..., 1] > 8) & (lab[..., 2] > 6) & (lab[..., 0] > 18)).astype(np.float32)
    like[:120] = 0
    return cv2.GaussianBlur(cv2.medianBlur(like, 5), (0, 0), 1.2)


def retinted(image: Image, where: Mask, light: float, tint: tuple[float, float]) -> Image:
    """Lightness and both colour axes of CIE Lab multiplied."""
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    other = np.clip(lab * np.array([light, *tint], np.float32), (0, -90, -90), (96, 90, 90))
    mixed = lab + (other.astype(np.float32) - lab) * where[..., None]
    return (cv2.cvtColor(mixed, cv2.COLOR_Lab2BGR).clip(0, 1) * 255).round().astype(np.uint8)


def haired(image: Image, hair: Mask, colour: NDArray[np.float64], strength: float) -> Image:
    """Hair laid over, as dark as `colour`."""
    return (image + (colour - image) * (strength * hair[..., None])).round().astype(np.uint8)


def short_hair() -> Mask:
    """A close crop over the skull, its line soft."""
    top = spline(half(((0, 74), (80, 84), (138, 122), (178, 190), (194, 270), (190, 330)), 1))
    line = spline(half(((174, 330), (172, 280), (150, 226), (96, 196), (0, 188)), 1))
    right = np.concatenate([top, line])
    left = np.stack([2 * MIDDLE - right[:, 0], right[:, 1]], 1)
    cap = np.maximum(polygon(right, 2.5), polygon(left, 2.5))
    return _strands(cap, 9000, 9.0, 0.97, 7)


def beard() -> Mask:
    """Cheeks below the ears, jaw, chin and moustache; the lips are free."""
    jaw = polygon(np.clip(face_outline(), (0, 430), None), 5.0)
    top, _, bottom = lip_curves()
    lips = polygon(np.concatenate([shifted(top, 0, -3), shifted(bottom, 0, 4)[::-1]]), 1.5)
    rows, columns = np.mgrid[: jaw.shape[0], : jaw.shape[1]].astype(np.float32) / 2
    edge = 500 - 0.0042 * (columns - MIDDLE) ** 2 + 30 * np.exp(-(((columns - MIDDLE) / 70) ** 2))
    lower = 1 / (1 + np.exp(-(rows - edge - 38 + 45 * (np.abs(columns - MIDDLE) > 74)) / 5))
    lip = np.exp(-(((rows - 500 - 0.004 * (columns - MIDDLE) ** 2) / 8) ** 4))
    lip *= np.abs(columns - MIDDLE) < 80
    return _strands(np.maximum(jaw * lower, lip) * (1 - lips), 12000, 8.0, 0.7, 8)


def framed(image: Image) -> Image:
    """Round horn-rimmed glasses before the eyes."""
    large = cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    for side in (-1, 1):
        centre = (round(4 * (MIDDLE + side * 84)), 4 * 352)
        cv2.ellipse(large, centre, (4 * 58, 4 * 50), 0, 0, 360, (28, 40, 62), 4 * 7, cv2.LINE_AA)
        cv2.ellipse(large, centre, (4 * 60, 4 * 52), 0, 195, 300, (60, 84, 120), 5, cv2.LINE_AA)
        arm = [(4 * MIDDLE + side * 4 * x, 4 * y) for x, y in ((140, 340), (190, 330))]
        cv2.line(large, *(tuple(map(round, end)) for end in arm), (28, 40, 62), 26, cv2.LINE_AA)
    cv2.ellipse(
        large, (round(4 * MIDDLE), 4 * 352), (4 * 27, 4 * 16), 0, 190, 350, (28, 40, 62), 24,
        cv2.LINE_AA,
    )  # fmt: skip
    return cv2.resize(large, (768, 768), interpolation=cv2.INTER_AREA)


def _strands(where: Mask, n: int, length: float, body: float, seed: int) -> Mask:
    """Short hairs wherever the enlarged mask says so, over a softer body; (768, 768)."""
    random = np.random.default_rng(seed)
    rows, columns = np.nonzero(where > random.uniform(0.05, 0.95, where.shape))
    chosen = random.integers(0, len(rows), n)
    roots = np.stack([columns[chosen], rows[chosen]], 1) / 2.0
    heading = np.pi / 2 + 0.5 * (MIDDLE - roots[:, 0]) / 190 + random.normal(0, 0.35, n)
    tips = roots + length * np.stack([np.cos(heading), np.sin(heading)], 1)
    hairs = draw_hairs(
        Hair(np.array([a, (a + b) / 2 + random.normal(0, 0.6, 2), b]), 1.1, s)
        for a, b, s in zip(roots, tips, random.uniform(0.5, 1, n), strict=True)
    )
    dense = np.clip(np.maximum(body * where, hairs), 0, 1)
    return cv2.resize(dense, (768, 768), interpolation=cv2.INTER_AREA)
