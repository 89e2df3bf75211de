"""Lips that are all but closed: the teeth between them do not ride on the lower lip."""

import cv2
import numpy as np
import pytest
from faces import Image, avatar_view, ready, shown
from hypothesis import given, settings
from hypothesis import strategies as st
from people import glossy_avatar

from lipsync_engine.avatar import default_face
from lipsync_engine.viseme import portrait
from lipsync_engine.viseme.portrait import Portrait

VIEW = avatar_view(360, 360, 0.6)
CLOSED = ready(VIEW)
ENAMEL = np.array([222, 230, 236])


def between(face: Portrait, image: Image) -> int:
    """Pixels as pale as teeth in a box around the lower lip, from below the upper teeth down."""
    marks = face.frame.to_pixels(face.rest.landmarks)
    box = np.s_[int(marks[66, 1]) :, int(marks[48, 0]) : int(marks[54, 0])]
    lab = cv2.cvtColor(image[box].astype(np.float32) / 255, cv2.COLOR_BGR2Lab)
    lip = np.arange(lab.shape[0]) < marks[57, 1] - marks[66, 1] + 20
    return int(((lab[..., 0] > 72) & (lab[..., 1] < 8))[lip].sum())


def parted(places: list[float], height: float = 0.05) -> tuple[Image, np.ndarray]:
    """The avatar with a tooth in view below the line of her lips at each s, -1..1."""
    rest, frame = CLOSED.rest, CLOSED.frame
    local = frame.to_face(np.stack(np.meshgrid(np.arange(360.0), np.arange(360.0)), -1))
    below = local[..., 1] - rest.contour(rest.seam, local[..., 0])
    tooth = np.zeros((360, 360))
    for place in places:
        away = ((rest.s(local[..., 0]) - place) / 0.13) ** 2 + ((below - height / 2) / height) ** 2
        tooth = np.maximum(tooth, np.clip((1.4 - away) / 0.4, 0, 1) * (below > 0))
    tooth = tooth[..., None]
    return (VIEW[0] * (1 - tooth) + ENAMEL * tooth).astype(np.uint8), VIEW[1]


@settings(max_examples=12, deadline=None)
@given(
    places=st.lists(st.floats(-0.35, 0.35), min_size=1, max_size=2),
    height=st.floats(0.03, 0.06),
    jaw=st.floats(0, 0.7),
)
def test_no_tooth_rides_on_the_lower_lip(places, height, jaw):
    face = ready(parted(places, height))

    assert face.rest.closed
    assert between(face, face.picture) > 8
    assert between(face, shown(face, jaw_open=jaw)) < 3


def test_without_it_one_would(monkeypatch):
    monkeypatch.setattr(portrait, "glimpsed", lambda colours, skin: np.zeros((1, 1), bool))
    face = ready(parted([0.0]))

    assert between(face, shown(face)) > 8


@pytest.mark.parametrize("pictured", [VIEW, (glossy_avatar(), default_face().landmarks[0])])
def test_lips_that_show_none_stay_as_they_are(pictured):
    face = ready(pictured)

    assert np.array_equal(shown(face), face.picture)


def test_only_the_lips_are_painted():
    face = ready(parted([-0.2, 0.1]))
    frame = shown(face)

    changed = np.argwhere((frame != face.picture).any(-1))[:, ::-1]
    local = face.frame.to_face(changed.astype(float))
    below = local[:, 1] - face.rest.contour(face.rest.seam, local[:, 0])
    assert len(changed)
    assert np.abs(face.rest.s(local[:, 0])).max() < 0.5
    assert below.min() > -0.03
    assert below.max() < 0.12
