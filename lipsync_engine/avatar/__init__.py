"""The face that speaks when the user brings none: `default_face`.

`draw` drew it: geometry -> canvas, light -> skin, eyes, hair, scene -> draw.
"""

import json
from functools import cache
from importlib.resources import files

import numpy as np

from lipsync_engine.face import Face


@cache
def default_face() -> Face:
    """The shipped avatar with its exact landmarks; read once per process."""
    folder = files("lipsync_engine.avatar")
    points = np.array(json.loads(folder.joinpath("landmarks.json").read_text()), np.float32)
    return Face((folder.joinpath("avatar.png").read_bytes(),), points[None], "shipped")
