"""Landmarks over a video: from some frames to all of them, smoothly."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import Points

EVERY = 5  # frames between two that are looked at; a head moves little in 0.2 s
SMOOTHING = 1.0  # looked-at frames: standard deviation of the Gaussian over time


def key_frames(n_images: int) -> list[int]:
    """Which frames are looked at: every fifth, and the last."""
    return sorted({*range(0, n_images, EVERY), n_images - 1})


def spread(found: Mapping[int, Points], n_images: int) -> NDArray[np.float32]:
    """Landmarks of every frame from those of some.

    Args:
        found: 68 points by frame number; frames without a face are absent. Not empty.
        n_images: how many frames there are.

    Returns:
        (n_images, 68, 2); smooth in time, the ends held.
    """
    at = np.array(sorted(found), np.float64)
    seen = np.stack([found[int(frame)] for frame in at]).reshape(len(at), -1)
    smooth = np.stack([_local_line(at - now, seen) for now in at])
    frames = np.arange(n_images)
    columns = [np.interp(frames, at, column) for column in smooth.T]
    return np.stack(columns, 1).reshape(n_images, 68, 2).astype(np.float32)


def _local_line(away: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """The value now of the straight line through what was seen `away` frames from now.

    A line and not a mean: a mean lags behind a head that moves, most at the ends.
    """
    weights = np.exp(-0.5 * (away / (SMOOTHING * EVERY)) ** 2)
    basis = np.stack([np.ones_like(away), away], 1)
    normal = basis.T @ (weights[:, None] * basis) + np.diag([0.0, 1e-3])  # one frame has no slope
    line = np.linalg.solve(normal, basis.T @ (weights[:, None] * seen))
    return np.asarray(line[0], np.float64)
