"""What each lip is read from: the photo around the mouth, and how far inside the lip a place is."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from lipsync_engine.viseme.geometry import Box, FaceFrame
from lipsync_engine.viseme.glimpse import BORDER, painted_over
from lipsync_engine.viseme.sampling import as_tensor, doubled
from lipsync_engine.viseme.shape import RestMouth

WEDGE = 0.2  # beyond a corner both lips cover, by this share of the way from it up and down
CONTOUR = 400  # places along a lip's edge, straight between them


def lip_pictures(
    detailed: Tensor,
    step: int,
    picture: NDArray[np.uint8],
    teeth: NDArray[np.bool_] | None,
    roi: Box,
    source: Box,
    frame: FaceFrame,
    rest: RestMouth,
) -> tuple[Tensor, Tensor]:
    """Of the upper and of the lower lip, each (1, 4, h, w): BGR and the distance into it, pixels.

    Args:
        detailed: (1, 3, h, w) the region of interest, `step` pixels for one of the photo's.
        step: 1 or 2.
        picture: (H, W, 3) BGR, the whole photo.
        teeth: from `glimpse.glimpsed`; they are painted over with lip. None: there are none.
        roi, source: the region, and the box that the lips' pictures cover.
        frame: of the face.
        rest: the mouth.
    """
    closed = detailed
    if teeth is not None and teeth.any():
        closed = _patched(detailed, step, roi, *painted_over(picture, teeth, rest, roi, frame))
    upper, lower = (
        _lip_picture(closed, step, roi, source, frame, rest, side) for side in (-1.0, 1.0)
    )
    return upper, lower


def _patched(detailed: Tensor, step: int, roi: Box, patch: NDArray[np.uint8], box: Box) -> Tensor:
    """`detailed` with the (h, w, 3) patch at `box`; what lies along the patch's sides is left."""
    pixels = as_tensor(patch)
    fine = doubled(pixels) if step == 2 else pixels
    edge = BORDER // 2 * step  # there the doubled patch has not seen its neighbours
    y, x = (box.y - roi.y) * step + edge, (box.x - roi.x) * step + edge
    inner = fine[:, :, edge:-edge, edge:-edge]
    whole = detailed.clone()
    whole[:, :, y : y + inner.shape[2], x : x + inner.shape[3]] = inner
    return whole


def _lip_picture(
    detailed: Tensor,
    step: int,
    roi: Box,
    source: Box,
    frame: FaceFrame,
    rest: RestMouth,
    side: float,
) -> Tensor:
    """(1, 4, h, w): `source` cut from the region, and the distance into the lip, pixels."""
    y, x = (source.y - roi.y) * step, (source.x - roi.x) * step
    height, width = (source.height - 1) * step + 1, (source.width - 1) * step + 1
    cut = detailed[:, :, y : y + height, x : x + width]
    columns, rows = np.meshgrid(np.arange(width) / step, np.arange(height) / step)
    local = frame.to_face(np.stack([columns + source.x, rows + source.y], -1))
    u = np.linspace(local[..., 0].min(), local[..., 0].max(), CONTOUR)
    edge = rest.contour(rest.upper if side < 0 else rest.lower, u)
    contour = np.interp(local[..., 0], u, edge)
    steep = np.interp(local[..., 0], u, np.hypot(1, np.gradient(edge, u)))
    distance = side * (local[..., 1] - contour) * frame.unit / steep
    # Beyond the corners there is nothing between the lips: both cover, in a narrow wedge, for
    # their warps differ there, and a mean of two of the photo's lines would be a ghost of each.
    # Lips that were apart get a line where they meet, which must end at the corners.
    wedge = WEDGE if rest.closed else 1.0
    beyond = np.clip(np.abs(rest.s(local[..., 0])) - 1, 0, None) * rest.half * frame.unit
    distance += wedge * beyond
    return torch.cat([cut, torch.tensor(distance[None, None], dtype=torch.float32)], 1)
