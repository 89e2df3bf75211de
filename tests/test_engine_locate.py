"""Finding a face by the built-in locator, and saying clearly when there is none."""

import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from faces import mouth, ready, shown
from hypothesis import given
from hypothesis import strategies as st
from people import (
    ASTRONAUT_CORNERS,
    ASTRONAUT_EYES_APART,
    ASTRONAUT_LIPS_TOP_BOTTOM,
    ASTRONAUT_PUPILS,
    WEAR,
    astronaut,
    avatar,
    blobs,
    bricks,
    gamma,
    glossy_avatar,
    jpeg,
    noise,
    png,
    rocket,
    scaled,
    two_people,
    wall,
)

from lipsync_engine.avatar.geometry import landmarks
from lipsync_engine.errors import (
    EngineError,
    FaceTooSmallError,
    NoFaceError,
    UnreadableMediaError,
    WeightsError,
)
from lipsync_engine.locate import SMALLEST, built_in, locate, network
from lipsync_engine.locate.inner_lips import lip_line
from lipsync_engine.locate.outline import Outline
from lipsync_engine.locate.shape import apply, similarity
from lipsync_engine.viseme.pose import pose


@pytest.fixture(autouse=True)
def built_in_locator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCHORD_LOCATOR", "built-in")


def test_mouth_and_eyes_of_a_real_smiling_person_are_found() -> None:
    face = locate([png(astronaut())])

    points = face.landmarks[0]
    corners = np.linalg.norm(points[[48, 54]] - ASTRONAUT_CORNERS, axis=1)
    pupils = np.stack([points[36:42].mean(0), points[42:48].mean(0)])
    edges = points[[51, 57], 1] - ASTRONAUT_LIPS_TOP_BOTTOM[:, 1]
    # Set by eye, to a pixel: 0.05 is 3.4 pixels, or 2 % of her face's width.
    assert corners.max() < 0.05 * ASTRONAUT_EYES_APART
    # She looks a little aside; what is found are her eyes' middles.
    assert np.linalg.norm(pupils - ASTRONAUT_PUPILS, axis=1).max() < 0.06 * ASTRONAUT_EYES_APART
    assert np.abs(edges).max() < 0.04 * ASTRONAUT_EYES_APART
    assert face.located_by == "built-in"
    assert face.warnings == ()


def test_teeth_in_view_set_the_inner_lips_apart_and_closed_lips_keep_them_together() -> None:
    smiling, closed = locate([png(astronaut())]), locate([png(glossy_avatar())])

    gap = smiling.landmarks[0, 66, 1] - smiling.landmarks[0, 62, 1]

    assert 4.0 < gap < 11.0  # 7 px of teeth
    assert np.array_equal(closed.landmarks[0, [61, 62, 63]], closed.landmarks[0, [67, 66, 65]])


@pytest.mark.parametrize("jaw", [0.7, 1.0])
def test_a_widely_opened_mouth_is_found_as_wide_as_it_is(jaw: float) -> None:
    person = locate([png(astronaut())])
    rest = ready((astronaut(), person.landmarks[0]))
    image = shown(rest, jaw_open=jaw)
    wanted = float(pose(rest.rest, mouth(jaw_open=jaw)).gap[0]) * rest.frame.unit

    points = locate([png(image)]).landmarks[0]

    assert points[66, 1] - points[62, 1] == pytest.approx(wanted, rel=0.3)
    assert np.linalg.norm(points[[48, 54]] - ASTRONAUT_CORNERS, axis=1).max() < 0.15 * (
        ASTRONAUT_EYES_APART
    )


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_closed_lips_stay_closed_in_a_dark_photo(power: float) -> None:
    points = built_in.find_faces(gamma(avatar(), power)[0])[0].points

    assert np.array_equal(points[[61, 62, 63]], points[[67, 66, 65]])


@pytest.mark.parametrize("wear", WEAR)
def test_the_mouth_is_found_however_the_picture_was_worn(wear: str) -> None:
    image, moved = WEAR[wear](astronaut())
    unit = np.linalg.norm(moved[:, 0]) * ASTRONAUT_EYES_APART

    found = built_in.find_faces(image)

    away = np.linalg.norm(found[0].points[[48, 54]] - apply(moved, ASTRONAUT_CORNERS), axis=1)
    assert len(found) == 1
    assert away.max() < 0.045 * unit


@pytest.mark.parametrize("wear", ["half size", "turned left", "dim and warm", "gray"])
def test_a_drawing_is_found_too(wear: str) -> None:
    image, moved = WEAR[wear](avatar())
    truth = apply(moved, landmarks().astype(float))

    found = built_in.find_faces(image)

    away = np.linalg.norm(found[0].points - truth, axis=1) / np.linalg.norm(truth[36] - truth[45])
    assert away[[48, 54]].max() < 0.03
    assert away.mean() < 0.05


@pytest.mark.parametrize("picture", [wall, bricks, noise, blobs, rocket])
def test_a_picture_of_no_one_is_refused_with_advice(picture) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NoFaceError, match=r"No face was found in the picture\. Use one in which"):
        locate([jpeg(picture())])


