"""Teeth, drawn once per face: the upper row stays with the skull, the lower row with the jaw.

Each row is a small picture with an alpha channel over the mouth, in face units,
that the renderer reads wherever the lips leave a gap. Tooth widths are an
adult's means (Wheeler's Dental Anatomy) as seen from the front, where the arch
turns away and the side teeth look narrower.
"""

from dataclasses import dataclass

import numpy as np

from lipsync_engine.viseme.geometry import Points, smoothstep
from lipsync_engine.viseme.light import Light
from lipsync_engine.viseme.shape import RestMouth

# Right edges of the teeth from the middle outwards, face units.
UPPER_EDGES = np.array([0.0, 0.135, 0.238, 0.345, 0.42, 0.475, 0.51])
LOWER_EDGES = np.array([0.0, 0.084, 0.172, 0.275, 0.365, 0.43, 0.47])
UPPER_LENGTHS = np.array([0.165, 0.145, 0.16, 0.13, 0.11, 0.1])
UPPER_STEPS = np.array([0.0, -0.011, 0.0, -0.012, -0.022, -0.03])  # of the biting edge
LOWER_STEPS = np.array([0.0, 0.0, -0.004, 0.004, 0.012, 0.02])
REACH_U, ABOVE, BELOW = 0.66, 0.3, 0.3  # what a picture covers around the mouth's middle
ARCH = 0.10  # the upper row rises towards the cheeks by this times u squared
BEHIND_LIP = 0.03  # the lower row's edge lies this far below the lower lip's
CAVITY, LEAST_CAVITY = 0.3, 0.04  # of the skin's brightness; from top to bottom, face units
LEDGE = 0.02  # below the row's edge the photo's own teeth fade over this
SHOWN_AT_REST = 0.03  # the upper row's edge lies this far below the seam of relaxed lips


@dataclass(frozen=True)
class Teeth:
    """Two pictures over u in centre +- REACH_U and v in -ABOVE..BELOW (lower: from its own edge).

    Attributes:
        upper, lower: (h, w, 4) float64 BGR 0..255 and alpha 0..1.
        edge: v of the upper row's biting edge in the middle.
    """

    upper: Points
    lower: Points
    edge: float


@dataclass(frozen=True)
class OwnTeeth:
    """What the photo itself shows between the lips, on the upper picture's pixels.

    Attributes:
        colours: (h, w, 3) BGR.
        weight: (h, w) 0..1: this is a tooth, not the dark or a lip.
        colour: (3,) their mean.
    """

    colours: Points
    weight: Points
    colour: Points


def picture_grid(rest: RestMouth, unit: float) -> tuple[Points, Points]:
    """(h, w) u and v of a picture's pixels, 1.5 to a pixel of the photo, within reason."""
    scale = float(np.clip(1.5 * unit, 90, 520))
    u = np.linspace(-REACH_U, REACH_U, round(2 * REACH_U * scale)) + rest.centre
    v = np.linspace(-ABOVE, BELOW, round((ABOVE + BELOW) * scale))
    grid: tuple[Points, Points] = np.meshgrid(u, v)
    return grid


def own_teeth(
    rest: RestMouth, u: Points, v: Points, colours: Points, skin_luma: float
) -> OwnTeeth | None:
    """The teeth that the photo shows, or None: closed lips, or only the dark behind them."""
    if rest.closed:
        return None
    upper, lower = rest.contour(rest.upper, u[:1]), rest.contour(rest.lower, u[:1])
    within = smoothstep((v - upper) / 0.012) * smoothstep((lower - v) / 0.012)
    luma = colours @ np.array([0.114, 0.587, 0.299])
    redness = (colours[..., 2] - colours[..., 1]) / np.maximum(luma, 1.0)
    light = smoothstep((luma / skin_luma - 0.5) / 0.25) * smoothstep((0.42 - redness) / 0.2)
    # Teeth under the dark of a widely open mouth are the lower ones, which the jaw moves.
    dark = (within > 0.5) & (luma < CAVITY * skin_luma)
    lower_row = np.cumsum(dark, 0) * (v[1, 0] - v[0, 0]) > LEAST_CAVITY
    shown = within * light
    weight = _softened(shown * ~lower_row)
    if weight.sum() < max(0.04 * float(within.sum()), 0.5 * float(shown.sum()), 0.04):
        return None  # nothing, or little beside a lower row: the upper one lies in its shadow
    bright = weight > 0.6 * weight.max()
    return OwnTeeth(colours, weight, np.percentile(colours[bright], 65, axis=0))


def _softened(weight: Points) -> Points:
    """Each place the mean of the 5 x 5 around it: single dark pixels leave no holes in a row."""
    for axis in (0, 1):
        weight = np.mean([np.roll(weight, step, axis) for step in range(-2, 3)], axis=0)
    return weight


