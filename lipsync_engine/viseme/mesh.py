"""A warp's constant half: where its nodes lie, and how they spread to the pixels of a box."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lipsync_engine.viseme.geometry import Box, FaceFrame
from lipsync_engine.viseme.warp import fades, interleave, read, spread, spreader


@dataclass(frozen=True)
class Mesh:
    """Nodes over a box, on the device.

    Attributes:
        nodes: (n * n, 2) float64, face units.
        n: nodes along each side.
        rows, columns: see `warp.spread`; fields come out in -1..1 units of the picture read.
    """

    nodes: Tensor
    n: int
    rows: Tensor
    columns: Tensor

    def field(self, points: Tensor, coefficients: Tensor) -> Tensor:
        """Splines (see `warp.read`) of values in pixels -> (b, h, w, 2) float32 per two values."""
        values = read(points, coefficients, self.nodes).float()
        return values.reshape(len(values), self.n, self.n, -1)


def mesh(
    box: Box,
    source: Box,
    size: tuple[int, int],
    n: int,
    margin: float,
    frame: FaceFrame,
    device: torch.device,
) -> Mesh:
    """Nodes over `box` whose fields are read from a picture of `source`.

    Args:
        box: pixels that the field is for.
        source: pixels that -1..1 stands for.
        size: of the picture; a border of the box on it needs no fade.
        n: nodes along each side.
        margin: pixels over which the field fades at the box's border.
        frame: of the face.
        device: where to.
    """
    across, down = fades(box, size, margin)
    scale = (2 / (source.width - 1), 2 / (source.height - 1))
    x, y = np.linspace(0, 1, box.width), np.linspace(0, 1, box.height)
    columns = interleave(spreader(x, n, across), scale)
    rows = spreader(y, n, down)
    return Mesh(
        torch.tensor(frame.to_face(box.nodes(n)), device=device),
        n,
        torch.tensor(rows, dtype=torch.float32, device=device),
        torch.tensor(columns, dtype=torch.float32, device=device),
    )


@dataclass(frozen=True)
class Resampler:
    """Reads one mesh's field at the nodes of a finer one, as that field reaches the pixels there.

    Attributes:
        rows, columns: (n, m) and (2m, 2n) from m nodes a side to n.
    """

    rows: Tensor
    columns: Tensor

    def read(self, field: Tensor) -> Tensor:
        """(b, m, m, 2) -> (b, n, n, 2), pixels."""
        return spread(field, self.rows, self.columns)


def resampler(
    outer: Box,
    m: int,
    inner: Box,
    n: int,
    size: tuple[int, int],
    margin: float,
    device: torch.device,
) -> Resampler:
    """From the mesh of `outer` (m nodes a side, see `mesh`) to the nodes of `inner` (n a side)."""
    across, down = fades(outer, size, margin)
    x = inner.x - outer.x + np.linspace(0, inner.width - 1, n)
    y = inner.y - outer.y + np.linspace(0, inner.height - 1, n)
    columns = spreader(x / (outer.width - 1), m, np.interp(x, np.arange(outer.width), across))
    rows = spreader(y / (outer.height - 1), m, np.interp(y, np.arange(outer.height), down))
    return Resampler(
        torch.tensor(rows, dtype=torch.float32, device=device),
        torch.tensor(interleave(columns, (1.0, 1.0)), dtype=torch.float32, device=device),
    )


def pixels_as_grid(box: Box, source: Box, device: torch.device) -> Tensor:
    """(1, h, w, 2) float32: each pixel of `box` in -1..1 over `source`."""
    corner = np.array([source.x, source.y])
    scale = 2 / (np.array([source.width, source.height]) - 1)
    grid = (box.pixel_grid() - corner) * scale - 1
    return torch.tensor(grid[None], dtype=torch.float32, device=device)
