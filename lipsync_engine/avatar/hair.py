"""Hair: locks of thousands of strands between guide curves, each lit along its own length."""

import itertools
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

DARK = rgb("#24130d")
BASE = rgb("#54301e")
LIGHT = rgb("#a86b40")
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
        ((-150, 200), (-200, 300), (-212, 430), (-208, 560), (-180, 690)),
        ((-110, 250), (-150, 380), (-150, 500), (-150, 600), (-130, 700)),
        ((0, 300), (0, 420), (0, 520), (0, 620), (0, 705)),
        ((110, 250), (150, 380), (150, 500), (150, 600), (130, 700)),
        ((150, 200), (200, 300), (212, 430), (208, 560), (180, 690)),
    ),
    900, 0.3, 0.8, 41,
)  # fmt: skip
# From the parting over the forehead's corner, behind the ear, down to the shoulder.
LEFT = Lock(
    (
        ((40, 150), (-22, 166), (-98, 204), (-156, 262), (-186, 336), (-197, 420), (-196, 520),
         (-176, 610), (-142, 684)),
        ((43, 120), (-26, 122), (-116, 158), (-180, 236), (-203, 330), (-211, 420), (-213, 520),
         (-198, 618), (-164, 700)),
        ((46, 92), (-30, 80), (-130, 114), (-199, 206), (-219, 320), (-228, 420), (-233, 520),
         (-222, 622), (-190, 712)),
        ((48, 70), (-34, 48), (-141, 80), (-212, 180), (-231, 312), (-243, 420), (-251, 522),
         (-243, 624), (-216, 712)),
        ((48, 50), (-34, 27), (-147, 58), (-221, 162), (-240, 306), (-254, 418), (-265, 522),
         (-260, 622), (-238, 700)),
    ),
    2300, 0.30, 0.0, 44,
)  # fmt: skip
RIGHT = Lock(
    (
        ((40, 150), (74, 158), (122, 194), (162, 252), (186, 336), (197, 420), (196, 520),
         (176, 610), (142, 684)),
        ((43, 120), (88, 124), (146, 162), (186, 234), (203, 330), (211, 420), (213, 520),
         (198, 618), (164, 700)),
        ((46, 92), (98, 90), (164, 126), (204, 208), (219, 320), (228, 420), (233, 520),
         (222, 622), (190, 712)),
        ((48, 70), (106, 60), (176, 96), (217, 184), (231, 312), (243, 420), (251, 522),
         (243, 624), (216, 712)),
        ((48, 50), (108, 38), (182, 76), (225, 168), (240, 306), (254, 418), (265, 522),
         (260, 622), (238, 700)),
    ),
    2100, 0.27, 0.22, 45,
)  # fmt: skip


def draw_lock(below: Picture, lock: Lock) -> Picture:
    """One lock over what is below, its shadow first."""
    guides = np.stack([spline(right(guide), steps=8) for guide in lock.guides])
    body = body_mask(guides)
    cast = np.roll(blur(body, 6), (14, 8), (0, 1))
    below = over(below, below * rgb("#a06a58"), 0.6 * cast)
    below = over(below, DARK + (BASE - DARK) * (0.4 * (1 - lock.shade)), blur(body, 0.8))
    return draw_strands(below, lock, guides)


def body_mask(guides: NDArray[np.float64]) -> Field:
    """The area between the first and the last guide."""
    mask = np.zeros((WIDTH, WIDTH), np.uint8)
    guides = guides[:, : round(guides.shape[1] * 0.965)]  # the very tips are strands alone
    for a, b in itertools.pairwise(guides):
        cv2.fillPoly(mask, [to_fixed(np.concatenate([a, b[::-1]]))], 255, cv2.LINE_AA, SUBPIXEL)
    return np.asarray(mask / np.float32(255), np.float32)


def draw_strands(below: Picture, lock: Lock, guides: NDArray[np.float64]) -> Picture:
    """Strand over strand: dark ones first, bright and thin ones last."""
    random = np.random.default_rng(lock.seed)
    picture = np.ascontiguousarray(below)
    n_clumps = max(5, lock.n_strands // 60)
    centres = (np.arange(n_clumps) + random.uniform(0.25, 0.75, n_clumps)) / n_clumps
    tints = random.normal(0, 0.10, n_clumps)
    for tone in np.sort(random.beta(2.0, 2.4, lock.n_strands)):
        clump = random.integers(n_clumps)
        offset = random.normal(0, 0.42) / n_clumps
        n = round(guides.shape[1] * (1 - 0.10 * random.uniform() ** 1.5))
        curve = strand(guides, centres[clump], offset, random)[:n]
        # A clump is round: dark at its sides.
        ridge = 0.16 - 0.42 * min(abs(offset) * n_clumps, 1.0)
        light = tone + tints[clump] + ridge
        colours = strand_colours(lock, light, centres[clump] + offset, len(curve), random)
        fixed, width = to_fixed(curve), 1 + int(random.uniform() < 0.45 * (1 - tone) + 0.1)
        for i in range(len(curve) - 1):
            cv2.line(picture, fixed[i].tolist(), fixed[i + 1].tolist(), colours[i].tolist(),
                     width, cv2.LINE_AA, SUBPIXEL)  # fmt: skip
    return picture


def strand(
    guides: NDArray[np.float64], centre: float, offset: float, random: np.random.Generator
) -> Points:
    """One strand of a clump, drawn towards the clump's centre as it goes down."""
    along = np.linspace(0, 1, guides.shape[1])[:, None]
    spread, middle = between(guides, centre + offset), between(guides, centre)
    phase = np.array([centre * 40.0, centre * 23.0])
    wave = along**2 * np.sin(phase + along * 5.0) * (3.5, 1.5)
    drawn = spread + (middle - spread) * 0.5 * along**1.5
    return np.asarray(drawn + wave + wobble(random, len(along)))


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
    phase, strength = random.uniform(0, 6.28, 2), random.normal(0, 1.3, 2)
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
    root = 0.55 + 0.45 * np.clip(along * 8, 0, 1)
    lit = np.clip(lit, 0, None) * (1 - 0.8 * lock.shade) * root
    colour = DARK + (BASE - DARK) * np.clip(lit * 2, 0, 1)[:, None]
    colour = colour + (LIGHT - BASE) * np.clip(lit * 2 - 0.9, 0, 1)[:, None] * 0.8
    shine = np.clip(glow * tone * 1.9 - 0.95, 0, 1) * (1 - lock.shade)
    return np.asarray(colour + (SHEEN - colour) * 0.55 * shine[:, None], np.float64)
