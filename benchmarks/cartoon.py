"""A cartoon with its landmarks: flat colours, outlines, eyes too large; (640, 640)."""

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.avatar.geometry import spline

SIZE, SCALE = 640, 4
MIDDLE = 320.0
INK, SKIN, BLUSH = (52, 38, 46), (168, 205, 246), (140, 160, 242)
HAIR, SHIRT, PAPER = (60, 84, 196), (150, 110, 60), (222, 236, 214)
LIP = (92, 92, 206)
JAW = ((158, 300), (156, 340), (150, 380), (138, 418), (118, 452), (92, 480), (62, 500), (30, 512),
       (0, 516))  # fmt: skip
EYE = ((34, 300), (52, 270), (86, 268), (108, 296), (88, 318), (54, 320))
BROW = ((30, 244), (52, 230), (76, 226), (98, 232), (116, 246))
NOSE = ((0, 310), (0, 330), (0, 348), (0, 364))
NOSTRIL = ((0, 384), (10, 381), (20, 376))
LIP_TOP = ((0, 424), (14, 420), (40, 424), (66, 432))
LIP_LINE = ((0, 438), (22, 438), (50, 434), (60, 433))
LIP_BOTTOM = ((0, 458), (22, 456), (48, 446), (66, 432))

Image = NDArray[np.uint8]
Points = NDArray[np.float64]
Curve = tuple[tuple[float, float], ...]
Colour = tuple[int, int, int]


def cartoon() -> tuple[Image, NDArray[np.float32]]:
    """(640, 640, 3) BGR and (68, 2) landmarks."""
    page = np.full((SIZE * SCALE, SIZE * SCALE, 3), PAPER, np.uint8)
    hair = ((0, 90), (110, 100), (180, 170), (196, 270), (190, 400), (170, 470), (0, 480))
    _fill(page, _whole(hair), HAIR)
    _fill(page, _whole(((0, 500), (60, 500), (62, 560), (0, 560))), SKIN)
    _fill(page, _whole(((0, 560), (70, 556), (190, 590), (230, 700), (0, 700))), SHIRT)
    _fill(page, _whole(((0, 150), (100, 160), (150, 230), *JAW)), SKIN)
    fringe = ((0, 205), (60, 215), (120, 190), (168, 290), (150, 150), (80, 105), (0, 95))
    _fill(page, _whole(fringe), HAIR)
    for side in (-1, 1):
        _features(page, side)
    _line(page, _on(((-4, 350), (10, 372), (18, 380), (2, 386)), 1), 5)
    _fill(page, np.concatenate([_across(LIP_TOP), _across(LIP_BOTTOM)[::-1]]), LIP, 4)
    _line(page, _across(LIP_LINE), 5)
    small = cv2.resize(page, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8), marks()


def marks() -> NDArray[np.float32]:
    """The iBUG 68 points, (68, 2)."""
    top, line, bottom = ((_mirrored(c)) for c in (LIP_TOP, LIP_LINE, LIP_BOTTOM))
    eye_left, eye_right = _place(EYE, -1), _place(EYE, 1)
    parts = [
        _place(JAW, -1), _place(JAW, 1)[-2::-1], _place(BROW, -1)[::-1], _place(BROW, 1),
        _place(NOSE, 1), _mirrored(NOSTRIL), eye_left[[3, 2, 1, 0, 5, 4]], eye_right,
        top, bottom[-2:0:-1], line[1:-1], line[[4, 3, 2]],
    ]  # fmt: skip
    return np.concatenate(parts).astype(np.float32)


def _features(page: Image, side: int) -> None:
    eye = spline(_place(EYE, side), closed=True)
    _fill(page, eye, (250, 250, 248), 6)
    iris, pupil = _pixel((MIDDLE + side * 70, 294)), _pixel((MIDDLE + side * 70 + 4, 288))
    cv2.circle(page, iris, 20 * SCALE, (110, 150, 40), -1, cv2.LINE_AA)
    cv2.circle(page, iris, 11 * SCALE, INK, -1, cv2.LINE_AA)
    cv2.circle(page, pupil, 5 * SCALE, (255, 255, 255), -1, cv2.LINE_AA)
    _line(page, spline(_place(EYE[:4], side)), 8)
    _line(page, spline(_place(BROW, side)), 9)
    cheek = _pixel((MIDDLE + side * 104, 372))
    cv2.ellipse(page, cheek, (26 * SCALE, 15 * SCALE), 0, 0, 360, BLUSH, -1, cv2.LINE_AA)


def _place(points: Curve, side: int) -> Points:
    return np.array(points) * (side, 1.0) + (MIDDLE, 0.0)


def _on(points: Curve, side: int) -> Points:
    return spline(_place(points, side))


def _mirrored(points: Curve) -> Points:
    """From left to right through the middle: (2 n - 1, 2)."""
    return np.concatenate([_place(points, -1)[::-1], _place(points, 1)[1:]])


def _across(points: Curve) -> Points:
    return spline(_mirrored(points))


def _whole(points: Curve) -> Points:
    """A closed outline, given from the middle's top over the right to the middle's bottom."""
    right, left = _place(points, 1), _place(points, -1)
    return np.concatenate([spline(right), spline(left)[::-1]])


def _pixel(point: tuple[float, float]) -> tuple[int, int]:
    return round(point[0] * SCALE), round(point[1] * SCALE)


def _fill(page: Image, outline: Points, colour: Colour, ink: int = 5) -> None:
    at = np.round(outline * SCALE).astype(np.int32)
    cv2.fillPoly(page, [at], colour, cv2.LINE_AA)
    if ink:
        cv2.polylines(page, [at], True, INK, ink * SCALE // 2, cv2.LINE_AA)


def _line(page: Image, curve: Points, width: int) -> None:
    at = np.round(curve * SCALE).astype(np.int32)
    cv2.polylines(page, [at], False, INK, width * SCALE // 2, cv2.LINE_AA)
