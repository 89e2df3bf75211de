"""Eyes and brows: the part of the picture that looks back."""

import numpy as np

from lipsync_engine.avatar.canvas import (
    Hair,
    Picture,
    X,
    Y,
    bump,
    darken,
    draw_hairs,
    over,
    polygon,
    ramp,
    rgb,
    stroke,
)
from lipsync_engine.avatar.geometry import (
    BROW,
    IRIS,
    MIDDLE,
    Points,
    eye_outline,
    half,
    shifted,
    spline,
)
from lipsync_engine.avatar.skin import lid_crease

LASH = rgb("#21130f")
BROW_COLOUR = rgb("#43281b")


def draw_eyes(below: Picture) -> Picture:
    """Ball, iris, lids and lashes of both eyes."""
    for side in (-1, 1):
        upper, lower = eye_outline(side)
        opening = polygon(np.concatenate([upper, lower[::-1]]), 0.35)
        below = over(below, eyeball(side, upper), opening)
        below = draw_lids(below, side, upper, lower)
    return below


def eyeball(side: int, upper: Points) -> Picture:
    """White and iris as if the lids were not there, shaded by the upper lid."""
    x, y, radius = IRIS
    x = MIDDLE + side * x
    form = ramp(np.hypot((X - x) / 50, (Y - y) / 30), 0.4, 1.15)
    ball = over(np.broadcast_to(rgb("#eee6df"), (*X.shape, 3)), rgb("#b79c94"), 0.85 * form)
    caruncle = bump(MIDDLE + side * 44.5, 351.5, 4.5, 3.2)
    ball = over(ball, rgb("#c97f76"), np.clip(0.9 * caruncle, 0, 1))
    ball = draw_iris(ball, x, y, radius)
    shade = polygon(np.concatenate([shifted(upper, 0, 5.5), shifted(upper[::-1], 0, -14)]), 2.4)
    ball = darken(ball, 0.62 * shade, rgb("#8a6a66"))
    light = np.hypot(X - (x - 6.2), Y - (y - 6.4))
    ball = over(ball, rgb("#ffffff"), ramp(light, 4.4, 3.0))
    return over(ball, rgb("#ffffff"), 0.38 * ramp(np.hypot(X - (x + 6), Y - (y + 7)), 3.2, 1.2))


def draw_iris(ball: Picture, x: float, y: float, radius: float) -> Picture:
    """Dark rim, fibres, a glow opposite the catchlight, the pupil."""
    r, angle = np.hypot(X - x, Y - y), np.arctan2(Y - y, X - x)
    waves = ((23, 0.3), (37, 1.1), (61, 2.0), (11, 0.7))  # how many around, phase
    fibres = 0.10 * np.sum([np.sin(angle * k + phase) for k, phase in waves], axis=0)
    iris = np.broadcast_to(rgb("#5d7a63"), (*X.shape, 3)) * (1 + 0.9 * fibres)[..., None]
    ring = ramp(np.asarray(r + 8.8 * fibres, np.float32), 12.5, 6.5)
    iris = over(iris.astype(np.float32), rgb("#a9773f"), 0.75 * ring)
    glow = bump(x + 5, y + 8, 9, 6)
    iris = iris * (0.72 + 0.85 * glow)[..., None]
    iris = over(iris, rgb("#1d2620"), 0.85 * ramp(r, radius - 4.5, radius))
    iris = over(iris, rgb("#070606"), ramp(r, 8.9, 7.5))
    return over(ball, iris, ramp(r, radius + 0.8, radius - 0.8))


def draw_lids(below: Picture, side: int, upper: Points, lower: Points) -> Picture:
    """The lids' rims, the wet line, the crease, shadow and lashes."""
    n = len(upper)
    along = np.linspace(0, 1, n)
    crease = lid_crease(side)
    fold = stroke(crease, 1.0 + 1.6 * np.sin(np.pi * along), 0.8)
    below = over(below, rgb("#7e4636"), 0.70 * fold)
    lid = polygon(np.concatenate([crease, upper[::-1]]), 2.5)
    below = over(below, rgb("#a8695a"), 0.22 * lid)
    under = spline(half(((50, 363), (72, 372), (100, 370), (122, 357)), side))
    below = over(below, rgb("#a96c5a"), 0.30 * stroke(under, np.full(len(under), 3.5), 2.4))
    below = over(
        below, rgb("#e0a294"), 0.75 * stroke(shifted(lower, 0, 0.9), 1.6 + 0.5 * along, 0.6)
    )
    below = over(
        below, rgb("#6b3a30"), 0.55 * stroke(shifted(lower, 0, 2.0), 0.5 + 1.3 * along**2, 0.6)
    )
    below = over(below, LASH, 0.95 * stroke(shifted(upper, 0, -0.6), 2.2 + 3.2 * along**0.8, 0.5))
    return draw_lashes(below, side, upper, lower)


def draw_lashes(below: Picture, side: int, upper: Points, lower: Points) -> Picture:
    """Tapered hairs that fan out, longer towards the temple."""
    random = np.random.default_rng(21)
    hairs = []
    for place in np.sort(random.uniform(0.10, 1.0, 46)):
        root = upper[int(place * (len(upper) - 1))]
        length = (4 + 9 * place**1.4) * random.uniform(0.65, 1.15)
        lean = (-0.45 + 1.75 * place + random.normal(0, 0.08)) * 0.62
        tip = root + np.array([side * np.sin(lean), -np.cos(lean)]) * length
        middle = (root + tip) / 2 + np.array([side * 0.16 * length, 0.10 * length])
        hairs.append(Hair(np.array([root, middle, tip]), 1.5, 0.85))
    for place in np.linspace(0.25, 0.97, 22):
        root = lower[int(place * (len(lower) - 1))] + (0, 1.6)
        length = 3.4 * random.uniform(0.7, 1.2) * (0.6 + 0.6 * place)
        tip = root + np.array([side * (place - 0.35) * 0.9, 1.0]) * length
        hairs.append(Hair(np.array([root, (root + tip) / 2, tip]), 0.8, 0.4))
    return over(below, LASH, draw_hairs(hairs))


def draw_brows(below: Picture) -> Picture:
    """A soft body with hairs over it, upwards at the inner end, along at the tail."""
    random = np.random.default_rng(31)
    for side in (-1, 1):
        line = spline(half(BROW, side))
        n = len(line)
        along = np.linspace(0, 1, n)
        width = 15.0 * (1 - 0.80 * along**2.2) * (0.70 + 0.30 * np.clip(along * 4, 0, 1))
        body = stroke(shifted(line, 0, 1.5), width, 2.4)
        fade = ramp(side * (X - MIDDLE), 34, 62)  # the inner end thins out
        below = over(below, BROW_COLOUR, (0.35 + 0.33 * fade) * body)
        hairs = []
        for _ in range(150):
            place = random.uniform(0, 0.97)
            at = int(place * (n - 1))
            root = line[at] + (0, 1.5 + random.uniform(-0.35, 0.5) * width[at])
            heading = np.radians(-72 + 82 * place**0.6 + random.normal(0, 7))
            length = random.uniform(8, 13) * (1 - 0.35 * place)
            tip = root + np.array([side * np.cos(heading), np.sin(heading)]) * length
            middle = (root + tip) / 2 + (side * 0.6, -0.5)
            strength = random.uniform(0.3, 0.6) * np.clip(0.35 + 5 * place, 0, 1)
            hairs.append(Hair(np.array([root, middle, tip]), 1.2, strength))
        below = over(below, BROW_COLOUR * 0.62, draw_hairs(hairs))
    return below
