"""The shipped avatar: what its program draws, with landmarks on its features."""

import json
from importlib.resources import files

import cv2
import numpy as np

from lipsync_engine.avatar import default_face, eyes, scene, skin
from lipsync_engine.avatar.canvas import finish
from lipsync_engine.avatar.geometry import landmarks
from lipsync_engine.locate import built_in


def lab() -> np.ndarray:
    """(768, 768, 3) float32 CIE Lab of the avatar."""
    return cv2.cvtColor(default_face().image(0).astype(np.float32) / 255, cv2.COLOR_BGR2Lab)


def inside(points: np.ndarray) -> np.ndarray:
    """(768, 768) bool: a polygon's inside."""
    mask = np.zeros((768, 768), np.uint8)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 1)
    return mask.astype(bool)


def test_the_shipped_landmarks_are_those_of_the_geometry() -> None:
    shipped = json.loads(files("lipsync_engine.avatar").joinpath("landmarks.json").read_text())

    drawn = np.round(landmarks().astype(float), 2)

    assert np.array_equal(np.array(shipped), drawn)
    assert default_face().landmarks.shape == (1, 68, 2)


def test_the_shipped_picture_is_what_the_program_draws() -> None:
    """Of the whole portrait the face alone is drawn again, without the slow hair."""
    face = skin.draw_head(scene.background(), skin.head_height())

    drawn = finish(eyes.draw_brows(eyes.draw_eyes(face)))

    window = np.s_[320:600, 384 - 110 : 384 + 110]  # below the hair and its shadow
    drawn_part = drawn[window].astype(int)
    inner = cv2.erode(inside(skin.face_outline()).astype(np.uint8), np.ones((25, 25)))[window] > 0
    away = np.abs(drawn_part - default_face().image(0)[window])[inner]
    assert away.mean() < 1.0  # another processor may round differently
    assert np.percentile(away, 99.9) <= 6


def test_the_avatar_is_a_portrait_of_768_pixels_and_less_than_900_kilobytes() -> None:
    face = default_face()

    width = np.ptp(face.landmarks[0, :17, 0])

    assert face.size == (768, 768)
    assert len(face.images[0]) < 900_000
    assert 360 <= width <= 420
    assert default_face() is face


def test_lip_landmarks_enclose_lip_colour_and_the_upper_lip_is_darker() -> None:
    points, colour = landmarks(), lab()
    upper = inside(np.concatenate([points[48:55], points[[64, 63, 62, 61, 60]]]))
    lower = inside(np.concatenate([points[54:60], points[[48]], points[[60, 67, 66, 65, 64]]]))
    skin_below = colour[590:600, 370:398].reshape(-1, 3).mean(0)

    upper_colour, lower_colour = colour[upper].mean(0), colour[lower].mean(0)

    assert upper_colour[1] > skin_below[1] + 8
    assert lower_colour[1] > skin_below[1] + 5
    assert upper_colour[0] < lower_colour[0]


def test_the_mouth_is_closed_and_its_line_is_dark() -> None:
    points, colour = landmarks(), lab()

    line = colour[np.round(points[61:64, 1]).astype(int), np.round(points[61:64, 0]).astype(int), 0]

    assert np.allclose(points[[61, 62, 63]], points[[67, 66, 65]])
    assert line.max() < colour[518:525, 370:398, 0].mean() - 4
    assert line.max() < colour[540:548, 370:398, 0].mean() - 4


def test_eye_landmarks_enclose_a_white_and_a_pupil() -> None:
    points, lightness = landmarks(), lab()[..., 0]

    for first in (36, 42):
        eye = lightness[inside(points[first : first + 6])]

        assert np.percentile(eye, 4) < 15
        assert np.percentile(eye, 85) > 65


def test_brow_landmarks_lie_on_hair_darker_than_the_lid_below() -> None:
    points, lightness = landmarks(), lab()[..., 0]

    for x, y in np.round(points[[18, 19, 20, 23, 24, 25]]).astype(int):
        brow = lightness[y - 3 : y + 8, x - 3 : x + 4].mean()
        lid = lightness[y + 18 : y + 24, x - 3 : x + 4].mean()

        assert brow < lid - 5


def test_jaw_landmarks_lie_where_the_face_ends() -> None:
    points, colour = landmarks(), lab()
    middle = np.array([384.0, 420.0])

    for point in points[3:14]:
        outwards = (point - middle) / np.linalg.norm(point - middle)
        within, beyond = (colour[tuple(np.round(point + d * outwards)[::-1].astype(int))]
                          for d in (-7, 7))  # fmt: skip

        assert np.linalg.norm(within - beyond) > 5


def test_the_built_in_locator_finds_the_avatar_within_three_percent() -> None:
    face = default_face()
    truth = landmarks()
    eyes_apart = np.linalg.norm(truth[36] - truth[45])

    found = built_in.find_faces(face.image(0))

    error = np.linalg.norm(found[0].points - truth, axis=1) / eyes_apart
    assert len(found) == 1
    assert error[48:].mean() < 0.03
    assert error[36:48].mean() < 0.04
    assert error[:17].mean() < 0.05
    assert error.mean() < 0.045
