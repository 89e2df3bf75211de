"""The rig: mouth parameters, lids and sway of a few frames -> those frames.

A photo is moved by three splines. One carries the whole face with all landmarks
but the inner lips; near the mouth the upper lip's own spline is added to it above
the gap and the lower lip's own below. So each lip keeps its texture and thickness
however far they part, and two lips that meet simply cover each other.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipsync_engine.viseme.eyelids import close
from lipsync_engine.viseme.geometry import Points
from lipsync_engine.viseme.idle import Sway
from lipsync_engine.viseme.lips import draw_lips, part_lips
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import LOWER_OUTER, SHARED, UPPER_OUTER, MouthPose, pose
from lipsync_engine.viseme.sampling import paint, put, spread
from lipsync_engine.viseme.warp import solve

# Landmarks that disagree by a pixel must not fold the skin; lips must meet to the pixel.
SKIN_STIFFNESS, LIP_STIFFNESS = 1e-3, 5e-5


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
        points: (b, n, 2) float32, face units; `face` points first, then the inner lips.
        n_face: how many points the face's spline has.
        face: (b, n_face + 3, 2) its coefficients.
        lips: (b, n + 3, 4) of the upper (0, 1) and the lower lip's spline (2, 3).
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
    skin = face.still + face.face_mesh.shift(field)
    extra = face.lip_mesh.field(splines.points, splines.lips)
    extra -= face.lips_from_face.read(field).repeat(1, 1, 1, 2)
    upper, lower = part_lips(face, skin, extra, mouth)
    frames = np.repeat(face.picture[None], len(motion.mouth), 0)
    paint(face.texture, skin, frames, face.roi)
    shift = _swayed(face, np.zeros((len(mouth.gap), 1, 2)), motion.sway)[:, 0]
    put(draw_lips(face, upper, lower, mouth, shift), frames, face.gap)
    if motion.lids.any():
        lids = torch.tensor(motion.lids, dtype=torch.float32, device=field.device)[:, None, None]
        for eye in face.eyes:
            if not eye.box.width or not eye.box.height:
                continue  # landmarks that a user has put outside the picture
            here = spread(skin, eye.box, face.roi)
            put(close(eye, face.texture, here, lids, face.roi), frames, eye.box)
    return frames


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
    skin = solve(points[:, :n_face], values[:, :n_face], SKIN_STIFFNESS)
    lips = np.zeros((b, n + 3, 4))
    # The other lip's edge would make the skin between them so steep that it overshoots in the lip.
    outer = n_face - len(UPPER_OUTER) - len(LOWER_OUTER)
    seen_from_upper = np.r_[0 : outer + 7, n_face : n_face + 9]
    seen_from_lower = np.r_[0 : outer + 1, outer + 6 : n_face + 2, n_face + 9 : n_face + 16]
    for side, chosen in ((0, seen_from_upper), (2, seen_from_lower)):
        lips[:, np.r_[chosen, n : n + 3], side : side + 2] = solve(
            points[:, chosen], values[:, chosen], LIP_STIFFNESS
        )
    device = face.face_mesh.nodes.device
    return _Splines(
        torch.tensor(points, dtype=torch.float32, device=device),
        n_face,
        torch.tensor(skin, dtype=torch.float32, device=device),
        torch.tensor(lips, dtype=torch.float32, device=device),
    )


def _swayed(face: Portrait, points: Points, sway: Sway) -> Points:
    """Turn (b, n, 2) about the chin and shift them with the head."""
    pivot = face.rest.landmarks[8]
    c, s = np.cos(sway.turn)[:, None], np.sin(sway.turn)[:, None]
    d = points - pivot
    turned = np.stack([c * d[..., 0] - s * d[..., 1], s * d[..., 0] + c * d[..., 1]], -1)
    moved: Points = pivot + turned + (sway.shift * face.width)[:, None]
    return moved
