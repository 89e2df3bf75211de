"""Reading a picture where a warp says: by OpenCV on a CPU, by grid_sample on a GPU.

A warp is smooth, so it is worked out every `PITCH` pixels and spread linearly
between them: at a curve of 0.01 pixels a pixel squared that is 0.02 pixels off,
and where nothing moves it is off by nothing. OpenCV reads with steps of 1/32
pixel, rounding included, at a fifth of grid_sample's cost on one core; what it
reads where nothing moves is the picture's own bytes.
"""

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from lipsync_engine.viseme.geometry import Box, Points

PITCH = 4  # pixels between a coarse map's values
FIXED_POINT = 32  # OpenCV's steps a pixel


@dataclass(frozen=True)
class Texture:
    """A picture to read, where its device reads it best.

    Attributes:
        step: its pixels for one of the photo's: 2 for a doubled picture, else 1.
        array: (h, w, c) for OpenCV; uint8 colours or float32.
        tensor: (1, c, h, w) float32 for grid_sample on a GPU; None on a CPU.
    """

    step: int
    array: NDArray[np.uint8] | NDArray[np.float32]
    tensor: Tensor | None


def texture(picture: Tensor, step: int, device: torch.device, *, colours: bool) -> Texture:
    """(1, c, h, w) float32 -> what `device` reads; `colours` are kept as bytes by a CPU."""
    array = np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())
    if colours:
        array = array.round().clip(0, 255).astype(np.uint8)
    return Texture(step, array, None if device.type == "cpu" else picture.to(device))


def stations(length: int) -> Points:
    """Where a coarse map over `length` pixels has its values: one beyond each end, in pixels."""
    return (np.arange(-(-length // PITCH) + 2) - 0.5) * PITCH - 0.5


def spread(coarse: Tensor, box: Box, roi: Box) -> Tensor:
    """The pixels of `box` in a coarse map over `roi`: (b, rows, columns, c) -> (b, h, w, c)."""
    y, x = box.y - roi.y, box.x - roi.x
    top, left = y // PITCH, x // PITCH  # the station before the first pixel's two neighbours
    rows = -(-(y + box.height) // PITCH) + 2 - top
    columns = -(-(x + box.width) // PITCH) + 2 - left
    cells = coarse[:, top : top + rows, left : left + columns]
    skipped = slice(PITCH + y % PITCH, None), slice(PITCH + x % PITCH, None)
    if coarse.device.type == "cpu":
        wide = np.empty((len(cells), rows * PITCH, columns * PITCH, cells.shape[3]), np.float32)
        for frame, target in zip(cells.numpy(), wide, strict=True):
            cv2.resize(frame, target.shape[1::-1], target, interpolation=cv2.INTER_LINEAR)
        whole = torch.from_numpy(wide)
    else:
        wide_ = interpolate(cells.permute(0, 3, 1, 2), scale_factor=PITCH, mode="bilinear")
        whole = wide_.permute(0, 2, 3, 1)
    return whole[:, skipped[0], skipped[1]][:, : box.height, : box.width]


def read(source: Texture, at: Tensor) -> Tensor:
    """`source` at (b, h, w, 2) of its own pixels, x before y: (b, c, h, w) float32."""
    if source.tensor is None:
        found = np.stack([cv2.split(_remap(source, frame)) for frame in at.numpy()])
        return torch.from_numpy(found).float()
    height, width = source.array.shape[:2]
    grid = at * torch.tensor([2 / (width - 1), 2 / (height - 1)], device=at.device) - 1
    pictures = source.tensor.expand(len(at), -1, -1, -1)
    return grid_sample(pictures, grid, padding_mode="border", align_corners=True)


def paint(source: Texture, coarse: Tensor, frames: NDArray[np.uint8], box: Box) -> None:
    """Fill `box` of (b, H, W, 3) frames with what a coarse map over that box reads."""
    if source.tensor is not None:
        put(read(source, spread(coarse, box, box)), frames, box)
        return
    rows, columns = box.inside(Box(0, 0, frames.shape[2], frames.shape[1]))
    for cells, frame in zip(coarse.split(1), frames, strict=True):
        _remap(source, spread(cells, box, box)[0].numpy(), frame[rows, columns])


def put(colours: Tensor, frames: NDArray[np.uint8], box: Box) -> None:
    """Round (b, 3, h, w) 0..255 into `box` of (b, H, W, 3) frames."""
    done = colours.add(0.5).clamp_(0, 255).to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    frames[:, box.y : box.y + box.height, box.x : box.x + box.width] = done


def _remap(
    source: Texture, at: NDArray[np.float32], into: NDArray[np.uint8] | None = None
) -> NDArray[np.uint8] | NDArray[np.float32]:
    found = cv2.remap(source.array, at, None, cv2.INTER_LINEAR, into, cv2.BORDER_REPLICATE)
    return found  # type: ignore[return-value]
