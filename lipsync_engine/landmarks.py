"""Whether 68 landmarks that a person placed can be a face, and if not, which point is wrong.

Light on purpose: the API process asks. Positions are judged in the head's own axes
(along the eyes, from the eyes down), so that a tilted head is judged like an upright one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot, isfinite

from lipsync_engine.errors import LandmarksError

N = 68
SMALLEST = 64.0  # px between the jaw's ends; see `lipsync_engine.locate.SMALLEST`
LEAST_MOUTH = 0.08  # of the face's width: lips narrower than that have been pushed together
FLAT = 0.4  # of the distance between the eyes: how far from their line a point of them may lie
ROOM = 0.12  # of the face's width: how far beyond the outline a point of the face may lie

JAW, BROWS, NOSE = range(17), range(17, 27), range(27, 36)
LEFT_EYE, RIGHT_EYE = range(36, 42), range(42, 48)  # of the picture's left and right
OUTER_LIPS, INNER_LIPS = range(48, 60), range(60, 68)
GROUPS = (
    (JAW, "the jaw"), (BROWS, "the brows"), (NOSE, "the nose"), (LEFT_EYE, "the left eye"),
    (RIGHT_EYE, "the right eye"), (OUTER_LIPS, "the outer lips"), (INNER_LIPS, "the inner lips"),
)  # fmt: skip

# Each run goes from the picture's left to its right.
RUNS = (
    range(17, 22), range(22, 27), range(31, 36), (36, 37, 38, 39), (36, 41, 40, 39),
    (42, 43, 44, 45), (42, 47, 46, 45), range(48, 55), (48, 59, 58, 57, 56, 55, 54),
    range(60, 65), (60, 67, 66, 65, 64),
)  # fmt: skip

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Head:
    """Axes of a head: u along the eyes, v down from between them."""

    origin: Point
    u: Point

    def seen(self, point: Point) -> Point:
        """A pixel, in the head's axes, pixels."""
        x, y = point[0] - self.origin[0], point[1] - self.origin[1]
        return x * self.u[0] + y * self.u[1], y * self.u[0] - x * self.u[1]


def check(points: Sequence[Point], width: int, height: int) -> None:
    """Refuse what cannot be a face.

    Args:
        points: x and y of each, pixels of the picture.
        width, height: of the picture, pixels.

    Raises:
        LandmarksError: which point is wrong, and what to do.
    """
    if len(points) != N:
        raise LandmarksError(
            f"{len(points)} landmarks were given; a face has {N}. Send all of them, in the order "
            "in which the face's own `landmarks` stand.", None,
        )  # fmt: skip
    _inside_the_picture(points, width, height)
    head = _head(points)
    marks = [head.seen(point) for point in points]
    wide = marks[16][0] - marks[0][0]
    _jaw_runs_from_left_to_right(marks, wide)
    _inside_the_outline(marks, wide)
    _around(marks)
    _lips(marks, wide)
    _from_left_to_right(marks, wide)
    _eyes_are_flat(marks)


def _inside_the_picture(points: Sequence[Point], width: int, height: int) -> None:
    for index, (x, y) in enumerate(points):
        if not (isfinite(x) and isfinite(y)):
            raise LandmarksError(f"{_named(index)} is not a place: send two numbers.", index)
        if not (0 <= x < width and 0 <= y < height):
            raise LandmarksError(
                f"{_named(index)} at ({x:g}, {y:g}) lies outside the picture, which has "
                f"{width} × {height} pixels. Move it inside.", index,
            )  # fmt: skip


def _head(points: Sequence[Point]) -> _Head:
    """Raises LandmarksError: the eyes stand on one another, or have been swapped."""
    left, right = _middle(points, LEFT_EYE), _middle(points, RIGHT_EYE)
    apart = hypot(right[0] - left[0], right[1] - left[1])
    if apart < SMALLEST / 8:
        raise LandmarksError(
            "The eyes (points 36 to 41, and 42 to 47) lie on one another: move them apart.", 36
        )
    u = ((right[0] - left[0]) / apart, (right[1] - left[1]) / apart)
    head = _Head(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), u)
    if head.seen(_middle(points, OUTER_LIPS))[1] < 0:
        raise LandmarksError(
            "The eyes are swapped, or the mouth (points 48 to 67) is above them: points 36 to 41 "
            "are the eye on the left of the picture, 42 to 47 the one on the right.", 36,
        )  # fmt: skip
    return head


