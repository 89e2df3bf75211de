"""Item B4: how steadily a face is followed through videos whose every movement is known."""

import os
import time
from dataclasses import dataclass

import films
import numpy as np

from lipsync_engine.locate import locate

SIZES = ((480, 270), (1280, 720))
N_FRAMES = 100
PARTS = {"head": range(17, 48), "mouth": range(48, 68), "jaw": range(17)}


@dataclass(frozen=True, slots=True)
class Followed:
    """One video of the astronaut, nodding; pixels of its middle frame.

    Attributes:
        size: (width, height).
        face: its width.
        away: by part, the root mean square distance from where the known movement would have
            taken the landmarks of the whole video's mean.
        trembling: by part, the root mean square of the second difference over time.
        seconds: that locating took, decoding included.
    """

    size: tuple[int, int]
    face: float
    away: dict[str, float]
    trembling: dict[str, float]
    seconds: float


def results() -> list[Followed]:
    """One per size."""
    os.environ["LIPCHORD_LOCATOR"] = "built-in"
    return [_followed(size) for size in SIZES]


def _followed(size: tuple[int, int]) -> Followed:
    film = films.astronaut(N_FRAMES, size)
    encoded = film.encoded()
    began = time.perf_counter()
    face = locate(encoded)
    seconds = time.perf_counter() - began
    scale = float(np.linalg.norm(film.poses[:, :, 0], axis=1).mean())
    still = scale * np.stack(list(films.still_again(face.landmarks, film.poses)))
    away, trembling = {}, {}
    for part, marks in PARTS.items():
        there = still[:, list(marks)]
        away[part] = _rms(there - there.mean(0))
        trembling[part] = _rms(np.diff(there, 2, axis=0))
    return Followed(size, float(np.ptp(face.landmarks[0, :17, 0])), away, trembling, seconds)


def _rms(distances: np.ndarray) -> float:  # type: ignore[type-arg]
    return float(np.sqrt((distances**2).sum(-1).mean()))
