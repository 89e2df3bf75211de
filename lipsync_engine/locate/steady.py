"""Landmarks of every frame from what a track saw: steady, without lag, over the whole video.

A face's motion is measured from frame to frame to a tenth of a pixel, but the errors add up; its
landmarks are found now and then, to a pixel or two, and do not. So what was found is carried along
the motion to one frame, where a still face would stand still, is smoothed over time there, and is
carried back. Nothing depends on where a job is cut: this is done once per video.
"""

from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.shape import Points, apply, composed, fit_similarity, invert
from lipsync_engine.locate.track import Track

LOOKS = Fraction(1, 5)  # seconds between two looks
GAP = Fraction(1, 2)  # seconds: a face away for longer is not there
# Standard deviations of the Gaussians over time, seconds: a head changes its shape slowly, by
# turning; a mouth and the jaw under it within a syllable.
HEAD_SPREAD, MOUTH_SPREAD = 0.5, 0.12
MOUTH = np.array([*range(3, 14), *range(48, 68)])

Affine = NDArray[np.float64]


def look_every(fps: Fraction) -> int:
    """How many frames lie between two looks."""
    return max(1, round(LOOKS * fps))


def landmarks(track: Track, fps: Fraction) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Landmarks of every frame, and in which the face is.

    Args:
        track: of at least one frame in which the face was seen.
        fps: frames a second.

    Returns:
        (n_images, 68, 2), where there is no face as in the nearest frame that has one; (n_images,).
    """
    points = np.zeros((track.n_images, 68, 2))
    there = np.zeros(track.n_images, bool)
    for looks in _stretches(track, fps):
        first, last = looks[0], looks[-1]
        points[first : last + 1] = _steadied(track, looks, fps)
        there[first : last + 1] = True
    at = np.flatnonzero(there)
    frames = np.arange(track.n_images)
    after = np.searchsorted(at, frames).clip(0, len(at) - 1)
    before = (after - 1).clip(0)
    closer = np.where(frames - at[before] < at[after] - frames, before, after)
    return points[at[closer]].astype(np.float32), there


def _stretches(track: Track, fps: Fraction) -> list[list[int]]:
    """The looks that saw the face, in runs without a cut or a long gap."""
    runs: list[list[int]] = []
    for look in sorted(track.seen):
        if runs and _joined(track, runs[-1][-1], look, fps):
            runs[-1].append(look)
        else:
            runs.append([look])
    return runs


def _joined(track: Track, one: int, other: int, fps: Fraction) -> bool:
    """Whether the face was there all the time between two looks, as far as one can tell."""
    if any(cut in track.cuts for cut in range(one + 1, other + 1)):
        return False
    followed = all(frame in track.steps for frame in range(one + 1, other + 1))
    return followed or other - one <= GAP * fps


def _steadied(track: Track, looks: list[int], fps: Fraction) -> Points:
    """(n, 68, 2) landmarks from the first of the looks to the last."""
    first = looks[0]
    poses = _poses(track, looks)
    still = np.stack(
        [apply(invert(poses[look - first]), track.seen[look].points) for look in looks]
    )
    at = np.array(looks, np.float64)
    smooth = _smoothed(at, still, HEAD_SPREAD * float(fps))
    smooth[:, MOUTH] = _smoothed(at, still[:, MOUTH], MOUTH_SPREAD * float(fps))
    frames = np.arange(first, looks[-1] + 1)
    flat = smooth.reshape(len(looks), -1)
    columns = [np.interp(frames, at, column) for column in flat.T]
    carried = np.stack(columns, 1).reshape(-1, 68, 2)
    return np.stack([apply(pose, shape) for pose, shape in zip(poses, carried, strict=True)])


def _poses(track: Track, looks: list[int]) -> list[Affine]:
    """From the first look's frame to each frame up to the last look: (2, 3) each."""
    poses = [np.eye(2, 3)]
    for one, other in pairwise(looks):
        steps = [track.steps.get(frame) for frame in range(one + 1, other + 1)]
        if any(step is None for step in steps):
            whole = fit_similarity(track.seen[one].points, track.seen[other].points)
            shares = np.arange(1, len(steps) + 1) / len(steps)
            here = poses[-1]
            poses += [composed(np.eye(2, 3) * (1 - s) + whole * s, here) for s in shares]
        else:
            poses += _chained(poses[-1], [step for step in steps if step is not None])
    return poses


def _chained(pose: Affine, steps: list[Affine]) -> list[Affine]:
    chain = []
    for step in steps:
        pose = composed(step, pose)
        chain.append(pose)
    return chain


def _smoothed(at: Points, shapes: Points, spread: float) -> Points:
    """(n, m, 2): at each time the value of the straight line through what is near in time.

    A line and not a mean: a mean lags behind what changes, most at the ends.
    """
    flat = shapes.reshape(len(at), -1)
    lines = [_line(at - now, flat, spread) for now in at]
    return np.stack(lines).reshape(shapes.shape)


def _line(away: Points, seen: Points, spread: float) -> Points:
    weights = np.exp(-0.5 * (away / spread) ** 2)
    basis = np.stack([np.ones_like(away), away], 1)
    normal = basis.T @ (weights[:, None] * basis) + np.diag([0.0, 1e-3 * spread**2])
    line = np.linalg.solve(normal, basis.T @ (weights[:, None] * seen))
    return np.asarray(line[0], np.float64)
