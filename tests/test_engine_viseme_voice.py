"""Does anybody speak? Decided over a second and more, in whole numbers, from no more than that."""

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.viseme import network
from lipsync_engine.viseme.network import POOLS, TOP, TRAITS

REACH = POOLS[-1]


def traits_of(seed: int, n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    shape = (n + 2 * REACH, TRAITS)
    return np.random.default_rng(seed).integers(0, TOP + 1, shape).astype(np.float32)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(1, 300))
def test_means_around_a_step_are_whole_numbers_of_the_steps_within_reach(seed: int, n: int) -> None:
    traits = traits_of(seed, n)

    found = network.pooled(torch.from_numpy(traits.T[None].copy()))[0].numpy()

    at = n // 2
    for k, half in enumerate((0, *POOLS)):
        around = traits[at + REACH - half : at + REACH + half + 1].astype(np.float64)
        expected = around.mean(axis=0)
        mine = found[k * TRAITS : (k + 1) * TRAITS, at]
        assert (mine == np.round(mine)).all()
        assert np.abs(mine - expected).max() <= 0.5 + 1e-4
    assert found.shape == (TRAITS * (1 + len(POOLS)), n)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**31), cut=st.integers(1, 199))
def test_a_voice_is_the_same_bytes_wherever_the_steps_are_cut(seed: int, cut: int) -> None:
    traits = traits_of(seed, 200)

    whole = network.voice(traits)
    parts = [network.voice(traits[: cut + 2 * REACH]), network.voice(traits[cut:])]

    assert np.concatenate(parts).tobytes() == whole.tobytes()
    assert whole.min() >= 0
    assert whole.max() <= 1
