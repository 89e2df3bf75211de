"""The rig: what each mouth parameter does to a photo, and what it leaves alone."""

import cv2
import numpy as np
import pytest
from faces import Image, avatar_view, mouth, open_mouthed, ready, shown
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.viseme import interior
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import JAW_DROP, pose

VIEW = avatar_view(240, 240, 0.5)
CLOSED = ready(VIEW)
WIDE = ready(avatar_view(320, 320, 0.5))
OPEN = ready(open_mouthed(VIEW))
DARK = 45  # luma of a mouth's inside, well under any skin of the avatar's lower face


def luma(image: Image) -> Image:
    return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)


def between_lips(face: Portrait, image: Image) -> Image:
    return image[
        face.gap.y : face.gap.y + face.gap.height, face.gap.x : face.gap.x + face.gap.width
    ]


def dark_pixels(face: Portrait, image: Image) -> int:
    return int((luma(between_lips(face, image)) < DARK).sum())


def test_closed_lips_at_rest_are_the_photo_itself():
    frame = shown(CLOSED)

    assert np.array_equal(frame, CLOSED.picture)


@settings(max_examples=8, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=8, max_size=8), lids=st.floats(0, 1))
def test_outside_the_region_of_interest_every_byte_is_the_photos(values, lids):
    frame = shown(WIDE, lids, **dict(zip(MOUTH_PARAMETERS, values, strict=True)))

    roi = WIDE.roi
    outside = np.ones(frame.shape[:2], bool)
    outside[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width] = False
    assert outside.sum() > 1000
    assert np.array_equal(frame[outside], WIDE.picture[outside])


def test_the_warp_fades_before_the_border_of_its_region():
    frame = shown(WIDE, jaw_open=1.0).astype(int)

    change = np.abs(frame - WIDE.picture).max(-1)
    roi = WIDE.roi
    inside = change[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width]
    assert inside.max() > 100
    assert max(edge.max() for edge in (inside[0], inside[-1], inside[:, 0], inside[:, -1])) == 0
    assert max(edge.max() for edge in (inside[1], inside[-2], inside[:, 1], inside[:, -2])) <= 4


def test_the_wider_the_jaw_the_larger_the_dark():
    areas = [dark_pixels(CLOSED, shown(CLOSED, jaw_open=jaw)) for jaw in np.linspace(0, 1, 9)]

    assert areas[0] == 0
    assert areas == sorted(areas)
    assert areas[4] > 150
    assert areas[-1] > 2 * areas[3]


def test_an_open_mouth_on_the_photo_closes_at_rest():
    photo, rest = dark_pixels(OPEN, OPEN.picture), dark_pixels(OPEN, shown(OPEN))

    assert not OPEN.rest.closed
    assert photo > 60
    assert rest < 0.05 * photo


@pytest.mark.parametrize("face", [CLOSED, OPEN], ids=["closed photo", "open photo"])
def test_pressed_lips_override_the_jaw(face):
    wide = dark_pixels(face, shown(face, jaw_open=0.8))
    pressed = dark_pixels(face, shown(face, jaw_open=0.8, lip_closure=1.0))

    assert wide > 200
    assert pressed < 0.02 * wide


