"""The inside of an open mouth, frame by frame: dark, tongue, teeth, and shadow on them."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from lipsync_engine.viseme.elementary import exp_
from lipsync_engine.viseme.geometry import Points
from lipsync_engine.viseme.light import Light
from lipsync_engine.viseme.pose import MouthPose
from lipsync_engine.viseme.shape import MIDDLE, STATIONS, RestMouth
from lipsync_engine.viseme.teeth import ABOVE, BEHIND_LIP, BELOW, REACH_U, Teeth

FORWARD = 0.35  # of the light, more, that a tongue gets which is lifted to the teeth
HOOD = 0.5  # of the light that lips pushed forward keep from the inside
ABSORBED = np.array([0.45, 0.33, 0.0])  # BGR: shadow in a mouth is warm
CURVE_DEGREE = 4  # of an inner lip's v over s, for shading
_S = np.concatenate([[-1.0], STATIONS, [1.0]])
_FIT = np.linalg.pinv(np.vander(_S, CURVE_DEGREE + 1))  # (5, 9)


@dataclass(frozen=True)
class Interior:
    """What is constant about one face's mouth, on the device.

    Attributes:
        u, v: (h, w) face units of the pixels it is drawn on.
        upper, lower: (1, 4, h', w') the rows of teeth, alpha last.
        tongue, cavity, crease: (1, 3, 1, 1) BGR; the crease is the line between closed lips.
    absorbed: (1, 3, 1, 1) of the light that has come through and off flesh.
        centre: the mouth's middle u.
        edge, seam: v of the upper row's biting edge, and of the closed lips.
    """

    u: Tensor
    v: Tensor
    upper: Tensor
    lower: Tensor
    tongue: Tensor
    cavity: Tensor
    crease: Tensor
    absorbed: Tensor
    centre: float
    edge: float
    seam: float


def interior(
    rest: RestMouth, teeth: Teeth, light: Light, grid: Points, device: torch.device
) -> Interior:
    """Put a mouth's inside on the device; `grid` (h, w, 2) is its pixels in face units."""

    def picture(row: Points) -> Tensor:
        # Colours are multiplied by alpha, so that a tooth's edge takes no colour from outside it.
        ready = np.concatenate([row[..., :3] * row[..., 3:], row[..., 3:]], -1)
        return torch.tensor(ready.transpose(2, 0, 1)[None], dtype=torch.float32, device=device)

    def colour(bgr: Points) -> Tensor:
        return torch.tensor(bgr.reshape(1, 3, 1, 1), dtype=torch.float32, device=device)

    u, v = (torch.tensor(grid[..., i], dtype=torch.float32, device=device) for i in (0, 1))
    return Interior(
        u,
        v,
        picture(teeth.upper),
        picture(teeth.lower),
        colour(light.tongue),
        colour(light.cavity),
        colour(light.crease),
        colour(ABSORBED * light.colourful),
        rest.centre,
        teeth.edge,
        float(rest.seam[MIDDLE, 1]),
    )


def draw(inside: Interior, pose: MouthPose, sway: Points) -> Tensor:
    """The mouth's inside as if there were no lips before it.

    Args:
        inside: the face's.
        pose: of b frames.
        sway: (b, 2) of the head, face units.

    Returns:
        (b, 3, h, w) BGR 0..255.
    """
    device = inside.u.device

    def each(values: Points) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device)[:, None, None]

    u = inside.u - each(sway[:, 0]) - inside.centre
    v = inside.v - each(sway[:, 1])
    half = (pose.corners[:, 1, 0] - pose.corners[:, 0, 0]) / 2
    s = (u / each(half)).clamp(-1, 1)
    top, bottom = _curve(pose.upper, pose, s), _curve(pose.lower, pose, s)
    drop, lift = each(pose.jaw_drop), each(pose.tongue)
    gap = (bottom - top).clamp(min=1e-3)

    picture = inside.cavity * (0.35 + 0.75 * ((v - top) / gap).clamp(0, 1))[:, None]
    tongue, cover = _tongue(inside, u, v, drop, lift)
    picture = torch.lerp(picture, tongue, cover)
    picture = _over(picture, inside.lower, u, v - (inside.seam + BEHIND_LIP) - drop)
    picture = torch.lerp(picture, tongue, cover * lift[:, None])
    picture = _over(picture, inside.upper, u, v)
    light = (_shadow(s, v - top, bottom - v, gap) * (1 - HOOD * each(pose.hood)))[:, None]
    lit = picture.mul_(torch.addcmul(light, light * (light - 1), inside.absorbed))
    return torch.lerp(lit, inside.crease, touching(pose, device))


def touching(pose: MouthPose, device: torch.device) -> Tensor:
    """(b, 1, 1, 1) 1 where lips touch, 0 from a gap of 2 mm on."""
    closeness = np.clip(1 - pose.gap / 0.03, 0, 1)
    return torch.tensor(closeness, dtype=torch.float32, device=device)[:, None, None, None]


def _curve(lip: Points, pose: MouthPose, s: Tensor) -> Tensor:
    """v of an inner lip at each pixel, (b, h, w), by a polynomial over s."""
    v = np.concatenate([pose.corners[:, :1, 1], lip[..., 1], pose.corners[:, 1:, 1]], 1)
    factors = torch.tensor(v @ _FIT.T, dtype=torch.float32, device=s.device)[..., None, None]
    curve = factors[:, 0].expand_as(s)
    for power in range(1, CURVE_DEGREE + 1):
        curve = torch.addcmul(factors[:, power], curve, s)
    return curve


def _tongue(
    inside: Interior, u: Tensor, v: Tensor, drop: Tensor, lift: Tensor
) -> tuple[Tensor, Tensor]:
    """Its colour (b, 3, h, w) and cover (b, 1, h, w): it lies on the jaw, its tip may rise."""
    low = inside.seam + 0.06 + 0.78 * drop
    high = torch.minimum(inside.edge + 0.05 + 0.25 * drop, low)
    middle = low + (high - low) * lift
    reach_u, reach_v = 0.31 - 0.06 * lift, 0.10 - 0.03 * lift
    below = v > middle
    away = (u / reach_u) ** 2 + ((v - middle) / torch.where(below, reach_v * 3, reach_v)) ** 2
    cover = torch.sigmoid((1 - away) * 6)
    groove = 1 - 0.16 * exp_(-((u / 0.022) ** 2)) * (1 - 0.6 * lift)
    shade = (0.5 + FORWARD * lift + 0.3 * (1 - away).clamp(0, 1)) * groove
    return inside.tongue * shade[:, None], cover[:, None]


def _over(picture: Tensor, row: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """A row of teeth laid over the picture."""
    grid = torch.stack([u / REACH_U, (v + ABOVE) * (2 / (ABOVE + BELOW)) - 1], -1)
    teeth = grid_sample(
        row.expand(len(u), -1, -1, -1),
        grid,
        mode="bilinear",
        padding_mode="zeros",
        align_corners=True,
    )
    return torch.addcmul(teeth[:, :3], picture, 1 - teeth[:, 3:])


def _shadow(s: Tensor, below_top: Tensor, above_bottom: Tensor, gap: Tensor) -> Tensor:
    """(b, h, w) how much light reaches each place behind the lips."""
    upper_lip = 1 - 0.33 * exp_(-below_top.clamp(min=0) / 0.03)
    lower_lip = 1 - 0.3 * exp_(-above_bottom.clamp(min=0) / 0.015)
    corner = 1 - 0.55 * s.abs() ** 3
    narrow = 0.45 + 0.55 * (gap / 0.06).clamp(max=1)
    return upper_lip * lower_lip * corner * narrow
