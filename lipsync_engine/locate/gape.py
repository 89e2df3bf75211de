"""A widely opened mouth: its dark inside, the teeth that border it, and the lips around those.

The jaw takes the lower lip down to where the chin of others is, and the dark
inside is so unlike skin that beside it lips hardly count: both are told here.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.locate.lower_face import PX_PER_MM, TOP, Map, region
from lipsync_engine.locate.outline import Outline

CHEEKS = (-38.0, -22.0, 26.0, 50.0), (22.0, 38.0, 26.0, 50.0)  # mm: x from, to, y from, to
HIGHEST, LOWEST = 58.0, 92.0  # mm under the pupils: where the dark is looked for
DARK = 0.35  # of the cheeks' lightness: darker is the inside
BRIGHT = 65.0  # CIE L of cheeks; in darker photos shadows are darker too, for their own skin
TONGUE = 0.6  # of it: darker, under the dark, is a tongue
PALE = 0.65  # of the cheeks' redness: less, beside the dark, are teeth
LEAST = 3.0  # mm of dark from top to bottom
BREAK = 1.5  # mm of neither, between what is open
UPPER_LIP, LOWER_LIP = 5.0, 9.0  # mm: usual thickness of stretched lips


def cavity(lab: Map) -> NDArray[np.bool_]:
    """Where a widely open mouth is dark inside, (h, w); nowhere in other faces.

    Args:
        lab: (h, w, 3) the upright lower face.
    """
    dark = np.zeros(lab.shape[:2], bool)
    box = -20.0, 20.0, HIGHEST, LOWEST
    region(dark, *box)[:] = region(lab[..., 0], *box) < _darkest(cheek(lab)[0])
    rows = region(dark, -5, 5, HIGHEST, LOWEST).mean(1) > 0.5
    return dark if rows.sum() >= LEAST * PX_PER_MM else np.zeros_like(dark)


def cheek(lab: Map) -> Map:
    """(3,) the median colour of both cheeks."""
    skin = np.concatenate([region(lab, *box).reshape(-1, 3) for box in CHEEKS])
    return np.asarray(np.median(skin, 0), np.float32)


def _darkest(light: float) -> float:
    """The lightness under which it is dark, for cheeks as light as `light`."""
    return float(DARK * light * min(1.0, light / BRIGHT))


def opened(lab: Map, dark: NDArray[np.bool_], x: float) -> tuple[float, float]:
    """Upper and lower end of what is open at `x` mm: the dark, teeth around it, a tongue under it.

    Args:
        lab: (h, w, 3) the upright lower face.
        dark: (h, w) from `cavity`, which must not be empty.
        x: of the mouth's middle, millimetres.
    """
    skin = cheek(lab)
    rows = np.median(region(lab, x - 5, x + 5, TOP, TOP + len(lab) / PX_PER_MM), 1)
    pale = (rows[:, 1] < PALE * skin[1]) if skin[1] > 0 else np.zeros(len(rows), bool)
    columns = region(dark.astype(np.float32), x - 5, x + 5, TOP, TOP + len(lab) / PX_PER_MM)
    core = np.flatnonzero(columns.mean(1) > 0.4)
    if not len(core):
        core = np.flatnonzero(dark.any(1))
    above = _grown(pale | (rows[:, 0] < _darkest(skin[0])), int(core[0]), -1)
    below = _grown(pale | (rows[:, 0] < TONGUE * skin[0]), int(core[-1]), 1)
    return TOP + above / PX_PER_MM, TOP + (below + 1) / PX_PER_MM


def with_lips(outline: Outline, top: float, bottom: float) -> Outline:
    """The outline with room for lips around what is open from `top` to `bottom` mm."""
    return replace(
        outline,
        top=min(outline.top, top - UPPER_LIP),
        bottom=max(outline.bottom, bottom + LOWER_LIP),
    )


def _grown(open_: NDArray[np.bool_], row: int, step: int) -> int:
    """The last open row from `row` on, over breaks no longer than BREAK."""
    last = at = row
    while 0 <= at < len(open_) and abs(at - last) <= BREAK * PX_PER_MM:
        if open_[at]:
            last = at
        at += step
    return last
