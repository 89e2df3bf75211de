"""The lips over the mouth's inside: each lip read by its own warp, laid over what the gap shows."""

import torch
from torch import Tensor

from lipsync_engine.viseme import interior
from lipsync_engine.viseme.geometry import Points
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import MouthPose
from lipsync_engine.viseme.sampling import read, spread

EDGE = 0.01  # of a lip: how soft its border is, face units
OVERLAP = 0.9  # borders' widths that touching lips cover of each other
CREASE_SHADE = 0.4  # where lips meet that were apart on the photo, and so have no dark line
RIM, RIM_SHADE = 0.016, 0.25  # lips turn inwards at the gap, away from the light


def draw_lips(
    face: Portrait, skin: Tensor, extra: Tensor, mouth: MouthPose, shift: Points
) -> Tensor:
    """Lips and what is between them, (b, 3, h, w) BGR 0..255 of the box `face.lips`.

    Args:
        face: the photo.
        skin: (b, h, w, 2) where the face's own spline reads that box, pixels of `face.texture`.
        extra: (b, n, n, 4) at the nodes of `face.lip_mesh`, pixels: what the upper (0, 1) and the
            lower lip's spline (2, 3) add.
        mouth: where the landmarks went.
        shift: (b, 2) of the head by its sway, face units.
    """
    upper, lower = _read_lips(face, skin, extra * _near_lips(face, mouth))
    soft = max(1.0, EDGE * face.frame.unit)
    touching = interior.touching(mouth, skin.device)
    bias = 0.5 + OVERLAP * touching
    above = (upper[:, 3:] / soft + bias).clamp(0, 1)
    below = (lower[:, 3:] / soft + bias).clamp(0, 1)
    cover = above + below
    rim, shade = RIM * face.frame.unit, RIM_SHADE * (1 - touching)
    at_upper, at_lower = (torch.exp(-lip[:, 3:].abs() / rim) for lip in (upper, lower))
    # Both edges are near only where lips meet, not along either lip's edge beyond the corners.
    crease = 0.0 if face.rest.closed else CREASE_SHADE * touching * at_upper * at_lower
    upper = upper[:, :3] * (1 - shade * (1 - below) * at_upper - crease)
    lower = lower[:, :3] * (1 - shade * (1 - above) * at_lower - crease)
    lips = (upper * above + lower * below) / cover.clamp(min=1)
    y, x = face.gap.inside(face.lips)
    inside = interior.draw(face.inside, mouth, shift)
    lips[:, :, y, x] += inside * (1 - cover[:, :, y, x]).clamp(min=0)
    return lips


def _read_lips(face: Portrait, skin: Tensor, extra: Tensor) -> tuple[Tensor, Tensor]:
    """Upper and lower lip, each (b, 4, h, w): BGR and how far inside the lip, pixels."""
    step = face.texture.step
    corner = [(face.roi.x - face.source.x) * step, (face.roi.y - face.source.y) * step]
    here = skin + torch.tensor(corner, dtype=torch.float32, device=skin.device)
    upper, lower = (
        read(picture, here + spread(face.lip_mesh.shift(field), face.lips, face.lips))
        for picture, field in ((face.upper, extra[..., :2]), (face.lower, extra[..., 2:]))
    )
    return upper, lower


def _near_lips(face: Portrait, mouth: MouthPose) -> Tensor:
    """(b, n, n, 1) 1 at the lips, 0 well beyond the corners, where both splines must agree."""
    nodes = face.lip_mesh.nodes[0]
    left, right = (torch.tensor(mouth.corners[:, i, 0, None], device=nodes.device) for i in (0, 1))
    beyond = (nodes - (left + right) / 2).abs() / ((right - left) / 2)
    t = ((1.35 - beyond) / 0.35).clamp(0, 1)
    n = face.lip_mesh.n
    return (t * t * (3 - 2 * t)).float().reshape(-1, n, n, 1)
