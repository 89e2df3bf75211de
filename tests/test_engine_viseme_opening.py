"""How an open mouth is read off a photo: its edges, its teeth, and its lips as they close again."""

import json
from pathlib import Path

import numpy as np
import pytest
from faces import mouth, ready
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from people import astronaut

from lipsync_engine.viseme.idle import Sway
from lipsync_engine.viseme.opening import STEP_COST, _edges
from lipsync_engine.viseme.pose import pose
from lipsync_engine.viseme.rig import _splines
from lipsync_engine.viseme.shape import MIDDLE, STATIONS, RestMouth
from lipsync_engine.viseme.teeth import own_teeth, picture_grid

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
