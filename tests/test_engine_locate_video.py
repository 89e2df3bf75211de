"""A face through a video: to a fraction of a pixel, through gaps, across cuts, and its absence."""

from dataclasses import replace
from fractions import Fraction

import films
import numpy as np
import people
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine.face import Face
from lipsync_engine.locate import choose_locator, flow, locate, steady
from lipsync_engine.locate.located import Located
from lipsync_engine.locate.shape import apply, composed, fit_similarity, invert, mean_shape
from lipsync_engine.locate.track import Track, watch

FPS = Fraction(25)


@pytest.fixture(autouse=True)
def built_in_locator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIPCHORD_LOCATOR", "built-in")


def root_mean_square(distances: NDArray[np.float64]) -> float:
    return float(np.sqrt((distances**2).sum(-1).mean()))


def away_from_path(face: Face, film: films.Film) -> NDArray[np.float64]:
    """(n, 68, 2) pixels from where the film's movement takes the landmarks' mean."""
    still = np.stack(list(films.still_again(face.landmarks, film.poses)))
    return (still - still.mean(0)) * np.linalg.norm(film.poses[:, :, 0], axis=1)[:, None, None]


def test_a_nodding_head_is_followed_without_lag_and_without_trembling() -> None:
    film = films.astronaut(41)

    face = locate(film.encoded(), FPS)

    head = away_from_path(face, film)[:, 17:48]
    assert root_mean_square(head) < 0.35
    assert root_mean_square(np.diff(head, 2, axis=0)) < 0.08
    assert root_mean_square(away_from_path(face, film)[:, 48:]) < 0.6
    assert face.found is not None
    assert face.found.all()
    assert face.warnings == ()


def test_a_card_before_the_face_for_a_moment_is_looked_past() -> None:
    film = films.astronaut(26)
    still = next(films.still_again(locate(film.encoded()[:1]).landmarks, film.poses[:1]))
    covered = films.covered(film, range(11, 15), still)

    face = locate(covered.encoded(), FPS)

    assert face.found is not None
    assert face.found.all()
    assert np.linalg.norm(away_from_path(face, film)[:, 17:48], axis=2).max() < 2.5


def test_frames_without_a_face_for_longer_are_named_and_the_user_told() -> None:
    film = films.astronaut(46)
    wall = people.scaled(people.wall(), 270 / 480)[0]
    empty = np.ascontiguousarray(np.pad(wall, ((0, 0), (60, 60), (0, 0)), "edge"))
    frames = [*film.frames[:13], *[empty[:, :480]] * 20, *film.frames[33:]]

    face = locate([people.jpeg(frame, 95) for frame in frames], FPS)

    assert face.found is not None
    assert np.flatnonzero(~face.found).tolist() == list(range(13, 33))
    assert np.isfinite(face.landmarks).all()
    assert face.warnings == (
        "In 0.8 of the face video's 1.8 seconds no face was found; "
        "those frames are shown as they are.",
    )


def test_a_cut_moves_the_face_in_one_frame_and_not_over_several() -> None:
    size, picture = (480, 270), people.astronaut()
    still = np.repeat(films.path(1, size, (224, 115), 1.2), 8, 0)
    away = np.repeat(films.path(1, size, (330, 115), 0.9), 8, 0)
    elsewhere = films.filmed(np.ascontiguousarray(picture[:, ::-1]), away, size)
    frames = films.filmed(picture, still, size).frames + [
        (frame.astype(float) * 0.55).astype(np.uint8) for frame in elsewhere.frames
    ]

    encoded = [people.jpeg(frame, 95) for frame in frames]
    face = locate(encoded, FPS)

    assert watch(encoded[5:11], 5, choose_locator()).cuts == {3}
    steps = np.linalg.norm(np.diff(face.landmarks[:, 17:48].mean(1), axis=0), axis=1)
    assert int(np.argmax(steps)) == 7
    assert np.delete(steps, 7).max() < 0.5
    assert steps[7] > 8


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.integers(3, 40))
def test_the_best_similarity_undoes_itself(numbers: list[float], n: int) -> None:
    a, b, x, y = numbers
    move = np.array([[1 + a / 4, -b / 4, 10 * x], [b / 4, 1 + a / 4, 10 * y]])
    points = np.random.default_rng(n).normal(0, 20, (n, 2))

    found = fit_similarity(points, apply(move, points))

    assert np.allclose(found, move, atol=1e-6)
    if abs(np.linalg.det(move[:, :2])) > 0.01:
        assert np.allclose(composed(invert(move), move), np.eye(2, 3), atol=1e-6)


def test_a_face_that_left_has_no_motion() -> None:
    film = films.astronaut(2)
    gray = film.frames[0].mean(2).astype(np.uint8)
    points = locate([people.png(film.frames[0])]).landmarks[0].astype(np.float64)

    assert flow.motion(gray, np.full_like(gray, 128), points) is None
    assert flow.motion(np.full_like(gray, 128), gray, points) is None
    assert np.allclose(flow.motion(gray, gray, points), np.eye(2, 3), atol=1e-3)


@given(fps=st.sampled_from([5, 12, 24, 25, 30, 50, 60, Fraction(24000, 1001)]), data=st.data())
def test_every_frame_gets_landmarks_and_a_still_face_stays_still(
    fps: Fraction, data: st.DataObject
) -> None:
    n = data.draw(st.integers(1, 90))
    seen = data.draw(st.sets(st.integers(0, n - 1), min_size=1))
    track = Track(n, {frame: Located(mean_shape(), 1.0) for frame in seen})

    points, there = steady.landmarks(track, Fraction(fps))

    assert points.shape == (n, 68, 2)
    assert np.allclose(points, mean_shape(), atol=1e-3)
    assert there[sorted(seen)].all()
    assert not there[: min(seen)].any()
    assert not there[max(seen) + 1 :].any()
    assert 1 <= steady.look_every(Fraction(fps)) <= 12


def test_no_face_is_invented_across_a_cut() -> None:
    both = {0: Located(mean_shape(), 1.0), 4: Located(mean_shape() + 40, 1.0)}

    _, joined = steady.landmarks(Track(5, both), FPS)
    points, cut = steady.landmarks(Track(5, both, cuts={2}), FPS)

    assert joined.all()
    assert cut.tolist() == [True, False, False, False, True]
    assert np.allclose(points[1], mean_shape(), atol=1e-3)
    assert np.allclose(points[3], mean_shape() + 40, atol=1e-3)


def test_what_a_face_knows_survives_being_stored() -> None:
    marks = np.zeros((3, 68, 2), np.float32)
    whole = Face((b"a", b"b", b"c"), marks, "built-in", ("look",), 0.4)
    partly = replace(whole, found=np.array([True, False, True]))

    again = Face.from_bytes(partly.to_bytes())

    assert again.confidence == 0.4
    assert [again.shows(index) for index in range(3)] == [True, False, True]
    assert again.content_hash == partly.content_hash != whole.content_hash
    assert Face.from_bytes(whole.to_bytes()).content_hash == whole.content_hash
