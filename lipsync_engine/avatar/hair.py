"""Hair: locks of thousands of strands between guide curves, each lit along its own length."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.avatar.canvas import (
    SUBPIXEL,
    WIDTH,
    Field,
    Picture,
    blur,
    over,
    rgb,
    to_fixed,
)
from lipsync_engine.avatar.geometry import Points, right, spline

DARK = rgb("#2b1710")
BASE = rgb("#5a3320")
LIGHT = rgb("#b9794a")
SHEEN = rgb("#e8bd92")


@dataclass(frozen=True)
class Lock:
    """Strands spread between guides.

    Attributes:
        guides: from one edge to the other, each a root-to-tip list of (dx, y), equally long.
        n_strands: how many.
        sheen: along the strand, 0..1, where the light lies.
        shade: 0 in the light, 1 in the dark behind the neck.
        seed: of the strands' small differences.
    """

    guides: tuple[tuple[tuple[float, float], ...], ...]
    n_strands: int
    sheen: float
    shade: float
    seed: int


BACK = Lock(
    (
        ((-150, 200), (-214, 300), (-226, 430), (-222, 560), (-196, 690)),
        ((-110, 250), (-150, 380), (-150, 500), (-150, 600), (-130, 700)),
        ((0, 300), (0, 420), (0, 520), (0, 620), (0, 705)),
        ((110, 250), (150, 380), (150, 500), (150, 600), (130, 700)),
        ((150, 200), (214, 300), (226, 430), (222, 560), (196, 690)),
    ),
    900, 0.3, 0.85, 41,
)  # fmt: skip
SIDE_LEFT = Lock(
    (
        ((-186, 330), (-207, 420), (-206, 520), (-188, 610), (-150, 690)),
        ((-196, 310), (-217, 410), (-224, 520), (-214, 620), (-180, 712)),
        ((-204, 290), (-228, 400), (-244, 520), (-240, 625), (-212, 716)),
        ((-208, 270), (-236, 390), (-258, 520), (-260, 620), (-240, 700)),
    ),
    760, 0.45, 0.12, 42,
)  # fmt: skip
SIDE_RIGHT = Lock(
    tuple(tuple((-x, y) for x, y in guide) for guide in SIDE_LEFT.guides), 760, 0.4, 0.35, 43
)
# From the parting, over the forehead's corner, behind the ear.
SWEEP_LEFT = Lock(
    (
        ((44, 118), (-10, 122), (-88, 152), (-150, 222), (-178, 292), (-190, 348)),
        ((46, 98), (-20, 90), (-112, 128), (-170, 205), (-192, 285), (-199, 345)),
        ((48, 78), (-26, 62), (-126, 100), (-188, 186), (-206, 280), (-207, 340)),
        ((48, 62), (-26, 40), (-134, 76), (-200, 166), (-220, 270), (-216, 335)),
        ((46, 54), (-26, 26), (-138, 60), (-208, 152), (-228, 262), (-222, 330)),
    ),
    1500, 0.45, 0.0, 44,
)  # fmt: skip
SWEEP_RIGHT = Lock(
    (
        ((44, 118), (76, 128), (118, 160), (156, 214), (178, 286), (190, 348)),
        ((46, 98), (88, 104), (140, 142), (178, 204), (194, 285), (199, 345)),
        ((48, 78), (96, 80), (156, 118), (194, 190), (208, 280), (207, 340)),
        ((48, 62), (98, 56), (166, 96), (206, 174), (221, 270), (216, 335)),
        ((46, 54), (98, 42), (170, 80), (212, 160), (228, 262), (222, 330)),
    ),
    1300, 0.4, 0.22, 45,
)  # fmt: skip


def draw_lock(below: Picture, lock: Lock) -> Picture:
    """One lock over what is below, its shadow first."""
    guides = np.stack([spline(right(guide), steps=8) for guide in lock.guides])
    body = body_mask(guides)
    below = over(below, below * rgb("#a06a58"), 0.55 * np.roll(blur(body, 7), (16, 8), (0, 1)))
    below = over(below, DARK + (BASE - DARK) * (0.55 * (1 - lock.shade)), blur(body, 0.8))
    return draw_strands(below, lock, guides)


def body_mask(guides: NDArray[np.float64]) -> Field:
    """The area between the first and the last guide."""
    mask = np.zeros((WIDTH, WIDTH), np.uint8)
    for a, b in zip(guides[:-1], guides[1:], strict=True):
        cv2.fillPoly(mask, [to_fixed(np.concatenate([a, b[::-1]]))], 255, cv2.LINE_AA, SUBPIXEL)
    return mask.astype(np.float32) / 255


def draw_strands(below: Picture, lock: Lock, guides: NDArray[np.float64]) -> Picture:
    """Strand over strand: dark ones first, bright and thin ones last."""
    random = np.random.default_rng(lock.seed)
    picture = np.ascontiguousarray(below)
    tones = np.sort(random.beta(2.0, 2.6, lock.n_strands))
    clumps = np.cumsum(random.standard_normal(64)) * 0.05
    for tone in tones:
        place = random.uniform(-0.012, 1.012)
        curve = between(guides, place) + wobble(random, guides.shape[1])
        clump = np.interp(place, np.linspace(0, 1, 64), clumps - clumps.mean())
        colours = strand_colours(lock, tone + 0.5 * clump, place, len(curve), random)
        fixed, width = to_fixed(curve), 1 + int(random.uniform() < 0.55 * (1 - tone) + 0.1)
        for i in range(len(curve) - 1):
            cv2.line(picture, fixed[i].tolist(), fixed[i + 1].tolist(), colours[i].tolist(),
                     width, cv2.LINE_AA, SUBPIXEL)  # fmt: skip
    return picture


def between(guides: NDArray[np.float64], place: float) -> Points:
    """The curve at `place` (0 the first guide, 1 the last), smooth across guides."""
    position = np.clip(place, 0, 1) * (len(guides) - 1)
    lower = min(int(position), len(guides) - 2)
    t = position - lower
    a, b = guides[lower], guides[lower + 1]
    beyond = (place - np.clip(place, 0, 1)) * (len(guides) - 1)
    return np.asarray(a + (b - a) * (t + beyond))


def wobble(random: np.random.Generator, n: int) -> Points:
    """A slow sideways drift that grows towards the tip."""
    along = np.linspace(0, 1, n)[:, None]
    phase, strength = random.uniform(0, 6.28, 2), random.normal(0, 2.2, 2)
    return np.asarray(strength * along * np.sin(phase + along * 4.0))


def strand_colours(
    lock: Lock, tone: float, place: float, n: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Colour of each piece of a strand: dark at root and tip, a band of sheen between."""
    along = np.linspace(0, 1, n)
    band = lock.sheen + random.normal(0, 0.05) + 0.10 * np.sin(place * 9.0)
    glow = np.exp(-0.5 * ((along - band) / 0.17) ** 2)
    round_ = np.sin(np.pi * np.clip(place * 0.92 + 0.04, 0, 1)) ** 0.6
    lit = np.clip((0.25 + 0.55 * tone + 0.65 * glow * (0.4 + tone)) * (0.5 + 0.6 * round_), 0, 1.3)
    lit = lit * (1 - 0.8 * lock.shade) * (0.55 + 0.45 * np.clip(along * 8, 0, 1))
    colour = DARK + (BASE - DARK) * np.clip(lit * 2, 0, 1)[:, None]
    colour = colour + (LIGHT - BASE) * np.clip(lit * 2 - 0.9, 0, 1)[:, None] * 0.8
    shine = np.clip(glow * tone * 1.9 - 0.95, 0, 1) * (1 - lock.shade)
    return np.asarray(colour + (SHEEN - colour) * 0.55 * shine[:, None], np.float64)
