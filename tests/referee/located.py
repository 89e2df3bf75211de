"""Item B5: how far the built-in locator is from the referee, over the whole set of portraits."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipsync_engine.locate import built_in
from referee import ibug, portraits

NOWHERE = ibug.Errors(np.inf, np.inf, np.inf)


@dataclass(frozen=True, slots=True)
class Result:
    """Of one picture."""

    person: str
    way: str
    errors: ibug.Errors
    confidence: float  # 0 where nothing was found
    seconds: float
    hard: bool


def results(folder: Path, only: str = "") -> list[Result]:
    """One per picture of the set, of persons whose name has `only` in it."""
    return [_result(worn) for worn in portraits.the_set(folder) if only in worn.person]


def _result(worn: portraits.Worn) -> Result:
    began = time.perf_counter()
    found = built_in.find_faces(worn.picture)
    seconds = time.perf_counter() - began
    if not found:
        return Result(worn.person, worn.way, NOWHERE, 0.0, seconds, worn.hard)
    face = max(found, key=lambda face: face.width)
    errors = ibug.errors(ibug.of_landmarks(face.points, worn.truth.width), worn.truth)
    return Result(worn.person, worn.way, errors, face.confidence, seconds, worn.hard)
