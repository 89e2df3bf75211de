"""Face videos made from one picture moved along a known path: every frame's truth is known."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import people
from numpy.typing import NDArray

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Affine = NDArray[np.float64]  # (2, 3)


@dataclass(frozen=True)
class Film:
    """Frames, and where each took its picture from.

    Attributes:
        frames: (H, W, 3) BGR each.
        poses: (n, 2, 3) from the still picture to each frame.
    """

    frames: list[Image]
    poses: NDArray[np.float64]

    def encoded(self) -> list[bytes]:
        return [people.jpeg(frame, 95) for frame in self.frames]


def path(n: int, size: tuple[int, int], middle: tuple[float, float], scale: float) -> Affine:
    """(n, 2, 3): a head that nods, sways, leans and comes nearer, as people do who talk."""
    t = np.arange(n) / 25
    turn = np.radians(6) * np.sin(2 * np.pi * 0.4 * t)
    zoom = scale * (1 + 0.08 * np.sin(2 * np.pi * 0.3 * t + 1))
    x = size[0] / 2 + 0.06 * size[0] * np.sin(2 * np.pi * 0.5 * t)
    y = size[1] / 2 + 0.04 * size[1] * np.sin(2 * np.pi * 0.8 * t + 2)
    linear = zoom[:, None, None] * np.stack(
        [np.stack([np.cos(turn), -np.sin(turn)], 1), np.stack([np.sin(turn), np.cos(turn)], 1)], 1
    )
    shift = np.stack([x, y], 1) - linear @ np.array(middle)
    return np.concatenate([linear, shift[:, :, None]], 2)


def filmed(picture: Image, poses: Affine, size: tuple[int, int]) -> Film:
    """The picture moved along the poses, before a wall, with a camera's grain."""
    random = np.random.default_rng(4)
    return Film([_frame(picture, pose, size, random) for pose in poses], poses)


def _frame(
    picture: Image, pose: Affine, size: tuple[int, int], random: np.random.Generator
) -> Image:
    how = cv2.INTER_AREA if np.linalg.norm(pose[:, 0]) < 0.6 else cv2.INTER_LINEAR
    frame = cv2.warpAffine(picture, pose, size, flags=how, borderMode=cv2.BORDER_REPLICATE)
    grain = random.normal(0, 2.0, frame.shape)
    return (frame + grain).clip(0, 255).astype(np.uint8)


def astronaut(n: int, size: tuple[int, int] = (480, 270)) -> Film:
    """The astronaut's head, about 110 px wide at 480 x 270, nodding."""
    scale = 1.2 * size[1] / 270
    return filmed(people.astronaut(), path(n, size, (224, 115), scale), size)


def covered(film: Film, frames: range, points: NDArray[np.float64]) -> Film:
    """The same film with a gray card before the face (`points` in the still picture) in some."""
    shown = list(film.frames)
    for index in frames:
        at = points @ film.poses[index, :, :2].T + film.poses[index, :, 2]
        low, high = at.min(0) - 12, at.max(0) + 12
        shown[index] = cv2.rectangle(
            shown[index].copy(), low.astype(int).tolist(), high.astype(int).tolist(),
            (120, 130, 125), -1,
        )  # fmt: skip
    return Film(shown, film.poses)


def still_again(landmarks: NDArray[np.float32], poses: Affine) -> Iterator[NDArray[np.float64]]:
    """Each frame's landmarks (68, 2) carried back into the still picture."""
    for points, pose in zip(landmarks, poses, strict=True):
        back = cv2.invertAffineTransform(pose)
        yield points @ back[:, :2].T + back[:, 2]