def draw_teeth(rest: RestMouth, u: Points, v: Points, light: Light, own: OwnTeeth | None) -> Teeth:
    """Both rows, the photo's own teeth over the drawn ones where it shows any."""
    x, v = u[:1] - rest.centre, v[:, :1]
    size = float(np.clip(rest.half / 0.4, 0.8, 1.2))
    if own is None:
        edge = float(rest.seam[3, 1]) + SHOWN_AT_REST
        upper = _upper_row(x / size, v - edge + ARCH * (x / size) ** 2, light)
    else:
        curve = _own_edge(own, x, v)
        edge = float(np.polyval(curve, 0.0))
        below = v - np.polyval(curve, x)
        upper = _upper_row(x / size, below, light)
        # Past the row's edge the photo's teeth would end in a step beside the drawn ones.
        shown = (own.weight * (1 - smoothstep(below / LEDGE)))[..., None]
        alpha = np.maximum(upper[..., 3:], shown)
        upper = np.concatenate([upper[..., :3] * (1 - shown) + own.colours * shown, alpha], -1)
    return Teeth(upper, _lower_row(x / size, v, light), edge)


def _own_edge(own: OwnTeeth, x: Points, v: Points) -> Points:
    """The parabola, a v over x, along which the photo's upper teeth end."""
    seen = (own.weight > 0.5 * own.weight.max()) & (np.abs(x) < 0.36)
    columns = np.flatnonzero(seen.any(0))
    last = len(v) - 1 - seen[::-1, columns].argmax(0)
    if len(columns) < 8:
        return np.array([-ARCH, 0.0, float(np.median(v[last, 0]))])
    curve: Points = np.polyfit(x[0, columns], v[last, 0], 2)
    return curve


def _upper_row(x: Points, below_edge: Points, light: Light) -> Points:
    """(h, w, 4) for distances below the row's edge line."""
    tooth, across, half = _tooth(x, UPPER_EDGES)
    edge = UPPER_STEPS[tooth] - 0.014 * np.abs(across) ** 4
    length = UPPER_LENGTHS[tooth] - 0.02 * across**2
    down = (below_edge - edge) / length  # -1 at the gum, 0 at the biting edge
    round_side = 1 - 0.10 * np.abs(across) ** 3
    line = 1 - 0.17 * np.exp(-(((1 - np.abs(across)) * half / 0.008) ** 2)) * smoothstep(-down * 6)
    depth = np.clip(1 - 0.82 * (np.abs(x) / 0.5) ** 2.2, 0.12, 1)
    glassy = 1 - 0.10 * smoothstep((down + 0.25) / 0.25) - 0.10 * smoothstep((-0.55 - down) / 0.45)
    shade = round_side * line * depth * glassy
    warm = smoothstep((-0.5 - down) / 0.5)[..., None] * (
        light.colourful * np.array([0.12, 0.04, 0.0])
    )
    enamel = light.teeth * shade[..., None] * (1 - warm)
    gum = (0.75 * light.lip) * depth[..., None]
    to_gum = smoothstep((-0.97 - down) / 0.1)[..., None]
    alpha = smoothstep((edge - below_edge) / 0.012 + 0.5) * (np.abs(x) < UPPER_EDGES[-1])
    return np.concatenate([enamel * (1 - to_gum) + gum * to_gum, alpha[..., None]], -1)


def _lower_row(x: Points, v: Points, light: Light) -> Points:
    """(h, w, 4); v = 0 is the biting edge, teeth stand below it."""
    tooth, across, half = _tooth(x, LOWER_EDGES)
    edge = LOWER_STEPS[tooth] + 0.06 * x**2 + 0.008 * np.abs(across) ** 4
    down = v - edge
    line = 1 - 0.2 * np.exp(-(((1 - np.abs(across)) * half / 0.006) ** 2))
    depth = np.clip(1 - 0.9 * (np.abs(x) / 0.47) ** 2, 0.1, 1)
    foot = 1 - 0.55 * smoothstep(down / 0.12)
    shade = 0.82 * (1 - 0.1 * np.abs(across) ** 3) * line * depth * foot
    gum = 0.55 * light.lip * depth[..., None]
    to_gum = smoothstep((down - 0.11) / 0.03)[..., None]
    colour = light.teeth * shade[..., None] * (1 - to_gum) + gum * to_gum
    alpha = smoothstep(down / 0.014 + 0.5) * (np.abs(x) < LOWER_EDGES[-1])
    return np.concatenate([colour, alpha[..., None]], -1)


def _tooth(x: Points, edges: Points) -> tuple[np.ndarray, Points, Points]:
    """Which tooth each x is on, where across it (-1..1), and half its width."""
    side = np.abs(x)
    index = np.clip(np.searchsorted(edges, side, side="right") - 1, 0, len(edges) - 2)
    half = (edges[index + 1] - edges[index]) / 2
    across = (side - edges[index]) / half - 1
    return index, np.clip(across, -1, 1), half
