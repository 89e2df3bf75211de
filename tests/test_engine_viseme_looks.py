"""What a mouth must look like on real and drawn faces: closed where asked, lit as the photo is."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from faces import Image, avatar_view, mouth, open_mouthed, ready, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from people import astronaut, avatar, dimmed, gamma, glossy_avatar, gray, turned

from benchmarks.cartoon import cartoon
from lipsync_engine.avatar import default_face
from lipsync_engine.viseme.eyelids import EYES
from lipsync_engine.viseme.idle import Sway
from lipsync_engine.viseme.light import LUMA, light_of
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS, K
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import pose
from lipsync_engine.viseme.rig import _splines

# Placed by an independent face mesh (MediaPipe's), a tenth of a pixel.
MARKS = np.array(json.loads(Path(__file__).with_name("astronaut.json").read_text()))
SMILE = ready((astronaut(), MARKS))
CLOSED = ready(avatar_view(240, 240, 0.5))
OPEN = ready(open_mouthed(avatar_view(240, 240, 0.5)))
SMALL = ready(avatar_view(96, 97, 0.25, -25))
FACES = {"closed": CLOSED, "smiling": SMILE, "open": OPEN, "small and tilted": SMALL}
ROWS = st.lists(st.floats(0, 1, width=32), min_size=K, max_size=K)


def worn(wear):
    """The astronaut through one of people's wears, ready to move."""
    image, affine = wear(astronaut())
    return ready((image, MARKS @ affine[:, :2].T + affine[:, 2]))


def row(values: list[float]) -> np.ndarray:
    """(1, K) from numbers 0..1; the width goes from -1 to 1."""
    made = np.array([values], np.float32)
    made[0, MOUTH_PARAMETERS.index("width")] = 2 * made[0, MOUTH_PARAMETERS.index("width")] - 1
    return made


def teeth_pixels(image: Image, marks: np.ndarray = MARKS) -> int:
    """Pale, bright pixels within the outer lips."""
    lips = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(lips, [np.round(marks[48:60]).astype(np.int32)], 1)
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    return int(((lab[..., 0] > 70) & (lab[..., 1] < 5) & (lips > 0)).sum())


def test_a_smile_that_shows_teeth_closes_over_them():
    assert not SMILE.rest.closed
    assert teeth_pixels(SMILE.picture) > 60
    assert teeth_pixels(shown(SMILE)) < 4
    assert teeth_pixels(shown(SMILE, lip_closure=1.0, jaw_open=0.5)) < 4


def test_a_smile_shows_its_own_teeth_when_it_speaks():
    assert teeth_pixels(shown(SMILE, jaw_open=0.4, upper_raise=0.6)) > 30


def test_teeth_are_found_where_landmarks_say_that_the_lips_are_closed():
    wrong = MARKS.copy()
    wrong[[65, 66, 67]] = wrong[[63, 62, 61]]

    face = ready((astronaut(), wrong))

    assert not face.rest.closed
    assert teeth_pixels(shown(face)) < 4


def test_a_shine_on_closed_lips_is_no_tooth():
    face = ready((glossy_avatar(), default_face().landmarks[0].astype(np.float64)))

    assert face.rest.closed


@pytest.mark.parametrize("degrees", [-25, 25])
def test_a_tilted_smile_opens_where_the_upright_one_does(degrees):
    face = worn(lambda image: turned(image, degrees))

    assert face.rest.gap == pytest.approx(SMILE.rest.gap, abs=0.02)
    assert face.rest.half == pytest.approx(SMILE.rest.half, abs=0.03)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(sorted(FACES)), values=ROWS)
def test_pressed_lips_leave_no_gap_whatever_else_is_asked(name, values):
    asked = row(values)
    asked[0, MOUTH_PARAMETERS.index("lip_closure")] = 1.0

    posed = pose(FACES[name].rest, asked)

    assert (posed.lower[..., 1] <= posed.upper[..., 1] + 1e-9).all()
    assert posed.gap[0] == pytest.approx(0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(FACES)),
    values=ROWS,
    jaws=st.lists(st.floats(0, 1, width=32), min_size=2, max_size=6),
)
def test_the_gap_never_shrinks_as_the_jaw_opens(name, values, jaws):
    asked = np.repeat(row(values), len(jaws), 0)
    asked[:, MOUTH_PARAMETERS.index("jaw_open")] = sorted(jaws)

    gaps = pose(FACES[name].rest, asked).gap

    assert (np.diff(gaps) >= -1e-9).all()


def folds(face: Portrait, asked: np.ndarray) -> float:
    """The least area, of its own, that a small square of the face is shrunk to; below 0 it folds.

    Read off the spline that moves the whole face, on its own nodes.
    """
    still = Sway(np.zeros((1, 2)), np.zeros(1))
    splines = _splines(face, pose(face.rest, asked), still)
    field = face.face_mesh.field(splines.points[:, : splines.n_face], splines.face)[0].numpy()
    n = face.face_mesh.n
    home = face.roi.nodes(n).reshape(n, n, 2)
    at = home + field
    assert np.isfinite(at).all()
    down, across = np.diff(at, axis=0)[:, :-1], np.diff(at, axis=1)[:-1]
    area = across[..., 0] * down[..., 1] - across[..., 1] * down[..., 0]
    step = np.diff(home, axis=1)[0, 0, 0] * np.diff(home, axis=0)[0, 0, 1]
    return float((area / step).min())