def _jaw_runs_from_left_to_right(marks: Sequence[Point], wide: float) -> None:
    if wide < 0:
        raise LandmarksError(
            "The jaw (points 0 to 16) runs from right to left: point 0 is at the ear on the left "
            "of the picture, point 8 the chin, point 16 at the ear on the right.", 0,
        )  # fmt: skip
    if wide < SMALLEST:
        raise LandmarksError(
            f"The jaw's ends (points 0 and 16) are {wide:.0f} pixels apart; at least "
            f"{SMALLEST:.0f} are needed to move the lips well. Use a picture with a larger face.",
            16,
        )
    eyes, chin = 0.0, marks[8][1]
    if chin <= max(eyes, _middle(marks, OUTER_LIPS)[1]):
        raise LandmarksError(f"{_named(8)} (the chin) lies above the mouth: move it below.", 8)


def _inside_the_outline(marks: Sequence[Point], wide: float) -> None:
    """Eyes, nose and mouth lie between the jaw's ends and above the chin, with some room."""
    room = ROOM * wide
    left = min(marks[index][0] for index in JAW) - room
    right = max(marks[index][0] for index in JAW) + room
    lowest = max(marks[index][1] for index in JAW)
    for index in (*NOSE, *LEFT_EYE, *RIGHT_EYE, *OUTER_LIPS, *INNER_LIPS):
        x, y = marks[index]
        if not (left <= x <= right and y <= lowest):
            raise LandmarksError(
                f"{_named(index)} lies outside the face, whose outline is the jaw (points 0 to "
                "16). Move it inside, or the jaw around it.", index,
            )  # fmt: skip
    for index in (*OUTER_LIPS, *INNER_LIPS):
        if marks[index][1] <= 0:
            raise LandmarksError(f"{_named(index)} lies above the eyes: move it down.", index)
    for index in BROWS:
        if marks[index][1] > marks[33][1]:
            raise LandmarksError(f"{_named(index)} lies below the nose: move it up.", index)


def _around(marks: Sequence[Point]) -> None:
    """Eyes and lips run around in the direction of a clock's hands, as the picture shows them."""
    for group, name in ((LEFT_EYE, "left eye"), (RIGHT_EYE, "right eye"), (OUTER_LIPS, "mouth")):
        if _area([marks[index] for index in group]) <= 0:
            raise LandmarksError(
                f"The points of the {name} ({group[0]} to {group[-1]}) are out of order: they run "
                f"clockwise, and {group[0]} is its corner on the left of the picture.", group[0],
            )  # fmt: skip


def _lips(marks: Sequence[Point], wide: float) -> None:
    if marks[54][0] - marks[48][0] < LEAST_MOUTH * wide:
        raise LandmarksError(
            "The corners of the mouth (points 48 and 54) are too near to one another, or swapped: "
            "48 is the one on the left of the picture.", 54,
        )  # fmt: skip
    slack = 0.02 * wide  # closed lips touch, and a hand trembles
    top = min(marks[index][1] for index in OUTER_LIPS) - slack
    bottom = max(marks[index][1] for index in OUTER_LIPS) + slack
    for index in INNER_LIPS:
        x, y = marks[index]
        if not (marks[48][0] - slack <= x <= marks[54][0] + slack and top <= y <= bottom):
            raise LandmarksError(
                f"{_named(index)} lies outside the outer lips (points 48 to 59). Move it between "
                "them.", index,
            )  # fmt: skip
    for upper, lower in ((61, 67), (62, 66), (63, 65)):
        if marks[upper][1] > marks[lower][1] + slack:
            raise LandmarksError(
                f"{_named(upper)} of the upper lip lies below point {lower} of the lower lip: "
                "exchange them.", upper,
            )  # fmt: skip


def _from_left_to_right(marks: Sequence[Point], wide: float) -> None:
    slack = 0.03 * wide  # of a turned head, points of a nose or a brow come close
    for run in RUNS:
        for before, index in pairwise(run):
            if marks[index][0] < marks[before][0] - slack:
                raise LandmarksError(
                    f"{_named(index)} lies left of point {before}, and belongs to the right of it. "
                    "Exchange them, or move one.", index,
                )  # fmt: skip


def _eyes_are_flat(marks: Sequence[Point]) -> None:
    apart = _middle(marks, RIGHT_EYE)[0] - _middle(marks, LEFT_EYE)[0]
    for index in (*LEFT_EYE, *RIGHT_EYE):
        if abs(marks[index][1]) > FLAT * apart:
            raise LandmarksError(f"{_named(index)} lies far from the rest of that eye.", index)


def _middle(points: Sequence[Point], group: Iterable[int]) -> Point:
    some = [points[index] for index in group]
    return sum(x for x, _ in some) / len(some), sum(y for _, y in some) / len(some)


def _area(polygon: Sequence[Point]) -> float:
    """Positive where the points run clockwise on a picture (y down); the shoelace formula."""
    pairs = zip(polygon, [*polygon[1:], polygon[0]], strict=True)
    return sum(x * other_y - other_x * y for (x, y), (other_x, other_y) in pairs) / 2


def _named(index: int) -> str:
    """Such as "Point 51 (the outer lips)"."""
    return next(f"Point {index} ({name})" for group, name in GROUPS if index in group)
