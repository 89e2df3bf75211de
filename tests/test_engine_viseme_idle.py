"""Blinks and sway: bounded, lively, and a function of seed, frame number and fps alone."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipsync_engine.viseme.idle import blink_times, eyelids, sway, uniform

SEEDS = st.integers(0, 2**63)
RATES = st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30), Fraction(60)])


@given(seed=SEEDS, slot=st.integers(0, 10_000))
def test_blinks_start_two_to_six_seconds_apart_and_last_150_to_400_ms(seed, slot):
    (start, length), (following, _) = blink_times(seed, slot), blink_times(seed, slot + 1)

    assert 2 <= following - start <= 6
    assert 0.15 <= length <= 0.4


def test_blinks_are_seen_as_often_as_they_are_planned():
    shut = eyelids(7, np.arange(25 * 120), Fraction(25)) > 0.5

    blinks = int((np.diff(shut.astype(int)) == 1).sum())

    assert blinks == 30  # one in each four seconds


@given(seed=SEEDS, fps=RATES, first=st.integers(0, 10**6), skip=st.integers(0, 40))
def test_a_frame_is_the_same_whichever_frames_are_asked_with_it(seed, fps, first, skip):
    many = np.arange(first, first + 50)

    lids, motion = eyelids(seed, many, fps), sway(seed, many, fps)
    later = sway(seed, many[skip:], fps)

    assert np.array_equal(eyelids(seed, many[skip:], fps), lids[skip:])
    assert np.array_equal(later.shift, motion.shift[skip:])
    assert np.array_equal(later.turn, motion.turn[skip:])
    assert ((lids >= 0) & (lids <= 1)).all()


@given(seed=SEEDS, fps=RATES, first=st.integers(0, 10**7))
def test_no_part_of_the_face_sways_by_more_than_half_a_percent_of_its_width(seed, fps, first):
    motion = sway(seed, np.arange(first, first + 200), fps)

    # the turn's pivot is the chin; no landmark lies farther than a face's width and a fifth
    farthest = np.hypot(*motion.shift.T) + 1.2 * np.abs(motion.turn)
    assert farthest.max() <= 0.005


def test_sway_is_slow_and_really_there():
    motion = sway(11, np.arange(25 * 60), Fraction(25))

    assert np.ptp(motion.shift[:, 0]) > 0.002
    assert np.abs(np.diff(motion.shift, axis=0)).max() < 0.0003  # a frame to the next


def test_other_seeds_blink_at_other_times():
    starts = {round(blink_times(seed, 0)[0], 3) for seed in range(50)}

    assert len(starts) > 45


def test_the_counter_hash_is_even():
    numbers = np.array([uniform(5, 1, index) for index in range(4000)])

    assert numbers.mean() == pytest.approx(0.5, abs=0.02)
    assert np.histogram(numbers, 10, (0, 1))[0].min() > 320
