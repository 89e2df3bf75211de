"""What is around the face: the soft background and the clothes."""

import numpy as np

from lipsync_engine.avatar.canvas import (
    Picture,
    X,
    Y,
    blur,
    bump,
    noise,
    over,
    polygon,
    ramp,
    rgb,
    stroke,
)
from lipsync_engine.avatar.geometry import MIDDLE, half, shifted, spline
from lipsync_engine.avatar.light import shade

TORSO = ((0, 724), (60, 716), (112, 700), (150, 706), (215, 728), (300, 752), (384, 790),
         (420, 900), (0, 900))  # fmt: skip
COLLAR = ((112, 698), (84, 722), (46, 741), (0, 748))
CLOTH = rgb("#2f5d68")


def background() -> Picture:
    """A quiet wall, lit from the left, darker towards the corners."""
    wall = np.broadcast_to(rgb("#8fa9ad"), (*X.shape, 3)).astype(np.float32)
    wall = over(wall, rgb("#e9dccb"), 0.75 * bump(210, 230, 300, 300))
    wall = over(wall, rgb("#4c6670"), 0.65 * ramp(X + 0.55 * Y, 520, 1250))
    blotches = 0.025 * noise(51, 150) + 0.012 * noise(52, 40) + 0.006 * noise(53, 2)
    wall = wall * (1 + blotches)[..., None]
    corner = ramp(np.hypot(X - MIDDLE, Y - MIDDLE), 300, 620)
    return over(wall, wall * 0.45, corner)


def draw_clothes(below: Picture) -> Picture:
    """A knitted pullover with a round collar."""
    shape = np.concatenate([half(TORSO, 1), half(TORSO, -1)[-2:0:-1]])
    mask = polygon(shape, 1.0)
    across = np.clip((X - MIDDLE) / 430, -1, 1)
    height = 190 * np.sqrt(1.02 - across**2) + 0.30 * (700 - Y) * -1
    height = height + 5 * noise(61, 90) + 2.0 * noise(62, 40)
    knit = 0.35 * np.sin(X * 1.55) * (0.7 + 0.3 * np.sin(Y * 1.9 + 2.5 * np.sin(X * 0.78)))
    edge = np.concatenate([spline(half(COLLAR, -1)), spline(half(COLLAR, 1))[::-1]])
    band = stroke(shifted(edge, 0, 7), np.full(len(edge), 15.0), 1.2)
    height = height + 5 * band + knit
    colour = np.broadcast_to(CLOTH, (*X.shape, 3)) * (1 + 0.03 * noise(63, 3))[..., None]
    colour = over(colour.astype(np.float32), rgb("#274f5a"), 0.8 * band)
    under_head = blur(mask * ramp(np.abs(X - 420), 210, 60), 20) * ramp(Y, 790, 700)
    lit = shade(
        colour, np.asarray(height, np.float32), gloss=np.full(X.shape, 0.05, np.float32),
        scatter=False, shadow=1 - 0.6 * under_head,
    )  # fmt: skip
    above = np.array([[MIDDLE + 112, 600], [MIDDLE - 112, 600]])
    hole = polygon(np.concatenate([edge, above]), 0.7)
    seam = np.clip(mask * (1 - hole), 0, 1)
    below = over(below, below * 0.45, 0.7 * np.roll(blur(seam, 5), -8, 0) * hole)
    return over(below, lit, seam)
