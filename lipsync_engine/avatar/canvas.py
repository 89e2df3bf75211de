"""Paint and brushes: masks, soft bumps, noise, and laying one colour over another.

Everything is drawn `SCALE` times larger than it ends up, in linear light,
float32. A *field* is (SIZE * SCALE, SIZE * SCALE) float32.
"""

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.avatar.geometry import SIZE, Points, spline

SCALE = 2
WIDTH = SIZE * SCALE
SUBPIXEL = 4  # bits after the point in OpenCV's drawing coordinates

Field = NDArray[np.float32]
Picture = NDArray[np.float32]  # (WIDTH, WIDTH, 3), linear RGB

_axis = (np.arange(WIDTH, dtype=np.float32) + 0.5) / SCALE - 0.5
X: Field = np.broadcast_to(_axis[None, :], (WIDTH, WIDTH))
Y: Field = np.broadcast_to(_axis[:, None], (WIDTH, WIDTH))


def rgb(code: str) -> NDArray[np.float32]:
    """'#rrggbb' as people write it, in linear light: (3,)."""
    srgb = np.array([int(code[i : i + 2], 16) for i in (1, 3, 5)], np.float32) / 255
    return np.asarray(np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4))


def to_fixed(points: Points) -> NDArray[np.int32]:
    """Picture coordinates to OpenCV's fixed-point ones on the enlarged canvas."""
    return np.asarray(np.round(((points + 0.5) * SCALE - 0.5) * 2**SUBPIXEL), np.int32)


def polygon(points: Points, soften: float = 0.0) -> Field:
    """1 inside, 0 outside, the edge blurred by `soften` pixels."""
    mask = np.zeros((WIDTH, WIDTH), np.uint8)
    cv2.fillPoly(mask, [to_fixed(points)], 255, cv2.LINE_AA, SUBPIXEL)
    return blur(np.asarray(mask / np.float32(255), np.float32), soften)


class Hair(NamedTuple):
    """One hair: points from root to tip, width at the root in pixels, how strong (0..1)."""

    points: Points
    width: float
    strength: float


def draw_hairs(hairs: Iterable[Hair]) -> Field:
    """All hairs, tapering to their tips; a later one lies over an earlier one."""
    mask = np.zeros((WIDTH, WIDTH), np.uint8)
    for hair in hairs:
        curve = spline(hair.points, steps=6)
        outline = widen(curve, np.linspace(hair.width, 0.3, len(curve)))
        shade = round(255 * min(hair.strength, 1.0))
        cv2.fillPoly(mask, [to_fixed(outline)], shade, cv2.LINE_AA, SUBPIXEL)
    return np.asarray(mask / np.float32(255), np.float32)


def widen(points: Points, widths: NDArray[np.float64]) -> Points:
    """The outline of a line whose width changes from point to point."""
    step = np.gradient(points, axis=0)
    normal = np.stack([-step[:, 1], step[:, 0]], 1) / (np.hypot(*step.T)[:, None] + 1e-9)
    offset = normal * widths[:, None] / 2
    return np.concatenate([points + offset, (points - offset)[::-1]])


def stroke(points: Points, widths: NDArray[np.float64], soften: float = 0.0) -> Field:
    """A line whose width (pixels) changes from point to point."""
    return polygon(widen(points, widths), soften)


def blur(field: Field, sigma: float) -> Field:
    """Gaussian blur, sigma in picture pixels; wide ones on a smaller copy, for speed."""
    if sigma <= 0:
        return field
    shrink = max(1, int(sigma * SCALE / 6))
    if shrink > 1:
        size = (field.shape[1] // shrink, field.shape[0] // shrink)
        small = cv2.resize(field, size, interpolation=cv2.INTER_AREA)
        small = cv2.GaussianBlur(small, (0, 0), sigma * SCALE / shrink)
        return np.asarray(cv2.resize(small, (WIDTH, WIDTH), interpolation=cv2.INTER_CUBIC))
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma * SCALE))


def bump(x: float, y: float, sx: float, sy: float, tilt: float = 0.0) -> Field:
    """A Gaussian hill of height 1 at (x, y), tilted by `tilt` degrees."""
    c, s = np.cos(np.radians(tilt)), np.sin(np.radians(tilt))
    along, over = (X - x) * c + (Y - y) * s, (Y - y) * c - (X - x) * s
    return np.asarray(np.exp(-0.5 * ((along / sx) ** 2 + (over / sy) ** 2)), np.float32)


def ramp(field: Field, low: float, high: float) -> Field:
    """Smooth step from 0 at `low` to 1 at `high` (which may be the smaller)."""
    t = np.clip((field - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def noise(seed: int, grain: float) -> Field:
    """Smooth noise of unit variance whose blotches are `grain` pixels wide."""
    random = np.random.default_rng(seed)
    n = max(4, int(SIZE / grain) + 3)
    coarse = random.standard_normal((n, n)).astype(np.float32)
    fine = cv2.resize(coarse, (WIDTH, WIDTH), interpolation=cv2.INTER_CUBIC)
    return np.asarray(fine / fine.std())


def over(below: Picture, colour: NDArray[np.float32], alpha: Field) -> Picture:
    """`colour` ((3,) or a picture) laid over `below` as far as `alpha` says."""
    return np.asarray(below + (colour - below) * alpha[..., None], np.float32)


def darken(below: Picture, amount: Field, tint: NDArray[np.float32]) -> Picture:
    """Multiply towards `tint` (3,) where `amount` is 1."""
    return np.asarray(below * (1 + (tint - 1) * amount[..., None]), np.float32)


def finish(picture: Picture) -> NDArray[np.uint8]:
    """Shrink to SIZE and encode as sRGB: (SIZE, SIZE, 3) uint8 BGR."""
    small = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_AREA).clip(0, 1)
    srgb = np.where(small <= 0.0031308, small * 12.92, 1.055 * small ** (1 / 2.4) - 0.055)
    return np.ascontiguousarray((srgb * 255).round().astype(np.uint8)[..., ::-1])
