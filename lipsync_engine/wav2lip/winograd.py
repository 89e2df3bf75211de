"""3 x 3 convolutions with a quarter of the multiplications (Winograd's minimal filtering).

Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks", 2015:
F(4 x 4, 3 x 3) makes 16 outputs of a channel pair with 36 products instead of
144, F(2 x 2, 3 x 3) 4 with 16 instead of 36; both as matrix products, which the
CPU does at full speed. Sums come in another order: results differ from a plain
convolution by some 1e-5 of their size.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad

# Rows of the transforms of input, weights and output (the paper's B', G and A'), by outputs a side.
_TRANSFORMS = {
    2: (
        [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]],
        [[1, 0, 0], [1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [0, 0, 1]],
        [[1, 1, 1, 0], [0, 1, -1, -1]],
    ),
    4: (
        [
            [4, 0, -5, 0, 1, 0],
            [0, -4, -4, 1, 1, 0],
            [0, 4, -4, -1, 1, 0],
            [0, -2, -1, 2, 1, 0],
            [0, 2, -1, -2, 1, 0],
            [0, 4, 0, -5, 0, 1],
        ],
        [
            [1 / 4, 0, 0],
            [-1 / 6, -1 / 6, -1 / 6],
            [-1 / 6, 1 / 6, -1 / 6],
            [1 / 24, 1 / 12, 1 / 6],
            [1 / 24, -1 / 12, 1 / 6],
            [0, 0, 1],
        ],
        [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]],
    ),
}


class WinogradResidual:
    """relu(x + conv(x) + bias), 3 x 3, stride 1, padding 1, of one fixed size.

    Args:
        weight: (C, C, 3, 3).
        bias: (C,).
        side: height and width of the input, a multiple of `outputs`.
        outputs: outputs of a tile along one side, 2 or 4.
        rows: rows of tiles done at once, a divisor of side / outputs: so many that the work stays
            in the core's cache. 0: the whole batch at once, for layers whose weights are larger
            than their pictures.
    """

    def __init__(self, weight: Tensor, bias: Tensor, side: int, outputs: int, rows: int) -> None:
        before, kernel, after = (
            torch.tensor(rows_, dtype=torch.float32) for rows_ in _TRANSFORMS[outputs]
        )
        self._outputs, self._reach, self._rows = outputs, outputs + 2, rows
        self._tiles, self._channels = side // outputs, weight.shape[0]
        spread = torch.kron(kernel, kernel) @ weight.flatten(2).permute(2, 1, 0).flatten(1)
        self._weight = spread.view(-1, *weight.shape[1::-1])  # (reach², C, C): in, out
        self._before = torch.kron(before, before)  # (reach², reach²)
        self._after = torch.kron(after, after)  # (outputs², reach²)
        self._bias = bias

    def __call__(self, x: Tensor) -> Tensor:
        """(B, side, side, C) float32 contiguous -> the same."""
        padded = pad(x, (0, 0, 1, 1, 1, 1))
        done = torch.empty_like(x)
        if not self._rows:
            self._strip(padded, x, done)
            return done
        height = self._rows * self._outputs
        for image in range(len(x)):
            one = slice(image, image + 1)
            for top in range(0, x.shape[1], height):
                here = slice(top, top + height)
                self._strip(padded[one, top:], x[one, here], done[one, here])
        return done

    def _strip(self, padded: Tensor, x: Tensor, done: Tensor) -> None:
        """Do the rows of tiles of `x` (b, rows, side, C); `padded` begins one row and column
        earlier."""
        m, n, channels = self._outputs, self._reach, self._channels
        tiles = (len(x), x.shape[1] // m, self._tiles)
        image, row, column, _ = padded.stride()
        windows = padded.as_strided(
            (n, n, *tiles, channels), (row, column, image, row * m, column * m, 1)
        )
        heard = torch.mm(self._before, windows.reshape(n * n, -1)).view(n * n, -1, channels)
        mixed = torch.bmm(heard, self._weight)
        drawn = torch.mm(self._after, mixed.view(n * n, -1)).view(m, m, *tiles, channels)
        target = done.view(tiles[0], tiles[1], m, tiles[2], m, channels)
        source = x.view(tiles[0], tiles[1], m, tiles[2], m, channels)
        torch.add(drawn.permute(2, 3, 0, 4, 1, 5), source, out=target)
        target.add_(self._bias).relu_()
