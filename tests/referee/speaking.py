"""Item B3: films that the rig drew with known mouths, as the referee measures them.

Each film is 150 frames through the product's own H.264 encoder. What was
requested is the gap between the inner lips that the rig was asked for; what the
referee measures is the distance of its points 13 and 14 over the face's width.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import faces
import numpy as np
import people
from numpy.typing import NDArray

from lipsync_engine.avatar import default_face
from lipsync_engine.locate import built_in
from lipsync_engine.video import encode_chunk
from lipsync_engine.viseme import idle
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS, K
from lipsync_engine.viseme.pose import pose
from lipsync_engine.viseme.rig import Motion, draw
from referee import hired, ibug

FPS = Fraction(25)
N_FRAMES = 150
BATCH = 10
SEED = 5
FURTHEST_LAG = 6  # frames
STILL_POINTS = {"eyes": [33, 133, 362, 263], "nose": [1, 168], "head": [10, 234, 454]}


@dataclass(frozen=True, slots=True)
class Followed:
    """How one film fared; movements are shares of the face's width.

    Attributes:
        face, alive: whose, and whether it blinked and swayed.
        found: share of the frames in which the referee saw a face.
        r: correlation of requested and measured opening, at the same frame.
        lag: frames by which the measured opening comes later, at the best correlation.
        moved: by name of STILL_POINTS: root mean square and largest distance from the median place.
    """

    face: str
    alive: bool
    found: float
    r: float
    lag: int
    moved: dict[str, tuple[float, float]]


def results(folder: Path) -> list[Followed]:
    """Draw the films, have them judged, and compare."""
    folder.mkdir(parents=True, exist_ok=True)
    requested = {}
    for name, view in views().items():
        for alive in (False, True):
            film = f"{name}{' alive' if alive else ''}"
            requested[film] = (name, alive, _draw(view, alive, folder / f"{film}.mp4"))
    seen = hired.judged(folder)
    return [
        _followed(name, alive, gap, seen[film]) for film, (name, alive, gap) in requested.items()
    ]


def views() -> dict[str, tuple[NDArray[np.uint8], NDArray[np.float64]]]:
    """Pictures with landmarks: the astronaut's head at 640 px, as the built-in locator sees it."""
    head = people.scaled(np.ascontiguousarray(people.astronaut()[:320, 70:390]), 2.0)[0]
    avatar = default_face()
    return {
        "astronaut": (head, built_in.find_faces(head)[0].points),
        "avatar": (avatar.image(0), avatar.landmarks[0].astype(np.float64)),
    }


def mouths() -> NDArray[np.float32]:
    """(N_FRAMES, K): a jaw that opens and shuts as in speech, and lips that close four times."""
    t = np.arange(N_FRAMES) / float(FPS)
    rows = np.zeros((N_FRAMES, K), np.float32)
    syllables = 0.5 + 0.3 * np.sin(2 * np.pi * 1.9 * t) + 0.2 * np.sin(2 * np.pi * 3.3 * t + 1)
    rows[:, MOUTH_PARAMETERS.index("jaw_open")] = 0.75 * syllables.clip(0, 1)
    rows[:, MOUTH_PARAMETERS.index("width")] = 0.3 * np.sin(2 * np.pi * 0.7 * t)
    shut = np.exp(-0.5 * ((t[:, None] - [0.9, 2.1, 3.6, 5.0]) / 0.06) ** 2).sum(1)
    rows[:, MOUTH_PARAMETERS.index("lip_closure")] = shut.clip(0, 1)
    return rows


def _draw(
    view: tuple[NDArray[np.uint8], NDArray[np.float64]], alive: bool, path: Path
) -> NDArray[np.float64]:
    """Draw and encode one film; returns the gap that was requested, face units, (N_FRAMES,)."""
    face, rows = faces.ready(view), mouths()

    def frames():  # type: ignore[no-untyped-def]
        for first in range(0, N_FRAMES, BATCH):
            numbers = np.arange(first, first + BATCH)
            lids = idle.eyelids(SEED, numbers, FPS) * alive
            sway = idle.sway(SEED, numbers, FPS).scaled(float(alive))
            yield draw(face, Motion(rows[numbers], lids, sway))

    encode_chunk(frames(), path, FPS)
    return np.asarray(pose(face.rest, rows).gap, np.float64)


def _followed(
    name: str, alive: bool, requested: NDArray[np.float64], seen: NDArray[np.float64]
) -> Followed:
    there = ~np.isnan(seen[:, 0, 0])
    width = np.nanmedian(np.linalg.norm(seen[:, 234] - seen[:, 454], axis=1))
    upper, lower = (seen[:, mark] for mark in ibug.INNER_LIPS)
    opening = np.linalg.norm(lower - upper, axis=1) / width
    r, lag = correlation(requested[there], opening[there])
    moved = {}
    for part, marks in STILL_POINTS.items():
        away = seen[there][:, marks] - np.nanmedian(seen[:, marks], axis=0)
        distance = np.linalg.norm(away.mean(1), axis=1) / width
        moved[part] = (float(np.sqrt((distance**2).mean())), float(distance.max()))
    return Followed(name, alive, float(there.mean()), r, lag, moved)


def correlation(asked: NDArray[np.float64], measured: NDArray[np.float64]) -> tuple[float, int]:
    """(Pearson's r without lag, the lag in frames at which it is highest; positive: later)."""

    def at(lag: int) -> float:
        a = asked[max(-lag, 0) : len(asked) - max(lag, 0)]
        b = measured[max(lag, 0) : len(measured) - max(-lag, 0)]
        return float(np.corrcoef(a, b)[0, 1])

    lags = range(-FURTHEST_LAG, FURTHEST_LAG + 1)
    return at(0), max(lags, key=at)
