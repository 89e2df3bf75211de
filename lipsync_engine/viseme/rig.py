"""The rig: mouth parameters, lids and sway of a few frames -> those frames.

A photo is moved by three splines. One carries the whole face with all landmarks
but the inner lips; near the mouth the upper lip's own spline and the lower lip's
own are added to it. So each lip keeps its texture and thickness however far they
part, and two lips that meet simply cover each other.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample

from lipsync_engine.viseme import interior
from lipsync_engine.viseme.eyelids import close
from lipsync_engine.viseme.geometry import Points
from lipsync_engine.viseme.idle import Sway
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import SHARED, MouthPose, pose
from lipsync_engine.viseme.warp import solve, spread


@dataclass(frozen=True)
class Motion:
    """What b frames do.

    Attributes:
        mouth: (b, K) float32 mouth parameters.
        lids: (b,) 0 as on the photo .. 1 shut.
        sway: of the head.
    """

    mouth: NDArray[np.float32]
    lids: NDArray[np.float64]
    sway: Sway


@dataclass(frozen=True)
class _Splines:
    """Solved splines of b frames, on the device; values in pixels.

    Attributes:
        points: (b, n, 2) float64, face units; `face` points first, then the inner lips.
        n_face: how many points the face's spline has.
        face: (b, n_face + 3, 2) its coefficients.
        lips: (b, n + 3, 4) what the upper (0, 1) and the lower lip's (2, 3) differ from it.
    """

    points: Tensor
    n_face: int
    face: Tensor
    lips: Tensor


def draw(face: Portrait, motion: Motion) -> NDArray[np.uint8]:
    """The frames: (b, H, W, 3) uint8 BGR, the photo's own bytes outside the region of interest."""
    mouth = pose(face.rest, motion.mouth)
    splines = _splines(face, mouth, motion.sway)
    field = face.face_mesh.field(splines.points[:, : splines.n_face], splines.face)
    grid = face.still + spread(field, face.face_mesh.rows, face.face_mesh.columns)
    region = _read(face.texture, grid)
    _draw_mouth(face, region, grid, splines, mouth, motion.sway)
    if motion.lids.any():
        lids = torch.tensor(motion.lids, dtype=torch.float32, device=region.device)[:, None, None]
        for eye in face.eyes:
            close(eye, region, face.texture, grid, lids, face.roi)
    return _framed(face, region)


def _read(texture: Tensor, grid: Tensor) -> Tensor:
    return grid_sample(
        texture.expand(len(grid), -1, -1, -1), grid, padding_mode="border", align_corners=True
    )


def _splines(face: Portrait, mouth: MouthPose, sway: Sway) -> _Splines:
    b, rest = len(mouth.gap), face.rest
    anchors = np.repeat(face.anchors[None], b, 0)
    moved = _swayed(
        face, np.concatenate([mouth.shared, mouth.corners, mouth.upper, mouth.lower], 1), sway
    )
    points = np.concatenate([anchors, moved], 1)
    home = np.concatenate(
        [face.anchors, rest.landmarks[SHARED], rest.landmarks[[60, 64]], rest.upper, rest.lower]
    )
    values = (home - points) @ face.frame.axes * face.frame.unit
    n_face = len(face.anchors) + len(SHARED)
    n = points.shape[1]
    skin = solve(points[:, :n_face], values[:, :n_face])
    lips = np.zeros((b, n + 3, 4))
    for side, first in ((0, n_face + 2), (2, n_face + 9)):
        chosen = np.r_[0 : n_face + 2, first : first + 7]
        lips[:, np.r_[chosen, n : n + 3], side : side + 2] = solve(
            points[:, chosen], values[:, chosen]
        )
        lips[:, np.r_[0:n_face, n : n + 3], side : side + 2] -= skin
    device = face.texture.device
    return _Splines(
        torch.tensor(points, device=device),
        n_face,
        torch.tensor(skin, device=device),
        torch.tensor(lips, device=device),
    )