@settings(max_examples=40, deadline=None)
@given(name=st.sampled_from(sorted(FACES)), values=ROWS)
def test_no_mouth_folds_the_skin(name, values):
    assert folds(FACES[name], row(values)) > 0


@pytest.mark.parametrize("name", sorted(FACES))
def test_a_shout_does_not_fold_the_skin(name):
    assert folds(FACES[name], mouth(jaw_open=1.0)) > 0
    assert folds(FACES[name], mouth(jaw_open=1.0, rounding=1.0, width=-1.0)) > 0


def test_a_shout_leaves_no_ghost_of_a_drawn_line_beside_the_mouth():
    face = ready(cartoon())
    skin = np.array([168, 205, 246])
    box, corner = face.gap, face.rest.landmarks[60]
    u, v = np.moveaxis(face.frame.to_face(box.pixel_grid()), -1, 0)
    beside = (u < corner[0] + 0.1) & (v > corner[1]) & (v < corner[1] + 0.4)

    image = shown(face, jaw_open=1.0)[box.y : box.y + box.height, box.x : box.x + box.width]

    dark = np.abs(image - skin).max(-1)
    soft = beside & (dark > 20) & (dark < 110)
    three = np.lib.stride_tricks.sliding_window_view(soft, 3, axis=1).all(-1)
    assert (beside & (dark > 140)).any()  # the line itself
    assert not three.any()  # and its soft edge, which is two pixels wide at most


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.15, 1.4), whites=st.floats(0.2, 1.2))
def test_drawn_teeth_are_never_brighter_than_the_whites_of_the_eyes_or_the_skin(gain, whites):
    marks = default_face().landmarks[0].astype(np.float64)
    image = avatar() * gain
    for eye in (marks[36:42], marks[42:48]):
        mask = np.zeros(image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [np.round(eye).astype(np.int32)], 1)
        image[mask > 0] *= whites
    image = image.clip(0, 255).astype(np.uint8)
    brightest = np.percentile(
        np.concatenate([_eye_pixels(image, marks, eye) for eye in EYES]) @ LUMA, 95
    )

    light = light_of(image, marks, None)

    assert light.teeth @ LUMA <= max(brightest, 1.02 * (light.skin @ LUMA)) + 1
    assert light.teeth.max() <= 255


def _eye_pixels(image: Image, marks: np.ndarray, eye: tuple[int, ...]) -> np.ndarray:
    mask = np.zeros(image.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(marks[list(eye[:6])]).astype(np.int32)], 1)
    return image[mask > 0].astype(np.float64)


def test_the_mouth_of_a_gray_photo_is_gray():
    face = worn(gray)

    frame = shown(face, 0.5, jaw_open=0.7, tongue=1.0, upper_raise=0.5)

    assert np.ptp(frame.astype(int), axis=2).max() <= 3


@pytest.mark.parametrize("wear", [dimmed, lambda image: gamma(image, 0.5)], ids=["dark", "bright"])
def test_the_inside_is_as_dark_or_bright_as_the_photo(wear):
    face = worn(wear)

    inside = shown(face, jaw_open=0.8)[face.gap.inside(_whole(face))]

    assert inside.mean() < 1.05 * face.picture[face.gap.inside(_whole(face))].mean()


def _whole(face: Portrait):
    height, width = face.picture.shape[:2]
    return type(face.gap)(0, 0, width, height)


def test_shut_lids_leave_nothing_of_a_cartoons_huge_eyes():
    picture, marks = cartoon()
    face = ready((picture, marks.astype(np.float64)))

    def whites(image: Image) -> int:
        return int((image[240:360].min(-1) > 235).sum())

    assert whites(picture) > 500
    assert whites(shown(face, 1.0)) < 20


def test_glasses_stay_where_they_are_when_eyes_shut():
    picture, marks = avatar(), default_face().landmarks[0].astype(np.float64)
    top = int(marks[[37, 38, 43, 44], 1].min() - 22)
    frame = np.s_[top - 6 : top, int(marks[36, 0]) : int(marks[45, 0])]
    picture = picture.copy()
    picture[frame] = (20, 25, 40)
    face = ready((picture, marks))

    shut = shown(face, 1.0)

    moved = np.abs(shut[frame].astype(int) - picture[frame]).max(-1) > 40
    assert moved.mean() < 0.05
    assert np.abs(shut.astype(int) - picture).max() > 60


@pytest.mark.parametrize("name", sorted(FACES))
def test_a_blink_touches_the_eyes_alone_and_both_of_them(name):
    face = FACES[name]

    open_, shut = shown(face, jaw_open=0.3), shown(face, 1.0, jaw_open=0.3)

    changed = np.abs(open_.astype(int) - shut).max(-1)
    for eye in face.eyes:
        rows, columns = eye.box.inside(_whole(face))
        assert changed[rows, columns].max() > 30
        changed[rows, columns] = 0
    assert changed.max() == 0
