"""How an open mouth is read off a photo: its edges, its teeth, and its lips as they close again."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from faces import mouth, ready
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from people import astronaut

from benchmarks.cast import cast
from lipsync_engine.viseme.idle import Sway
from lipsync_engine.viseme.light import light_of
from lipsync_engine.viseme.opening import STEP_COST, _edges
from lipsync_engine.viseme.portrait import Portrait
from lipsync_engine.viseme.pose import pose
from lipsync_engine.viseme.rig import Motion, _splines, draw
from lipsync_engine.viseme.shape import MIDDLE, STATIONS, RestMouth
from lipsync_engine.viseme.teeth import OwnTeeth, draw_teeth, own_teeth, picture_grid

MARKS = np.array(json.loads(Path(__file__).with_name("astronaut.json").read_text()))
SMILE = ready((astronaut(), MARKS))
COSTS = arrays(np.float64, (5, 4), elements=st.floats(-1, 1, width=16))


def price(cost, first, stop):
    """Of a run of rows per column: what lies in it, and how far its two edges jump."""
    inside = sum(
        cost[int(a) : int(b), i].sum() for i, (a, b) in enumerate(zip(first, stop, strict=True))
    )
    return inside + STEP_COST * (np.abs(np.diff(first)).sum() + np.abs(np.diff(stop)).sum())


@given(cost=COSTS, other=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=4))
def test_no_other_pair_of_edges_is_cheaper_than_those_found(cost, other):
    first, stop = _edges(cost)
    one, two = np.array([sorted(pair) for pair in other[:4]], float).T

    assert (first <= stop).all()
    assert price(cost, first, stop) <= price(cost, one, two) + 1e-9


def gaping(lower_row: float, upper_row: float) -> tuple:
    """A wide gap with the dark in it, and rows of teeth of some brightness below and above."""
    u = 0.4 * STATIONS
    marks = np.zeros((68, 2))
    marks[[60, 64]] = [[-0.4, 0], [0.4, 0]]
    edge = 0.2 * (1 - STATIONS**2)
    rest = RestMouth(marks, np.stack([u, -edge], 1), np.stack([u, edge], 1), closed=False)
    u, v = picture_grid(rest, 80)
    luma = np.where(v > 0.08, lower_row, np.where(v < -0.05, upper_row, 10.0))
    return own_teeth(rest, u, v, np.repeat(luma[..., None], 3, -1), 120.0), v


def test_teeth_under_the_dark_of_a_gaping_mouth_are_not_taken_for_the_upper_row():
    only_lower, _ = gaping(lower_row=180.0, upper_row=40.0)
    both, v = gaping(lower_row=180.0, upper_row=150.0)

    assert only_lower is None
    assert both is not None
    assert both.weight[v < -0.07].max() > 0.9
    assert both.weight[v > 0.09].max() == 0.0


@pytest.mark.parametrize("asked", [{}, {"lip_closure": 1.0}])
def test_a_smiles_lower_lip_keeps_its_own_texture_when_it_closes(asked):
    rest, values = SMILE.rest, mouth(**asked)
    moved = pose(rest, values)
    splines = _splines(SMILE, moved, Sway(np.zeros((1, 2)), np.zeros(1)))
    n, nodes = SMILE.lip_mesh.n, SMILE.lip_mesh.nodes.numpy().astype(float)

    field = SMILE.lip_mesh.field(splines.points, splines.lips)[0, ..., 2:].numpy()
    reads = nodes[1].reshape(n, n) + SMILE.frame.to_face(field + SMILE.frame.origin)[..., 1]

    down = nodes[1].reshape(n, n)[:, n // 2]
    edge, outer = moved.lower[0, MIDDLE, 1], rest.landmarks[57, 1]
    lip = (down > edge) & (down < outer)
    stretched = np.diff(reads[lip, n // 2]) / np.diff(down[lip])
    assert lip.sum() > 4
    assert stretched.min() > 0.4  # below 0 it would run backwards, near 0 it smears
    assert stretched.max() < 2.0


@pytest.fixture(scope="module")
def located() -> Portrait:
    """The astronaut with landmarks of our own locator, as users bring her."""
    face = cast()["astronaut"]()
    return ready((face.image(0), face.landmarks[0].astype(float)))


def shows(face: Portrait, values: np.ndarray) -> np.ndarray:
    """(H, W) how much of what lies behind the lips is seen at each pixel, 0..1."""
    still = Motion(values, np.zeros(1), Sway(np.zeros((1, 2)), np.zeros(1)))
    nothing = {row: torch.zeros_like(getattr(face.inside, row)) for row in ("upper", "lower")}
    dark = dict.fromkeys(("tongue", "cavity", "crease"), torch.zeros(1, 3, 1, 1))
    lit = dict.fromkeys(("tongue", "cavity"), torch.full((1, 3, 1, 1), 4000.0))
    inside = [replace(face.inside, **nothing, **(dark | light)) for light in ({}, lit)]
    unlit, bright = (draw(replace(face, inside=one), still)[0].astype(int) for one in inside)
    return (bright - unlit).max(-1) / np.maximum(255 - unlit.min(-1), 1)


@pytest.mark.parametrize("jaw", [0.1, 0.25, 0.4])
@pytest.mark.parametrize("pursed", [0.5, 0.75, 1.0])
def test_a_pursed_smile_has_no_gap_above_its_upper_lip(located, jaw, pursed):
    assert not located.rest.closed
    values = mouth(jaw_open=jaw, rounding=pursed, width=-0.6 * pursed)

    seen = shows(located, values) > 0.3

    moved = pose(located.rest, values)
    lip = np.concatenate([moved.corners[0, :1], moved.upper[0], moved.corners[0, 1:]])
    rows, columns = np.nonzero(seen)
    at = located.frame.to_face(np.stack([columns, rows], -1).astype(float))
    above = np.interp(at[:, 0], lip[:, 0], lip[:, 1]) - at[:, 1]
    assert len(rows) > 100
    assert above.max() < 0.022


def test_the_photos_own_teeth_end_where_the_row_does(located):
    u, v = picture_grid(located.rest, located.frame.unit)
    enamel = np.full((*u.shape, 3), 230.0)
    light = light_of(located.picture, located.frame.to_pixels(located.rest.landmarks), None)
    # Seen as far as the parabola's ends say, and 0.06 farther on one side of the middle.
    reach = np.where(np.abs(u - 0.2) < 0.05, 0.06, 0.0) - 0.2 * (u - located.rest.centre) ** 2
    own = OwnTeeth(enamel, (v < reach).astype(float), np.full(3, 230.0))

    row = draw_teeth(located.rest, u, v, light, own).upper[..., 3]

    ends = v[:, 0][row.shape[0] - 1 - (row[::-1] > 0.5).argmax(0)]
    near = np.abs(u[0] - located.rest.centre) < 0.3
    assert np.abs(np.diff(ends[near])).max() < 0.03