def _swayed(face: Portrait, points: Points, sway: Sway) -> Points:
    """Turn (b, n, 2) about the chin and shift them with the head."""
    pivot = face.rest.landmarks[8]
    c, s = np.cos(sway.turn)[:, None], np.sin(sway.turn)[:, None]
    d = points - pivot
    turned = np.stack([c * d[..., 0] - s * d[..., 1], s * d[..., 0] + c * d[..., 1]], -1)
    moved: Points = pivot + turned + (sway.shift * face.width)[:, None]
    return moved


def _draw_mouth(
    face: Portrait, region: Tensor, grid: Tensor, splines: _Splines, mouth: MouthPose, sway: Sway
) -> None:
    """Lips and what is between them, into `region`, in place."""
    rows, columns = face.lips.inside(face.roi)
    scale = torch.tensor(
        [
            (face.roi.width - 1) / (face.source.width - 1),
            (face.roi.height - 1) / (face.source.height - 1),
        ],
        device=region.device,
    )
    shift = torch.tensor(
        [
            2 * (face.roi.x - face.source.x) / (face.source.width - 1),
            2 * (face.roi.y - face.source.y) / (face.source.height - 1),
        ],
        device=region.device,
    )
    skin = (grid[:, rows, columns] + 1) * scale + (shift - 1)
    extra = face.lip_mesh.field(splines.points, splines.lips) * _near_lips(face, mouth)
    upper = _read(
        face.upper, skin + spread(extra[..., :2], face.lip_mesh.rows, face.lip_mesh.columns)
    )
    lower = _read(
        face.lower, skin + spread(extra[..., 2:], face.lip_mesh.rows, face.lip_mesh.columns)
    )

    soft = max(1.0, 0.01 * face.frame.unit)
    touching = torch.tensor(
        np.clip(1 - mouth.gap / 0.03, 0, 1), dtype=torch.float32, device=region.device
    )
    touching = touching[:, None, None, None]
    bias = 0.5 + 1.5 * touching
    above = (upper[:, 3:] / soft + bias).clamp(0, 1)
    below = (lower[:, 3:] / soft + bias).clamp(0, 1)
    cover = above + below
    rim = 0.016 * face.frame.unit  # lips turn inwards at the gap, away from the light
    upper = upper[:, :3] * (1 - 0.25 * (1 - below) * torch.exp(-upper[:, 3:].abs() / rim))
    lower = lower[:, :3] * (1 - 0.25 * (1 - above) * torch.exp(-lower[:, 3:].abs() / rim))
    lips = (upper * above + lower * below) / cover.clamp(min=1)
    y, x = face.gap.inside(face.lips)
    shift_units = _swayed(face, np.zeros((len(mouth.gap), 1, 2)), sway)[:, 0]
    inside = interior.draw(face.inside, mouth, shift_units)
    lips[:, :, y, x] += inside * (1 - cover[:, :, y, x]).clamp(min=0)
    region[:, :, rows, columns] = lips


def _near_lips(face: Portrait, mouth: MouthPose) -> Tensor:
    """(b, n, n, 1) 1 at the lips, 0 well beyond the corners, where both lips' splines must agree."""
    nodes = face.lip_mesh.nodes[:, 0]
    left, right = (torch.tensor(mouth.corners[:, i, 0, None], device=nodes.device) for i in (0, 1))
    beyond = (nodes - (left + right) / 2).abs() / ((right - left) / 2)
    t = ((1.35 - beyond) / 0.35).clamp(0, 1)
    n = face.lip_mesh.n
    return (t * t * (3 - 2 * t)).float().reshape(-1, n, n, 1)


def _framed(face: Portrait, region: Tensor) -> NDArray[np.uint8]:
    rows, columns = face.roi.y, face.roi.x
    done = region.add_(0.5).clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    frames = np.repeat(face.picture[None], len(done), 0)
    frames[:, rows : rows + face.roi.height, columns : columns + face.roi.width] = done
    return frames