def biting_edge(face: Portrait, image: Image) -> int:
    """Row of the middle column where the upper teeth end: the steepest fall from bright to dark."""
    column = between_lips(face, image)[:, face.gap.width // 2 + 3].astype(float).mean(-1)
    return int(np.diff(column)[: int(0.7 * len(column))].argmin())


def test_the_upper_teeth_stay_with_the_skull():
    edges = [biting_edge(CLOSED, shown(CLOSED, jaw_open=jaw)) for jaw in (0.35, 0.6, 0.85)]

    assert max(edges) - min(edges) <= 1


def test_the_lower_teeth_move_with_the_jaw():
    def edge(jaw: float) -> int:
        """Row of the middle column where, behind the lips, the dark ends at the lower teeth."""
        posed = pose(CLOSED.rest, mouth(jaw_open=jaw, lower_depress=1.0))
        inside = interior.draw(CLOSED.inside, posed, np.zeros((1, 2)))[0].mean(0).numpy()
        column = inside[:, CLOSED.gap.width // 2 + 3]
        upper = int(np.diff(column).argmin())
        return upper + int(np.diff(column[upper:]).argmax())

    drop = JAW_DROP * (0.7 - 0.35) * CLOSED.frame.unit
    assert edge(0.7) - edge(0.35) == pytest.approx(drop, abs=1.5)


@pytest.mark.parametrize("name", MOUTH_PARAMETERS)
def test_every_parameter_visibly_does_its_job(name):
    base = {"jaw_open": 0.25} if name != "jaw_open" else {}

    without, with_ = shown(CLOSED, **base), shown(CLOSED, **(base | {name: 1.0}))

    change = np.abs(without.astype(int) - with_).max(-1)
    assert (change > 25).sum() > 40


def test_rounding_narrows_and_spreading_widens_the_gap():
    def width(**values: float) -> int:
        dark = luma(between_lips(CLOSED, shown(CLOSED, jaw_open=0.5, **values))) < DARK
        return int(np.ptp(np.flatnonzero(dark.any(0))))

    assert width(rounding=1.0) < 0.85 * width() < width() < width(width=1.0)


def test_shut_lids_hide_the_green_irises_and_half_shut_ones_some_of_them():
    def irises(lids: float) -> int:
        frame = shown(CLOSED, lids)
        marks = VIEW[1]
        total = 0
        for eye in (marks[36:42], marks[42:48]):
            (x0, y0), (x1, y1) = eye.min(0).astype(int), eye.max(0).astype(int)
            total += int((frame[y0:y1, x0:x1, 1] > frame[y0:y1, x0:x1, 2] + 5.0).sum())
        return total

    assert irises(0) > 100
    assert irises(0.5) < 0.8 * irises(0)
    assert irises(1) < 0.1 * irises(0)


@pytest.mark.parametrize("turn", [-25, 25])
def test_a_tilted_head_opens_its_mouth_along_its_own_axis(turn):
    tilted = ready(avatar_view(240, 240, 0.5, turn))
    upright = shown(CLOSED, jaw_open=0.7)

    frame = shown(tilted, jaw_open=0.7)

    affine = cv2.getRotationMatrix2D((120, 120), turn, 1)
    expected = cv2.warpAffine(upright, affine, (240, 240), flags=cv2.INTER_CUBIC)
    photo = cv2.warpAffine(CLOSED.picture, affine, (240, 240), flags=cv2.INTER_CUBIC)
    box = np.s_[90:190, 70:170]
    moved = np.abs(expected[box].astype(int) - photo[box]).mean()
    wrong = np.abs(expected[box].astype(int) - frame[box]).mean()
    assert wrong < 0.35 * moved


@pytest.mark.parametrize(
    ("width", "height", "scale"),
    [(96, 97, 0.3), (61, 75, 0.17), (301, 333, 0.7), (2400, 2300, 6.2)],
    ids=["96 px", "a tiny odd picture", "odd", "a face 2000 px wide"],
)
def test_small_large_and_odd_pictures_talk(width, height, scale):
    face = ready(avatar_view(width, height, scale))

    frame = shown(face, 0.5, jaw_open=0.7)

    assert frame.shape == (height, width, 3)
    assert dark_pixels(face, frame) > 0.1 * face.gap.width * face.gap.height


def test_landmarks_that_make_no_sense_still_give_a_picture():
    picture, marks = VIEW
    rng = np.random.default_rng(0)
    for spread in (3, 15, 60):
        face = ready((picture, marks + rng.normal(0, spread, marks.shape)))

        frame = shown(face, 0.5, jaw_open=0.6, width=0.5, tongue=1.0)

        assert frame.shape == picture.shape
