"""Thin-plate splines: from a few points that moved to where every pixel comes from.

Bookstein, "Principal Warps" (1989). The map goes backwards, from the new
picture to the photo, so that each pixel is read once. The spline is solved in
float64, read on a grid of nodes, and spread smoothly to a denser one by two
matrix products; the fade to nothing at a box's border is part of those matrices.
"""

import numpy as np
import torch
from torch import Tensor

from lipsync_engine.viseme.elementary import log
from lipsync_engine.viseme.geometry import Box, Points, smoothstep
from lipsync_engine.viseme.sampling import PITCH


def solve(points: Points, values: Points, stiffness: float) -> Points:
    """Spline coefficients for each frame.

    Args:
        points: (b, n, 2) where the points lie in the new picture, in face units.
        values: (b, n, 2) what the field is there.
        stiffness: how much the plate would rather be smooth than exact; 0 is exact.

    Returns:
        (b, n + 3, 2): n weights, then the plane's constant and two slopes.
    """
    b, n, _ = points.shape
    system = np.zeros((b, n + 3, n + 3))
    system[:, :n, :n] = _kernel(points) + stiffness * np.eye(n)
    system[:, :n, n] = system[:, n, :n] = 1
    system[:, :n, n + 1 :] = points
    system[:, n + 1 :, :n] = points.transpose(0, 2, 1)
    right = np.concatenate([values, np.zeros((b, 3, 2))], 1)
    solution: Points = np.linalg.solve(system, right)
    return solution


def read(points: Tensor, coefficients: Tensor, nodes: Tensor) -> Tensor:
    """The field at `nodes`, frame by frame: one frame's kernel (0.8 MB) fits a core's own cache.

    Args:
        points: (b, n, 2) as given to `solve`.
        coefficients: (b, n + 3, c).
        nodes: (2, g) in face units.

    Returns:
        (b, g, c) in the dtype of the arguments; float32 is off by less than 0.01 of a pixel.
    """
    frames = zip(points, coefficients, strict=True)
    return torch.stack([_read(at, weights, nodes) for at, weights in frames])


def _read(points: Tensor, coefficients: Tensor, nodes: Tensor) -> Tensor:
    n = len(points)
    dx = nodes[0] - points[:, :1]  # (n, g): nodes side by side are what the processor reads best
    dy = nodes[1] - points[:, 1:]
    squared = dx.mul_(dx).addcmul_(dy, dy).clamp_(min=1e-12)
    kernel = log(squared, out=dy).mul_(squared)
    weights = coefficients.T.contiguous()  # (c, n + 3)
    plane = torch.addmm(weights[:, n : n + 1], weights[:, n + 1 :], nodes)
    return torch.addmm(plane, weights[:, :n], kernel).T


def spread(nodes: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
    """From a grid of nodes to another grid.

    Args:
        nodes: (b, n, n, 2) float32.
        rows: (h, n) from `spreader`.
        columns: (2n, 2w) from `interleave`.

    Returns:
        (b, h, w, 2)
    """
    b, n = nodes.shape[:2]
    tall = torch.matmul(rows, nodes.reshape(b, n, 2 * n))  # (b, h, 2n)
    return torch.matmul(tall, columns).reshape(b, rows.shape[0], -1, 2)


def spreader(position: Points, n_nodes: int, fade: Points) -> Points:
    """From nodes to other places by cubic convolution (Keys 1981).

    Args:
        position: (p,) where those places lie, 0 at the first node .. 1 at the last.
        n_nodes: how many nodes there are.
        fade: (p,) what is left of the field at each place.

    Returns:
        (p, n_nodes)
    """
    position = position * (n_nodes - 1)
    first = np.clip(np.floor(position).astype(int), 0, n_nodes - 2)
    t = position - first
    weights = np.stack(
        [
            (-t + 2 * t**2 - t**3) / 2,
            (2 - 5 * t**2 + 3 * t**3) / 2,
            (t + 4 * t**2 - 3 * t**3) / 2,
            (-(t**2) + t**3) / 2,
        ],
        1,
    )
    matrix = np.zeros((len(position), n_nodes))
    for tap in range(4):
        node = np.clip(first + tap - 1, 0, n_nodes - 1)
        np.add.at(matrix, (np.arange(len(position)), node), weights[:, tap])
    faded: Points = matrix * fade[:, None]
    return faded


def interleave(columns: Points, scale: tuple[float, float]) -> Points:
    """(w, n) for one channel -> (2n, 2w) that keeps x and y side by side, each times its scale."""
    return np.kron(columns.T, np.diag(scale)).astype(np.float64)


def fades(
    box: Box, x: Points, y: Points, size: tuple[int, int], margin: float
) -> tuple[Points, Points]:
    """How much of a field is left at columns x and rows y of `box`: 0 at its border.

    A border that is also the picture's own needs no fade: nothing lies beyond it.
    """
    return (
        _fade(x, box.width, box.x > 0, box.x + box.width < size[0], margin),
        _fade(y, box.height, box.y > 0, box.y + box.height < size[1], margin),
    )


def _fade(position: Points, n: int, at_start: bool, at_end: bool, margin: float) -> Points:
    # From one coarse step inside: what is spread linearly from there leaves the border still.
    first, last = position - PITCH, n - 1 - PITCH - position
    width = min(max(margin, 1.0), (n - 1) / 2)
    start = smoothstep(first / width) if at_start else np.ones(len(position))
    end = smoothstep(last / width) if at_end else np.ones(len(position))
    fade: Points = start * end
    return fade


def _kernel(points: Points) -> Points:
    """r^2 log r^2 between all pairs of (b, n, 2) points, (b, n, n)."""
    dx = points[:, :, None, 0] - points[:, None, :, 0]
    dy = points[:, :, None, 1] - points[:, None, :, 1]
    squared = np.maximum(dx * dx + dy * dy, 1e-12)
    bent: Points = squared * np.log(squared)
    return bent
