"""Hearing, when somebody speaks: a mouth that fits the sounds, at their time."""

from itertools import chain

import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.training import measures
from lipsync_engine.viseme.training.utterances import Utterance
from tests.spoken import FINE, TEXTS, hear, samples_of, spans, speak_all, vowel

JAW, WIDTH, ROUND, LIPS, LABIODENTAL, UPPER, LOWER, TONGUE = range(K)
A, I, U = ("a", "ah"), ("i",), ("u",)  # noqa: E741
Spoken = dict[str, Utterance]


@pytest.fixture(scope="module")
def spoken() -> Spoken:
    return speak_all()


@pytest.fixture(scope="module")
def mouths(spoken: Spoken) -> dict[str, NDArray[np.float32]]:
    return {voice: hear(samples_of(said), FINE) for voice, said in spoken.items()}


def test_a_held_vowel_holds_the_mouth_open_and_still() -> None:
    mouth = hear(vowel("a", 110, 3.0))[12:-12]

    assert mouth[:, JAW].min() > 0.3
    assert np.abs(np.diff(mouth, n=2, axis=0)).max() < 0.025


@pytest.mark.parametrize("pitch", [110, 125, 200, 260])
def test_held_vowels_differ_as_mouths_do(pitch: float) -> None:
    a, i, u = (hear(vowel(name, pitch, 2.0))[15:-15].mean(axis=0) for name in "aiu")

    assert a[JAW] > 1.3 * max(i[JAW], u[JAW])
    assert i[WIDTH] > 0.25
    assert u[ROUND] > 0.3
    assert u[ROUND] > 2 * max(a[ROUND], i[ROUND])


def at_middles(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]], kinds: tuple[str, ...]
) -> NDArray[np.float32]:
    """Mouth in the middle of every such sound, (n, K)."""
    return np.array(
        [
            mouths[voice][int(50 * (start + stop))]
            for voice, said in spoken.items()
            for start, stop in spans(said, kinds)
        ]
    )


def most(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]], kinds: tuple[str, ...], parameter: int
) -> NDArray[np.float32]:
    """The parameter's peak within every such sound, (n,)."""
    return np.array(
        [
            mouths[voice][int(100 * start) : int(100 * stop) + 1, parameter].max()
            for voice, said in spoken.items()
            for start, stop in spans(said, kinds)
        ]
    )


def test_an_open_vowel_opens_the_jaw_more_than_close_ones(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]]
) -> None:
    a, i, u = (at_middles(spoken, mouths, kinds)[:, JAW] for kinds in (A, I, U))

    assert min(len(a), len(i), len(u)) >= 8
    assert a.mean() > 0.35
    assert a.mean() > 1.7 * max(i.mean(), u.mean())


def test_i_spreads_the_lips_and_u_rounds_them(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]]
) -> None:
    a, i, u = (at_middles(spoken, mouths, kinds) for kinds in (A, I, U))

    assert i[:, WIDTH].mean() > 0.3
    assert i[:, WIDTH].mean() > u[:, WIDTH].mean() + 0.4
    assert u[:, ROUND].mean() > max(i[:, ROUND].mean(), a[:, ROUND].mean()) + 0.3


def test_m_p_b_close_the_lips_and_t_d_k_do_not(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]]
) -> None:
    lips, palate = (
        most(spoken, mouths, kinds, LIPS) for kinds in (("m", "p", "b"), ("t", "d", "k", "g"))
    )

    assert np.mean(lips > 0.6) > 0.85
    assert np.mean(palate > 0.6) < 0.25


def test_f_and_v_touch_the_teeth_and_s_does_not(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]]
) -> None:
    f, s = (most(spoken, mouths, kinds, LABIODENTAL) for kinds in (("f", "v"), ("s", "z")))

    assert np.median(f) > 0.5
    assert np.mean(s > 0.5) < 0.1


def test_s_keeps_the_jaw_nearly_shut_and_shows_teeth(
    spoken: Spoken, mouths: dict[str, NDArray[np.float32]]
) -> None:
    s, a = (at_middles(spoken, mouths, kinds) for kinds in (("s",), A))

    assert s[:, JAW].mean() < 0.2
    assert s[:, UPPER].mean() > 0.3
    assert s[:, UPPER].mean() > a[:, UPPER].mean() + 0.2


@pytest.mark.parametrize("voice", TEXTS)
def test_speech_uses_the_jaws_range_well(
    mouths: dict[str, NDArray[np.float32]], voice: str
) -> None:
    jaw = mouths[voice][:, JAW]
    speaking = jaw[jaw > 0.02]

    assert 0.12 < speaking.mean() < 0.35
    assert 0.3 < np.percentile(speaking, 95) < 0.7  # a shout would be 1


@pytest.mark.parametrize("voice", TEXTS)
def test_the_jaw_follows_what_is_said_without_lag(spoken: Spoken, voice: str) -> None:
    row = measures.follow(measures.ours, [spoken[voice]])

    assert abs(row.lag_ms) <= 20
    assert row.jaw > 0.85


def test_contacts_are_counted_event_by_event() -> None:
    """Two wanted, one done: half of all three found."""
    wanted, done = np.zeros((100, K), np.float32), np.zeros((100, K), np.float32)
    wanted[10:16, LIPS] = wanted[50:56, LIPS] = 1
    done[17:20, LIPS] = 1  # late, but within the tolerance

    assert measures.events([(wanted, done)], LIPS) == pytest.approx(2 / 3)
    assert measures.runs(done[:, LIPS] > 0.5) == [(17, 20)]


def test_speech_is_not_all_contacts(mouths: dict[str, NDArray[np.float32]]) -> None:
    everything = np.array(list(chain.from_iterable(mouths.values())))

    assert 0.03 < np.mean(everything[:, LIPS] > 0.5) < 0.3
