"""Blinks: the skin of both lids slides over the eye, and the eye itself stays where it is."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipsync_engine.viseme.elementary import exp_
from lipsync_engine.viseme.geometry import Box, Points
from lipsync_engine.viseme.sampling import Texture, read

UPPER_SHARE = 0.84  # the upper lid does most of the way down, the lower one the rest
FRAME = 0.3  # of the skin's brightness: a darker band above a lid is the frame of glasses
LINE, LINE_SHADE = 0.06, 0.35  # the lashes' shadow where shut lids meet: of half an eye; of light
WHITE_EDGE = 0.05  # of half an eye: lower landmarks lie on the white, which must not stick to skin
EYES = ((36, 37, 38, 39, 40, 41, 19), (42, 43, 44, 45, 46, 47, 24))  # and the brow above


@dataclass(frozen=True)
class Eye:
    """One eye on the photo. Lids are v = (1 - s^2) (a + b s) over its own corner-to-corner axis.

    Attributes:
        box: pixels that a blink may touch.
        centre, half, along: the middle between the corners (pixels), half their distance
            (pixels), and the unit vector from the left to the right one.
        upper, lower: (a, b) in pixels.
        skin: pixels above the upper lid that stretch with it; below the brow, which stays.
        lashes: pixels above the upper lid that keep their shape.
    """

    box: Box
    centre: tuple[float, float]
    half: float
    along: tuple[float, float]
    upper: tuple[float, float]
    lower: tuple[float, float]
    skin: float
    lashes: float


def eye_of(picture: NDArray[np.uint8], landmarks: Points, marks: tuple[int, ...], roi: Box) -> Eye:
    """Measure one eye of (H, W, 3) BGR with (68, 2) landmarks; `marks` is one of `EYES`."""
    points = landmarks[list(marks[:6])]
    left, right = points[0], points[3]
    half = max(float(np.hypot(*(right - left))) / 2, 1.0)
    along = (right - left) / (2 * half)
    centre = (left + right) / 2
    axes = np.array([along, [-along[1], along[0]]])
    local = (points - centre) @ axes.T
    upper, lower = _lid(local[[1, 2]], half), _lid(local[[5, 4]], half)
    lower = (lower[0] + WHITE_EDGE * half, lower[1])
    opening = max(lower[0] - upper[0], 0.0)
    brow = abs(float((landmarks[marks[6]] - centre) @ axes[1]) - upper[0])
    skin = max(_free_skin(picture, centre, axes, half, upper[0], 0.78 * brow), 0.4 * opening, 2.0)
    reach = 1.1 * half
    # 1.25 is the ramp's steepest slope: skin must not be turned over.
    lashes = float(np.clip(skin - 0.35 * UPPER_SHARE * opening, 0, 0.3 * half))
    corners = np.array(
        [[x, y] for x in (-reach, reach) for y in (upper[0] - skin - 2, lower[0] + opening + 3)]
    )
    around = centre + corners @ axes
    low = np.maximum(np.floor(around.min(0)).astype(int), [roi.x, roi.y])
    high = np.minimum(np.ceil(around.max(0)).astype(int), [roi.x + roi.width, roi.y + roi.height])
    size = np.maximum(high - low, 0)
    return Eye(
        Box(int(low[0]), int(low[1]), int(size[0]), int(size[1])),
        (float(centre[0]), float(centre[1])),
        half,
        (float(along[0]), float(along[1])),
        upper,
        lower,
        skin,
        lashes,
    )


def close(eye: Eye, texture: Texture, here: Tensor, lids: Tensor, roi: Box) -> Tensor:
    """`eye` and its lids, (b, 3, h, w) BGR 0..255 of the box `eye.box`.

    Args:
        texture: of the region of interest, eyes open.
        here: (b, h, w, 2) where the box is read, pixels of the texture.
        lids: (b, 1, 1) 0 open .. 1 shut.
    """
    x = here[..., 0] / texture.step + (roi.x - eye.centre[0])
    y = here[..., 1] / texture.step + (roi.y - eye.centre[1])
    ax, ay = eye.along
    s = (x * ax + y * ay) / eye.half
    v = y * ax - x * ay

    lens = (1 - s * s).clamp(min=0)
    top = lens * (eye.upper[0] + eye.upper[1] * s)
    bottom = lens * (eye.lower[0] + eye.lower[1] * s)
    opening = (bottom - top).clamp(min=0) * lids
    fall, rise = UPPER_SHARE * opening, (1 - UPPER_SHARE) * opening
    top, bottom = top + fall, bottom - rise
    above, below = top - v, v - bottom  # distances into each lid's skin
    # Brow and cheek stand still, and all the skin between them and the lids gives way.
    t = (above - eye.lashes) / (eye.skin + fall - eye.lashes)
    smear = lids * _stretched(t) * (2 * lens).clamp(max=1)
    upper = _slid(eye, texture, here, -fall * _ramp(t), smear)
    lower = _slid(eye, texture, here, rise * _ramp(below / (0.75 * eye.half + rise)), None)
    soft = max(1.0, 0.03 * eye.half)
    # Shut lids overlap, or a line of the white would shine through between them.
    edge = 0.5 + 0.5 * lids
    over, under = ((side / soft + edge).clamp(0, 1)[:, None] for side in (above, below))
    shade = 1 - 0.4 * lids * exp_(above.clamp(max=0) / (0.12 * eye.half))
    ball = read(texture, here) * shade[:, None]
    picture = ball + under * (lower - ball)
    picture = picture + over * (upper - picture)
    line = lids**2 * lens * exp_(-((above / (LINE * eye.half)) ** 2))
    return picture * (1 - LINE_SHADE * line)[:, None]


def _free_skin(
    picture: NDArray[np.uint8], centre: Points, axes: Points, half: float, lid: float, most: float
) -> float:
    """Pixels above the lid, at most `most`, that are skin: up to the frame of glasses, if any."""
    away = np.arange(0.0, max(most, 1.0))
    across = np.linspace(-0.5, 0.5, 9) * half
    at = centre + np.stack(np.broadcast_arrays(across, lid - away[:, None]), -1) @ axes
    size = np.array([picture.shape[1], picture.shape[0]])
    x, y = np.moveaxis(np.clip(np.rint(at).astype(int), 0, size - 1), -1, 0)
    light = np.median(picture[y, x].mean(-1), axis=1)
    behind_lashes = away > 0.25 * half
    if not behind_lashes.any():
        return most
    dark = behind_lashes & (light < (1 - FRAME) * np.percentile(light, 75))
    return float(away[dark][0] - 0.1 * half) if dark.any() else most


def _slid(eye: Eye, texture: Texture, here: Tensor, shift: Tensor, smear: Tensor | None) -> Tensor:
    """The skin `shift` pixels further down the eye's own axis, (b, 3, h, w).

    Where a lid is stretched, lashes would draw out into stripes: `smear` (0..1) averages
    five places side by side.
    """
    ax, ay = eye.along
    down = torch.tensor([-ay, ax], dtype=torch.float32, device=here.device) * texture.step
    slid = here + shift[..., None] * down
    if smear is None:
        return read(texture, slid)
    along = torch.tensor([ax, ay], dtype=torch.float32, device=here.device)
    aside = smear[..., None] * along * (eye.half * texture.step)
    total = torch.zeros(len(here), 3, *here.shape[1:3], device=here.device)
    for step in (-0.26, -0.13, 0.0, 0.13, 0.26):
        total += read(texture, slid + step * aside)
    return total / 5


def _lid(two: Points, half: float) -> tuple[float, float]:
    """The (a, b) of the lid through two (s, v) points and both corners."""
    s = np.clip(two[:, 0] / half, -0.85, 0.85)
    system = np.stack([1 - s**2, (1 - s**2) * s], 1)
    if abs(s[0] - s[1]) < 0.1:
        return float(two[:, 1].mean() / (1 - s.mean() ** 2)), 0.0
    a, b = np.linalg.solve(system, two[:, 1])
    return float(a), float(b)


def _ramp(t: Tensor) -> Tensor:
    """1 at the lid's edge, 0 where the skin stands still."""
    t = t.clamp(0, 1)
    # Rounded for a fifth at both ends, straight between: the least steep that still joins smoothly.
    steep, end = 1.25, 0.2
    near = 1 - steep / (2 * end) * t * t
    far = steep / (2 * end) * (1 - t) ** 2
    return torch.where(t < end, near, torch.where(t > 1 - end, far, 1 - steep * (t - end / 2)))


def _stretched(t: Tensor) -> Tensor:
    """0 at the lashes and where the skin stands still, 1 between."""
    t = t.clamp(0, 1)
    return (8 * t * (1 - t)).clamp(max=1)
