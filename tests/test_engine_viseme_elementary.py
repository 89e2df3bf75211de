"""log and exp by OpenCV: as exact as torch's, and of each number alone."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.viseme.elementary import exp_, log

COUNTS = st.integers(1, 300)


@settings(deadline=None)
@given(rows=st.integers(1, 5), columns=COUNTS, seed=st.integers(0, 999))
def test_they_are_as_exact_as_float32_needs(rows: int, columns: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    positive = np.exp(rng.uniform(np.log(1e-12), np.log(30), (rows, columns))).astype(np.float32)
    negative = rng.uniform(-60, 0, (rows, columns)).astype(np.float32)

    logs = log(torch.from_numpy(positive), torch.empty(rows, columns)).numpy()
    exps = exp_(torch.from_numpy(negative.copy())).numpy()

    assert np.abs(logs - np.log(positive.astype(np.float64))).max() < 4e-6
    assert np.abs(exps - np.exp(negative.astype(np.float64))).max() < 2e-7


@settings(deadline=None)
@given(columns=COUNTS, begin=st.integers(0, 40), seed=st.integers(0, 999))
def test_a_number_does_not_feel_its_neighbours(columns: int, begin: int, seed: int) -> None:
    """A frame must be the same bytes whatever else is in its batch."""
    whole = torch.from_numpy(np.random.default_rng(seed).uniform(-9, 0, (1, 400)))
    whole = whole.float()
    part = whole[:, begin : begin + columns]

    assert torch.equal(exp_(whole.clone())[:, begin : begin + columns], exp_(part.clone()))
    logs = log(-whole, torch.empty(1, 400))[:, begin : begin + columns]
    assert torch.equal(logs, log((-part).contiguous(), torch.empty(1, part.shape[1])))


def test_what_does_not_lie_in_one_piece_is_left_as_it_is() -> None:
    planes = torch.linspace(-3, 0, 2 * 4 * 5 * 6).reshape(2, 4, 5, 6)
    before = planes.clone()

    assert torch.allclose(exp_(planes[:, 1:3]), before[:, 1:3].exp())
    assert torch.equal(planes, before)
