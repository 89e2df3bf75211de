"""From mouth parameters to where the landmarks go: the anatomy of the rig.

Lengths are in face units: 0.1 is about 6 mm on an adult. Every number below is
how far a part goes when its parameter is 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.geometry import Points, smoothstep
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from lipsync_engine.viseme.shape import MIDDLE, RestMouth

JAW = np.arange(2, 15)
# How much of the jaw's drop reaches each jaw landmark 2..14: it turns about the ears.
JAW_SHARE = np.array([0.03, 0.1, 0.24, 0.46, 0.72, 0.92, 1, 0.92, 0.72, 0.46, 0.24, 0.1, 0.03])
STILL = np.array([0, 1, 15, 16, 17, 19, 21, 22, 24, 26, 27, 30, 33, 36, 39, 42, 45])
NOSTRILS = np.array([31, 35])
UPPER_OUTER = np.arange(48, 55)
LOWER_OUTER = np.arange(55, 60)
SHARED = np.concatenate([JAW, STILL, NOSTRILS, UPPER_OUTER, LOWER_OUTER])
JAW_DROP = 0.37
FLATTENED = 0.75  # of the seam's bend that round lips lose
OVERLAP, NEAR = 0.012, 0.03  # of lips that were apart on the photo, and from which gap on
PRESS = 0.028  # of an outer lip towards the inner one


@dataclass(frozen=True)
class MouthPose:
    """Where everything goes, b frames, in face units.

    Attributes:
        shared: (b, n, 2) the landmarks of `SHARED`.
        upper, lower: (b, 7, 2) the inner lips at `shape.STATIONS`.
        corners: (b, 2, 2) the inner corners.
        jaw_drop: (b,) of the lower teeth, from where they are with closed lips.
        gap: (b,) between the inner lips, at the middle.
        tongue: (b,) 0..1, the tip's lift.
        hood: (b,) 0..1, how much lips pushed forward shade the mouth's inside.
    """

    shared: Points
    upper: Points
    lower: Points
    corners: Points
    jaw_drop: Points
    gap: Points
    tongue: Points
    hood: Points


@dataclass(frozen=True)
class _Drive:
    """The parameters of b frames, (b, 1) each, once their quarrels are settled."""

    jaw: Points  # drop, face units
    up: Points  # of the upper inner lip, face units
    down: Points  # of the lower inner lip
    up_outer: Points
    down_outer: Points
    widen: Points  # factor on u of the inner lips
    widen_outer: Points
    round: Points  # 0..1, how far the gap is an ellipse
    corner_drop: Points
    chin: Points
    sneer: Points  # of the nostrils
    press: Points
    tongue: Points
    hood: Points


def pose(rest: RestMouth, mouth: NDArray[np.float32]) -> MouthPose:
    """Where the landmarks go for (b, K) mouth parameters."""
    drive = _drive(mouth)
    rise, sink = rest.lower - rest.seam, rest.seam - rest.upper  # (7, 2): what closing takes
    upper = _lip(rest, drive, rest.upper, sink[:, 1], -drive.up, drive.widen)
    lower = _lip(rest, drive, rest.lower, -rise[:, 1], drive.down, drive.widen)
    lower[..., 1] = np.maximum(lower[..., 1], upper[..., 1])
    gap = lower[:, MIDDLE, 1] - upper[:, MIDDLE, 1]
    if not rest.closed:
        # A cut edge is ragged: meeting lips cover it, the lower one lies over the upper.
        lower[..., 1] -= OVERLAP * np.clip(1 - gap / NEAR, 0, 1)[:, None]
    lift = _chin_lift(rest) * rise[MIDDLE, 1]
    nothing = np.zeros(2)
    return MouthPose(
        shared=_shared(rest, drive, lift),
        upper=upper,
        lower=lower,
        corners=_lip(rest, drive, rest.landmarks[[60, 64]], nothing, nothing[None], drive.widen),
        jaw_drop=drive.jaw[:, 0],
        gap=gap,
        tongue=drive.tongue[:, 0],
        hood=drive.hood[:, 0],
    )


def _drive(mouth: NDArray[np.float32]) -> _Drive:
    values = np.clip(
        mouth.astype(np.float64), [-1 if n == "width" else 0 for n in MOUTH_PARAMETERS], 1
    )
    p = {name: values[:, i : i + 1] for i, name in enumerate(MOUTH_PARAMETERS)}
    press, bite, pucker = p["lip_closure"], p["labiodental"], p["rounding"]
    apart = 1 - smoothstep(press)
    jaw = JAW_DROP * p["jaw_open"] * apart * (1 - 0.8 * bite)
    spread = np.maximum(p["width"], 0) * 0.15 + np.minimum(p["width"], 0) * 0.13
    return _Drive(
        jaw=jaw,
        up=apart * (0.12 * jaw + 0.085 * p["upper_raise"] + 0.05 * bite - 0.005 * pucker),
        down=apart
        * (jaw + (1 - bite) * (0.08 * p["lower_depress"] + 0.04 * pucker) - 0.004 * bite),
        up_outer=apart * (0.08 * jaw + 0.075 * p["upper_raise"] + 0.025 * bite) + 0.042 * pucker,
        down_outer=apart * (jaw + (1 - bite) * 0.07 * p["lower_depress"])
        + 0.05 * pucker
        - 0.055 * bite,
        widen=1 + spread - 0.4 * pucker - 0.15 * jaw - 0.025 * press,
        widen_outer=1 + spread - 0.27 * pucker - 0.15 * jaw - 0.025 * press,
        round=pucker,
        corner_drop=0.4 * jaw - 0.02 * np.maximum(p["width"], 0) + 0.01 * pucker,
        chin=0.92 * jaw + 0.01 * p["lower_depress"] - 0.02 * bite - 0.012 * press,
        sneer=0.015 * p["upper_raise"],
        press=press,
        tongue=p["tongue"] * apart,
        hood=pucker**2,
    )


def _lip(
    rest: RestMouth,
    drive: _Drive,
    at: Points,
    closing: Points,
    opening: Points,
    widen: Points,
) -> Points:
    """(b, n, 2) where the points `at` (n, 2) of a lip go; `opening` (b, 1) is for the middle."""
    s = rest.s(at[:, 0])
    # A smile's corners stand high; round lips have them level with the middle.
    seam = np.concatenate([rest.landmarks[[60]], rest.seam, rest.landmarks[[64]]])
    bent = np.interp(at[:, 0], seam[:, 0], seam[:, 1]) - rest.seam[MIDDLE, 1]
    s = np.minimum(np.abs(s), 1)
    # 1 in the middle, 0 at the corners
    middle = (1 - s ** (2.4 - 0.4 * drive.round)) ** (0.7 - 0.2 * drive.round)
    u = rest.centre + (at[:, 0] - rest.centre) * widen
    v = (
        at[:, 1]
        - FLATTENED * drive.round * bent
        + closing
        + drive.corner_drop * (1 - middle)
        + opening * middle
    )
    return np.stack(np.broadcast_arrays(u, v), -1)


def _shared(rest: RestMouth, drive: _Drive, lift: float) -> Points:
    marks = rest.landmarks
    b = len(drive.jaw)
    jaw = np.repeat(marks[None, JAW], b, 0)
    jaw[..., 1] += (drive.chin - lift) * JAW_SHARE
    jaw[..., 0] -= 0.25 * drive.jaw * JAW_SHARE * (1 - JAW_SHARE) * (jaw[..., 0] - rest.centre)
    nostrils = np.repeat(marks[None, NOSTRILS], b, 0)
    nostrils[..., 1] -= drive.sneer
    return np.concatenate(
        [
            jaw,
            np.repeat(marks[None, STILL], b, 0),
            nostrils,
            _outer(rest, drive, UPPER_OUTER, rest.upper, -drive.up_outer, 0.6),
            _outer(rest, drive, LOWER_OUTER, rest.lower, drive.down_outer, _lower_share(rest)),
        ],
        1,
    )


def _outer(
    rest: RestMouth,
    drive: _Drive,
    marks: NDArray[np.int64],
    inner: Points,
    opening: Points,
    share: float,
) -> Points:
    """Outer lips follow the inner ones; in closing an open mouth they go `share` of the way."""
    at = rest.landmarks[marks]
    inner_closing = np.interp(
        rest.s(at[:, 0]), rest.s(rest.seam[:, 0]), (rest.seam - inner)[:, 1], left=0, right=0
    )
    thickness = np.abs(at[:, 1] - np.interp(at[:, 0], inner[:, 0], inner[:, 1]))
    # Lips can be pressed to half their thickness; further, and their two edges would cross.
    most = np.clip(0.5 * thickness / PRESS, 0, 1)
    sign = np.where(np.isin(marks, UPPER_OUTER), 1, -1)
    moved = _lip(rest, drive, at, share * inner_closing, opening, drive.widen_outer)
    moved[..., 1] += PRESS * most * sign * drive.press
    return moved


def _chin_lift(rest: RestMouth) -> float:
    """A smile shows teeth with the jaw shut; the wider a photo's gap, the more it is the jaw."""
    return float(np.clip(0.3 + (rest.gap - 0.08) * 3.3, 0.3, 0.85))


def _lower_share(rest: RestMouth) -> float:
    return max(0.6, _chin_lift(rest))
