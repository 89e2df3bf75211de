"""The lips over the mouth's inside: each lip read by its own warp, laid over what the gap shows."""

import torch
from torch import Tensor

from lipsync_engine.viseme import interior
from lipsync_engine.viseme.elementary import exp_
from lipsync_engine.viseme.geometry import Box, Points
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import MouthPose
from lipsync_engine.viseme.sampling import PITCH, cells, read, spread
from lipsync_engine.viseme.shape import MIDDLE

EDGE = 0.01  # of a lip: how soft its border is, face units
OVERLAP = 0.9  # borders' widths that touching lips cover of each other
CREASE_SHADE = 0.4  # where lips meet that were apart on the photo, and so have no dark line
SWITCH = 0.08  # face units over which beside a mouth one lip's warp gives way to the other's
RIM, RIM_SHADE = 0.016, 0.25  # lips turn inwards at the gap, away from the light


def part_lips(
    face: Portrait, skin: Tensor, extra: Tensor, mouth: MouthPose
) -> tuple[Tensor, Tensor]:
    """Add each lip's own spline to the face's: the upper lip's above the gap, the other's below.

    Args:
        face: the photo.
        skin: (b, rows, columns, 2) the coarse map of the face's own spline; changed in place.
        extra: (b, n, n, 4) at the nodes of `face.lip_mesh`, pixels: what the upper (0, 1) and the
            lower lip's spline (2, 3) add.
        mouth: where the landmarks went.

    Returns:
        Coarse maps of both lips as if the other were not there, over `face.beside`.
    """
    extra = extra * _near_lips(face, mouth)
    rows, columns = cells(face.lips, face.roi)
    here = skin[:, rows, columns]
    upper = here + face.lip_mesh.shift(extra[..., :2])
    lower = here + face.lip_mesh.shift(extra[..., 2:])
    below = _below_gap(face, mouth)[..., None]
    skin[:, rows, columns] = upper + below * (lower - upper)
    return upper, lower


def draw_lips(
    face: Portrait, upper_map: Tensor, lower_map: Tensor, mouth: MouthPose, shift: Points
) -> Tensor:
    """Lips and what is between them, (b, 3, h, w) BGR 0..255 of the box `face.gap`.

    Args:
        face: the photo.
        upper_map, lower_map: see `part_lips`.
        mouth: where the landmarks went.
        shift: (b, 2) of the head by its sway, face units.
    """
    upper, lower = _read_lips(face, upper_map, lower_map)
    soft = max(1.0, EDGE * face.frame.unit)
    touching = interior.touching(mouth, upper.device)
    bias = 0.5 + OVERLAP * touching
    above = (upper[:, 3:] / soft + bias).clamp(0, 1)
    below = (lower[:, 3:] / soft + bias).clamp(0, 1)
    cover = above + below
    rim, shade = RIM * face.frame.unit, RIM_SHADE * (1 - touching)
    at_upper, at_lower = (exp_(-lip[:, 3:].abs() / rim) for lip in (upper, lower))
    # Both edges are near only where lips meet, not along either lip's edge beyond the corners.
    crease = 0.0 if face.rest.closed else CREASE_SHADE * touching * at_upper * at_lower
    covered = cover.clamp(min=1)
    of_upper = (1 - shade * (1 - below) * at_upper - crease) * (above / covered)
    of_lower = (1 - shade * (1 - above) * at_lower - crease) * (below / covered)
    lips = (upper[:, :3] * of_upper).addcmul_(lower[:, :3], of_lower)
    inside = interior.draw(face.inside, mouth, shift)
    return lips.addcmul_(inside, (1 - cover).clamp_(min=0))


def _read_lips(face: Portrait, upper_map: Tensor, lower_map: Tensor) -> tuple[Tensor, Tensor]:
    """Upper and lower lip, each (b, 4, h, w): BGR and how far inside the lip, pixels."""
    step = face.texture.step
    corner = [(face.roi.x - face.source.x) * step, (face.roi.y - face.source.y) * step]
    to_source = torch.tensor(corner, dtype=torch.float32, device=upper_map.device)
    rows, columns = cells(face.lips, face.roi)
    roi = Box(face.roi.x + PITCH * columns.start, face.roi.y + PITCH * rows.start, 0, 0)
    upper, lower = (
        read(picture, spread(coarse + to_source, face.gap, roi))
        for picture, coarse in ((face.upper, upper_map), (face.lower, lower_map))
    )
    return upper, lower


def _below_gap(face: Portrait, mouth: MouthPose) -> Tensor:
    """(b, rows, columns) of `face.beside`: 0 above the line between the lips, 1 below it."""
    device = face.beside.device
    ends = mouth.corners.mean(1)
    middle = (mouth.upper[:, MIDDLE, 1] + mouth.lower[:, MIDDLE, 1]) / 2
    half = (mouth.corners[:, 1, 0] - mouth.corners[:, 0, 0]) / 2
    centre, level, sag, reach = (
        torch.tensor(values, dtype=torch.float32, device=device)[:, None, None]
        for values in (ends[:, 0], ends[:, 1], middle - ends[:, 1], half)
    )
    u, v = face.beside
    line = level + sag * (1 - ((u - centre) / reach) ** 2).clamp(min=0)
    return torch.clamp((v - line) / SWITCH + 0.5, 0, 1)


def _near_lips(face: Portrait, mouth: MouthPose) -> Tensor:
    """(b, n, n, 1) 1 at the lips, 0 well beyond the corners, where both splines must agree."""
    nodes = face.lip_mesh.nodes[0]
    left, right = (torch.tensor(mouth.corners[:, i, 0, None], device=nodes.device) for i in (0, 1))
    beyond = (nodes - (left + right) / 2).abs() / ((right - left) / 2)
    t = ((1.35 - beyond) / 0.35).clamp(0, 1)
    n = face.lip_mesh.n
    return (t * t * (3 - 2 * t)).float().reshape(-1, n, n, 1)