def test_a_tiny_face_is_refused_with_the_size_found_and_wanted() -> None:
    small, _ = scaled(astronaut(), 0.5)  # the jaw is then about 48 px wide

    with pytest.raises(FaceTooSmallError, match=rf"is 4\d pixels wide; at least {SMALLEST:.0f}"):
        locate([png(small)])


def test_of_two_faces_the_larger_is_taken_and_the_user_told() -> None:
    face = locate([png(two_people())])

    mouth = face.landmarks[0, 48:].mean(0)
    assert np.linalg.norm(mouth - 0.6 * landmarks()[48:].mean(0)) < 8
    assert face.warnings == (
        "2 faces were found; the largest one is used. "
        "To choose another, crop the picture to that person.",
    )


def test_a_clear_face_is_sure_and_one_that_hardly_shows_is_less_so_and_the_user_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clear = locate([png(astronaut())])
    noise = np.random.default_rng(2).normal(0, 40, astronaut().shape)
    grainy = np.clip(0.35 * astronaut() + 60 + noise, 0, 255).astype(np.uint8)
    (unclear,) = built_in.find_faces(grainy)[:1] or [None]

    assert clear.confidence == 1.0
    assert unclear is None or unclear.confidence < 1.0
    monkeypatch.setattr("lipsync_engine.locate.SURE", 1.01)
    (warning,) = locate([png(astronaut())]).warnings
    assert warning.startswith("The locator is unsure of this face (confidence 1.00 of 1)")


def test_the_pictures_are_kept_byte_for_byte() -> None:
    encoded = jpeg(avatar())

    face = locate([encoded])

    assert face.images == (encoded,)
    assert face.landmarks.dtype == np.float32


def test_bytes_that_are_no_picture_are_refused() -> None:
    for junk in (b"", b"not a picture"):
        with pytest.raises(UnreadableMediaError, match="PNG or JPEG"):
            locate([junk])


def test_a_video_of_a_wall_has_no_face() -> None:
    with pytest.raises(NoFaceError, match="in the video"):
        locate([jpeg(wall())] * 2)


def test_the_same_frames_give_the_same_landmarks() -> None:
    frames = [jpeg(scaled(avatar(), 0.3)[0])] * 3

    one, other = locate(frames), locate(frames)

    assert one.content_hash == other.content_hash


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(20, 400), st.floats(-1, 1))
def test_the_average_face_lands_on_the_pupils(x: float, y: float, apart: float, a: float) -> None:
    left = np.array([x, y])
    right = left + apart * np.array([np.cos(a), np.sin(a)])

    shape = apply(similarity(left, right), np.array([[-31.0, 0.0], [31.0, 0.0]]))

    assert np.allclose(shape, [left, right])


def test_an_unknown_locator_is_named_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCHORD_LOCATOR", "dlib")

    with pytest.raises(EngineError, match="auto, face-alignment, built-in"):
        locate([png(avatar())])


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A proxy that refuses, and an empty folder for weights: the network is out of reach."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    network.load.cache_clear()
    return tmp_path


def test_without_weights_the_built_in_locator_steps_in_and_says_so(
    no_network: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LIPCHORD_LOCATOR", "auto")

    face = locate([png(avatar())])
    again = network.load()

    assert face.located_by == "built-in"
    assert len(face.warnings) == 1
    assert "face-alignment's weights could not be fetched" in face.warnings[0]
    assert again is network.load()
    assert capfd.readouterr() == ("", "")
    network.load.cache_clear()


def test_where_face_alignment_is_demanded_its_absence_is_an_error(
    no_network: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIPCHORD_LOCATOR", "face-alignment")

    with pytest.raises(WeightsError, match="copy the two files into") as caught:
        locate([png(avatar())])

    assert str(no_network) in str(caught.value)
    network.load.cache_clear()


def test_weights_are_kept_in_the_project_unless_torch_home_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("TORCH_HOME", raising=False)
    monkeypatch.setenv("LIPCHORD_VAR_DIR", str(tmp_path))

    assert network.weights_folder() == tmp_path / "torch" / "hub" / "checkpoints"


def test_where_weights_come_from_is_read_in_the_package_without_importing_it() -> None:
    code = (
        "import sys; from lipsync_engine.locate import network; urls = network._weights_urls();"
        "assert 'face_alignment' not in sys.modules;"
        "from face_alignment.api import models_urls;"
        "from face_alignment.detection.sfd import sfd_detector;"
        "assert urls == (models_urls['2DFAN-4'], sfd_detector.models_urls['s3fd'])"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("height", [2.0, 2.05, 2.3, 3.0, 16.0])
def test_lips_of_any_height_that_counts_as_lips_have_a_line_between_them(height: float) -> None:
    outline = Outline(top=67 - height / 2, bottom=67 + height / 2)
    assert outline.like_lips

    line = lip_line(np.zeros((700, 700), np.float32), outline)

    assert outline.top <= line <= outline.bottom
