"""Reading a picture where a warp says: by OpenCV on a CPU, by grid_sample on a GPU.

A warp is smooth, so it is worked out every `PITCH` pixels and spread linearly
between them: at a curve of 0.01 pixels a pixel squared that is 0.02 pixels off,
and where nothing moves it is off by nothing. OpenCV reads with steps of 1/32
pixel, rounding included, at a fifth of grid_sample's cost on one core; what it
reads where nothing moves is the picture's own bytes.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import conv2d, grid_sample, interpolate, pad

from lipsync_engine.viseme.geometry import Box, Points

Pixels = NDArray[Any]  # uint8 or float32

PITCH = 4  # pixels between a coarse map's values
_NO_SECOND_MAP = np.empty(0, np.float32)  # where to read is one map of pairs


@dataclass(frozen=True)
class Texture:
    """A picture to read, where its device reads it best.

    Attributes:
        step: its pixels for one of the photo's: 2 for a doubled picture, else 1.
        array: (h, w, c) for OpenCV; uint8 colours or float32.
        tensor: (1, c, h, w) float32 for grid_sample on a GPU; None on a CPU.
    """

    step: int
    array: Pixels
    tensor: Tensor | None


def texture(picture: Tensor, step: int, device: torch.device, *, colours: bool) -> Texture:
    """(1, c, h, w) float32 -> what `device` reads; `colours` are kept as bytes by a CPU."""
    array = np.ascontiguousarray(picture[0].permute(1, 2, 0).numpy())
    if colours:
        array = array.round().clip(0, 255).astype(np.uint8)
    return Texture(step, array, None if device.type == "cpu" else picture.to(device))


def stations(length: int) -> Points:
    """Where a coarse map over `length` pixels has its values: one beyond each end, in pixels."""
    count = -(-length // PITCH) + 2
    positions: Points = np.arange(-0.5, count - 1) * PITCH - 0.5
    return positions


def cells(box: Box, roi: Box) -> tuple[slice, slice]:
    """(rows, columns) of a coarse map over `roi` that the pixels of `box` lie between."""

    def run(first: int, length: int) -> slice:
        return slice(first // PITCH, -(-(first + length) // PITCH) + 2)

    return run(box.y - roi.y, box.height), run(box.x - roi.x, box.width)


def spread(coarse: Tensor, box: Box, roi: Box) -> Tensor:
    """The pixels of `box` in a coarse map over `roi`: (b, rows, columns, c) -> (b, h, w, c)."""
    rows, columns = cells(box, roi)
    part = coarse[:, rows, columns]
    whole = enlarged(part) if coarse.device.type == "cpu" else interpolated(part)
    y = PITCH + (box.y - roi.y) % PITCH
    x = PITCH + (box.x - roi.x) % PITCH
    return whole[:, y : y + box.height, x : x + box.width]


def enlarged(coarse: Tensor) -> Tensor:
    """(b, rows, columns, c) on a CPU, PITCH times as many of both, linear between."""
    b, rows, columns, c = coarse.shape
    wide = np.empty((b, rows * PITCH, columns * PITCH, c), np.float32)
    for frame, target in zip(coarse.numpy(), wide, strict=True):
        cv2.resize(frame, target.shape[1::-1], target, interpolation=cv2.INTER_LINEAR)
    return torch.from_numpy(wide)


def interpolated(coarse: Tensor) -> Tensor:
    """`enlarged`, on a GPU."""
    planes = coarse.permute(0, 3, 1, 2)
    return interpolate(planes, scale_factor=PITCH, mode="bilinear").permute(0, 2, 3, 1)


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
    for k, frame in enumerate(frames):
        _remap(source, spread(coarse[k : k + 1], box, box)[0].numpy(), frame[rows, columns])


def put(colours: Tensor, frames: NDArray[np.uint8], box: Box) -> None:
    """Round (b, 3, h, w) 0..255 into `box` of (b, H, W, 3) frames."""
    rows, columns = box.inside(Box(0, 0, frames.shape[2], frames.shape[1]))
    done = colours.add(0.5).clamp_(0, 255).to(torch.uint8).cpu().numpy()
    for planes, frame in zip(done, frames, strict=True):
        cv2.merge(tuple(planes), frame[rows, columns])


def _remap(
    source: Texture, at: NDArray[np.float32], into: NDArray[np.uint8] | None = None
) -> Pixels:
    nearest = cv2.BORDER_REPLICATE
    return cv2.remap(source.array, at, _NO_SECOND_MAP, cv2.INTER_LINEAR, into, nearest)


def doubled(pixels: Tensor) -> Tensor:
    """(1, c, h, w) -> (1, c, 2h - 1, 2w - 1); the even pixels are the given ones, exactly.

    Bilinear reading of the doubled picture keeps the sharpness that bilinear reading of the
    picture itself would lose whenever it moves by half a pixel: hair would pulse with the sway.
    """
    taps = torch.tensor([3.0, -25.0, 150.0, 150.0, -25.0, 3.0]) / 256  # half-way Lagrange, 6 points
    for axis in (2, 3):
        ahead = pixels.movedim(axis, 3)
        c, h, w = ahead.shape[1:]
        padded = pad(ahead, (2, 2, 0, 0), mode="replicate")
        rows = padded.reshape(c * h, 1, 1, w + 4)
        between = conv2d(rows, taps.reshape(1, 1, 1, 6)).reshape(1, c, h, w - 1)
        out = torch.empty(1, c, h, 2 * w - 1)
        out[..., ::2], out[..., 1::2] = ahead, between.clamp(0, 255)
        pixels = out.movedim(3, axis).contiguous()
    return pixels


def as_tensor(pixels: NDArray[np.uint8]) -> Tensor:
    """(h, w, 3) -> (1, 3, h, w)."""
    return torch.tensor(pixels.transpose(2, 0, 1)[None], dtype=torch.float32)
