"""Pictures that carry their number, so that a lost or swapped frame is seen."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

_ROWS, _COLUMNS = 3, 4  # cells; the number's twelve bits, black or white


def stamp(number: int, height: int, width: int) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 BGR; at least 16 x 12 pixels."""
    bits = (number >> np.arange(_ROWS * _COLUMNS)) & 1
    rows = np.arange(height) * _ROWS // height
    columns = np.arange(width) * _COLUMNS // width
    cells = bits.reshape(_ROWS, _COLUMNS)[rows][:, columns]
    return np.repeat(np.where(cells, 235, 20).astype(np.uint8)[:, :, None], 3, axis=2)


def stamps(numbers: Iterable[int], height: int, width: int) -> NDArray[np.uint8]:
    """(n, height, width, 3) uint8 BGR."""
    return np.stack([stamp(number, height, width) for number in numbers])


def number_of(picture: NDArray[np.uint8]) -> int:
    """What `stamp` wrote, also after lossy coding and padding by a pixel."""
    height, width = picture.shape[:2]
    rows = (np.arange(_ROWS) * 2 + 1) * height // (2 * _ROWS)
    columns = (np.arange(_COLUMNS) * 2 + 1) * width // (2 * _COLUMNS)
    bits = picture[rows][:, columns, 1].reshape(-1) > 127
    return int((bits << np.arange(bits.size)).sum())
