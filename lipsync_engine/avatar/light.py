"""Light on a height field: a warm key from the upper left, a cool fill, shadows, soft skin."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.avatar.canvas import SCALE, WIDTH, Field, Picture, blur

KEY = np.array([-0.46, -0.44, 0.77], np.float32)  # towards the light; y points down
FILL = np.array([0.80, -0.05, 0.60], np.float32)
KEY_COLOUR = np.array([1.06, 0.97, 0.86], np.float32)
FILL_COLOUR = np.array([0.28, 0.255, 0.25], np.float32)
AMBIENT = np.array([0.31, 0.272, 0.255], np.float32)
SHADE_TINT = np.array([0.16, -0.02, -0.12], np.float32)
SCATTER = (7.0, 3.2, 1.8)  # px that red, green, blue light wander under skin


def inflate(mask: Field, depth: float, coarse: int = 192) -> Field:
    """A dome of height `depth` over a shape: a root of the solution of Poisson's equation."""
    small = cv2.resize(mask, (coarse, coarse), interpolation=cv2.INTER_AREA)
    inside = small > 0.5
    dome = np.zeros_like(small)
    for size in (coarse // 8, coarse // 4, coarse // 2, coarse):
        level = cv2.resize(small, (size, size), interpolation=cv2.INTER_AREA) > 0.5
        dome = cv2.resize(dome, (size, size), interpolation=cv2.INTER_LINEAR)
        source = (coarse / size) ** 2
        for _ in range(160):
            mean = cv2.blur(dome, (3, 3), borderType=cv2.BORDER_CONSTANT) * 9 / 8 - dome / 8
            dome = np.where(level, mean + source, 0).astype(np.float32)
    dome = (np.where(inside, dome, 0) / dome.max()).astype(np.float32) ** 0.58 * depth
    large = cv2.resize(dome, (WIDTH, WIDTH), interpolation=cv2.INTER_CUBIC)
    return blur(np.asarray(large), 2.0)


def normals(height: Field) -> NDArray[np.float32]:
    """Unit normals of a height field: (WIDTH, WIDTH, 3)."""
    dy, dx = np.gradient(height * SCALE)
    normal = np.stack([-dx, -dy, np.ones_like(dx)], -1)
    return np.asarray(normal / np.linalg.norm(normal, axis=-1, keepdims=True), np.float32)


def cast_shadow(height: Field, reach: int = 90, softness: float = 9.0) -> Field:
    """1 where the key light reaches, 0 in another part's shadow; the edge is soft."""
    slope = KEY[2] / np.hypot(KEY[0], KEY[1])
    direction = KEY[:2] / np.hypot(KEY[0], KEY[1])
    step, lit = 3, np.full(height.shape, 1e9, np.float32)
    for distance in range(step, reach, step):
        shift = -direction * distance * SCALE
        moved = cv2.warpAffine(
            height, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), (WIDTH, WIDTH),
            borderMode=cv2.BORDER_REPLICATE,
        )  # fmt: skip
        lit = np.minimum(lit, height + distance * slope - moved)
    return 1 - 0.6 * (1 - blur(np.clip(lit / softness, 0, 1), 2.5))


def shade(
    albedo: Picture,
    height: Field,
    *,
    gloss: Field,
    scatter: bool = True,
    wrap: float = 0.25,
    shadow: Field | None = None,
) -> Picture:
    """Light a painted surface.

    Args:
        albedo: its own colour.
        height: pixels towards the viewer.
        gloss: 0..1, how much it shines.
        scatter: whether light wanders under the surface, as in skin.
        wrap: how far the key light reaches around the edge.
        shadow: 1 where the key reaches; computed from `height` when not given.
    """  # fmt: skip
    normal = normals(height)
    lit = cast_shadow(height) if shadow is None else shadow
    key = np.clip((normal @ KEY + wrap) / (1 + wrap), 0, None) * lit
    fill = np.clip(normal @ FILL, 0, None)
    hollow = np.clip((blur(height, 14.0) - height) / 26, -0.15, 0.55)
    open_sky = (1 - hollow) * (0.72 + 0.28 * normal[..., 2])
    light = (
        key[..., None] * KEY_COLOUR + fill[..., None] * FILL_COLOUR
        + (open_sky * np.clip(1 - 0.5 * hollow, 0, 1))[..., None] * AMBIENT
    )  # fmt: skip
    if scatter:
        light = np.stack([blur(light[..., c], SCATTER[c]) for c in range(3)], -1)
        shade_ = np.clip(1.05 - light[..., 1], 0, 1)  # what light gets through skin is red
        light = light * (1 + shade_[..., None] * SHADE_TINT)
    halfway = KEY + np.array([0, 0, 1], np.float32)
    facing = np.clip(normal @ (halfway / np.linalg.norm(halfway)), 0, 1)
    shine = (0.10 * facing**14 + 0.16 * facing**60) * lit * gloss
    return np.asarray(albedo * light + shine[..., None] * KEY_COLOUR, np.float32)
