"""A warp's constant half: where its nodes lie, and how they spread to a coarse map of a box."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lipsync_engine.viseme.geometry import Box, FaceFrame, Points
from lipsync_engine.viseme.warp import fades, interleave, read, spread, spreader


@dataclass(frozen=True)
class Mesh:
    """Nodes over a box, on the device.

    Attributes:
        nodes: (2, n * n) float32, face units.
        n: nodes along each side.
        rows, columns: see `warp.spread`; from nodes to stations of a coarse map.
    """

    nodes: Tensor
    n: int
    rows: Tensor
    columns: Tensor

    def field(self, points: Tensor, coefficients: Tensor) -> Tensor:
        """Splines (see `warp.read`) of values in pixels -> (b, n, n, c) float32."""
        values = read(points, coefficients, self.nodes)
        return values.reshape(len(values), self.n, self.n, -1)

    def shift(self, field: Tensor) -> Tensor:
        """(b, n, n, 2) pixels -> (b, rows, columns, 2), in pixels of the picture that is read."""
        return spread(field, self.rows, self.columns)


def mesh(
    box: Box,
    at: tuple[Points, Points],
    step: int,
    size: tuple[int, int],
    n: int,
    margin: float,
    frame: FaceFrame,
    device: torch.device,
) -> Mesh:
    """Nodes over `box`.

    Args:
        box: pixels that the field is for.
        at: x and y of the stations it is wanted at, pixels of the photo.
        step: pixels of the picture that is read for one of the photo's.
        size: of the photo; a border of the box on it needs no fade.
        n: nodes along each side.
        margin: pixels over which the field fades at the box's border.
        frame: of the face.
        device: where to.
    """
    x, y = at[0] - box.x, at[1] - box.y
    across, down = fades(box, x, y, size, margin)
    columns = interleave(spreader(x / (box.width - 1), n, across), (step, step))
    rows = spreader(y / (box.height - 1), n, down)

    def kept(values: Points) -> Tensor:
        return torch.tensor(values, dtype=torch.float32, device=device)

    return Mesh(kept(frame.to_face(box.nodes(n)).T.copy()), n, kept(rows), kept(columns))


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
    x = inner.x - outer.x + np.linspace(0, inner.width - 1, n)
    y = inner.y - outer.y + np.linspace(0, inner.height - 1, n)
    across, down = fades(outer, x, y, size, margin)
    columns = spreader(x / (outer.width - 1), m, across)
    rows = spreader(y / (outer.height - 1), m, down)
    return Resampler(
        torch.tensor(rows, dtype=torch.float32, device=device),
        torch.tensor(interleave(columns, (1.0, 1.0)), dtype=torch.float32, device=device),
    )
