"""Draws the default avatar: `python -m lipsync_engine.avatar.draw` writes its two files.

The person does not exist: form, light and colour are computed here, from
curves (`geometry`), so that the landmarks are exact and nobody's likeness or
licence is involved. The same program always draws the same picture.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.avatar import eyes, hair, scene, skin
from lipsync_engine.avatar.canvas import finish
from lipsync_engine.avatar.geometry import landmarks

HERE = Path(__file__).parent


def draw() -> NDArray[np.uint8]:
    """The portrait, back to front: (768, 768, 3) uint8 BGR."""
    picture = scene.background()
    picture = hair.draw_lock(picture, hair.BACK)
    picture = skin.draw_neck(picture)
    picture = scene.draw_clothes(picture)
    picture = skin.draw_head(picture, skin.head_height())
    picture = eyes.draw_brows(eyes.draw_eyes(picture))
    for lock in (hair.RIGHT, hair.LEFT):
        picture = hair.draw_lock(picture, lock)
    picture = skin.draw_ears(picture)
    return finish(picture)


def main() -> None:
    """Write avatar.png and landmarks.json beside this file."""
    encoded = cv2.imencode(".png", draw(), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1]
    (HERE / "avatar.png").write_bytes(encoded.tobytes())
    points = np.round(landmarks().astype(float), 2).tolist()
    lines = ",\n".join(f"  {json.dumps(point)}" for point in points)
    (HERE / "landmarks.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
