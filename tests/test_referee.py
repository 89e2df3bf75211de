"""The referee's own arithmetic, without the referee."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from referee import ibug, page, speaking

from lipsync_engine.locate.shape import mean_shape


def test_a_face_is_no_distance_from_itself_and_errors_are_shares_of_its_width() -> None:
    truth = ibug.of_landmarks(mean_shape(), 140.0)
    moved = mean_shape()
    moved[[36, 39]] += (0, 7)  # one eye
    moved[48] -= (14, 0)  # a corner of the mouth

    assert ibug.errors(truth, truth) == ibug.Errors(0, 0, 0)
    found = ibug.errors(ibug.of_landmarks(moved, 140.0), truth)
    assert found.eyes == pytest.approx(0.05)
    assert found.corners == pytest.approx(0.1)
    assert found.mouth == pytest.approx(0.025)
    assert not found.within


def test_a_mirror_seen_in_a_mirror_is_the_face_itself() -> None:
    mesh = np.random.default_rng(0).normal(200, 40, (478, 2))

    twice = ibug.unmirrored(ibug.unmirrored(mesh, 400), 400)

    named = list(ibug.MIRRORED)
    assert np.allclose(twice[named], mesh[named])
    assert np.isnan(twice[2]).all()


@given(st.integers(-6, 6))
def test_a_lag_is_found_with_its_sign(lag: int) -> None:
    asked = np.random.default_rng(1).normal(0, 1, 200).cumsum()

    _, found = speaking.correlation(asked, np.roll(asked, lag))

    assert found == lag


def test_a_table_replaces_what_stood_between_its_markers_and_nothing_else(tmp_path) -> None:  # type: ignore[no-untyped-def]
    doc = tmp_path / "page.md"
    doc.write_text("before\n<!-- films -->\nold\n<!-- end of films -->\nafter\n")

    page.written(doc, {"films": page.table(["a", "b"], [["1", "2"]])})

    table = "| a | b |\n| --- | --- |\n| 1 | 2 |\n"
    assert doc.read_text() == f"before\n<!-- films -->\n{table}<!-- end of films -->\nafter\n"
    with pytest.raises(ValueError, match="no place for tracks"):
        page.written(doc, {"tracks": ""})
