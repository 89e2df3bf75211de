"""Positions on a face: its own axes and unit, smooth curves over it, boxes of pixels around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]


@dataclass(frozen=True)
class FaceFrame:
    """Axes that tilt with the head: u along the eyes, v from eyes to chin, origin between the lips.

    Attributes:
        origin: (2,) pixels.
        axes: (2, 2); row 0 is u, row 1 is v, unit vectors in pixels.
        unit: pixels; about the distance between the pupils (63 mm on an adult).
    """

    origin: Points
    axes: Points
    unit: float

    def to_face(self, pixels: Points) -> Points:
        """(..., 2) pixels -> (..., 2) face units."""
        return (pixels - self.origin) @ self.axes.T / self.unit

    def to_pixels(self, points: Points) -> Points:
        """(..., 2) face units -> (..., 2) pixels."""
        return points @ self.axes * self.unit + self.origin


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of whole pixels: columns x..x+width-1, rows y..y+height-1."""

    x: int
    y: int
    width: int
    height: int

    def inside(self, outer: "Box") -> tuple[slice, slice]:
        """(rows, columns) of this box within `outer`'s pixels."""
        y, x = self.y - outer.y, self.x - outer.x
        return slice(y, y + self.height), slice(x, x + self.width)

    def pixel_grid(self) -> Points:
        """(height, width, 2) absolute x, y of each pixel."""
        x, y = np.meshgrid(
            np.arange(self.x, self.x + self.width, dtype=np.float64),
            np.arange(self.y, self.y + self.height, dtype=np.float64),
        )
        return np.stack([x, y], -1)

    def nodes(self, n: int) -> Points:
        """(n * n, 2) absolute x, y of an even grid that spans the box, row by row."""
        x, y = np.meshgrid(
            np.linspace(self.x, self.x + self.width - 1, n),
            np.linspace(self.y, self.y + self.height - 1, n),
        )
        return np.stack([x, y], -1).reshape(-1, 2)


def face_frame(landmarks: Points) -> FaceFrame:
    """The frame of (68, 2) landmarks in pixels.

    The direction is the mean of what the eyes and what the eyes-to-mouth line say, so that
    one badly placed eye does not tilt the mouth; the unit is the mean of both lengths, so
    that it survives a head turned sideways.
    """
    left, right = landmarks[36:42].mean(0), landmarks[42:48].mean(0)
    mouth = (landmarks[48] + landmarks[54] + landmarks[62] + landmarks[66]) / 4
    across, down = right - left, mouth - (left + right) / 2
    width, height = float(np.hypot(*across)), float(np.hypot(*down))
    unit = max((width + height) / 2, 4.0)
    direction = across / max(width, 1e-6) + np.array([down[1], -down[0]]) / max(height, 1e-6)
    u = direction / max(float(np.hypot(*direction)), 1e-6)
    axes = np.array([u, [-u[1], u[0]]])
    return FaceFrame((landmarks[62] + landmarks[66]) / 2, axes, unit)


def box_around(points: Points, size: tuple[int, int]) -> Box:
    """The smallest box over (n, 2) pixel positions, within a picture of (width, height)."""
    low = np.maximum(np.floor(points.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(points.max(0)).astype(int), np.array(size) - 1)
    high = np.maximum(high, low + 1)
    low = np.minimum(low, np.array(size) - 2)
    return Box(int(low[0]), int(low[1]), int(high[0] - low[0] + 1), int(high[1] - low[1] + 1))


def smooth_curve(knots: Points, at: Points) -> Points:
    """A curve v(u) through (k, 2) knots (u rising), read at `at`; level beyond the ends.

    Cubic Hermite with finite-difference slopes (Catmull-Rom on uneven knots).
    """
    u, v = knots[:, 0], knots[:, 1]
    slopes = np.gradient(v, u)
    inside = np.clip(at, u[0], u[-1])
    i = np.clip(np.searchsorted(u, inside, side="right") - 1, 0, len(u) - 2)
    step = u[i + 1] - u[i]
    t = (inside - u[i]) / step
    curve: Points = (
        (1 + 2 * t) * (1 - t) ** 2 * v[i]
        + t * (1 - t) ** 2 * step * slopes[i]
        + t**2 * (3 - 2 * t) * v[i + 1]
        + t**2 * (t - 1) * step * slopes[i + 1]
    )
    return curve


def smoothstep(x: Points) -> Points:
    """0 below 0, 1 above 1, and a smooth rise between."""
    t = np.clip(x, 0.0, 1.0)
    rise: Points = t * t * (3 - 2 * t)
    return rise
