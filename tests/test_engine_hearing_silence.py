"""Hearing, when nobody speaks: the mouth is shut; loudness and rooms mean nothing to it."""

import numpy as np
import pytest

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from lipsync_engine.viseme.training import augmentation
from lipsync_engine.viseme.training.utterances import Utterance
from tests.spoken import hear, samples_of, speak_all, steady_sounds

JAW = MOUTH_PARAMETERS.index("jaw_open")
SEEN = 0.06  # of a parameter's way: less is not seen on a face


@pytest.fixture(scope="module")
def spoken() -> dict[str, Utterance]:
    return speak_all()


@pytest.mark.parametrize("name", steady_sounds())
def test_the_mouth_stays_shut_when_nobody_speaks(name: str) -> None:
    mouth = hear(steady_sounds()[name])

    assert np.mean(np.abs(mouth).max(axis=1) < SEEN) >= 0.98
    assert np.abs(mouth).max() < 0.2  # a sound that is cut off may flick, for one frame


@pytest.mark.parametrize("seed", range(3))
def test_music_without_a_voice_hardly_moves_the_mouth(seed: int) -> None:
    music = 0.1 * augmentation.chords(6 * SAMPLE_RATE, np.random.default_rng(seed))

    mouth = hear(music)

    assert np.mean(np.abs(mouth).max(axis=1) < SEEN) > 0.9


@pytest.mark.parametrize("factor", [0.06, 0.3, 2.0])
def test_a_quiet_recording_opens_the_mouth_like_a_loud_one(
    spoken: dict[str, Utterance], factor: float
) -> None:
    usual = 0.5 * samples_of(spoken["ru"])

    other = hear(np.float32(factor) * usual)

    assert np.abs(other - hear(usual)).mean(axis=0).max() < 0.05


def test_a_room_with_a_fan_does_not_keep_the_mouth_open(spoken: dict[str, Utterance]) -> None:
    chance = np.random.default_rng(3)
    pause = np.zeros(2 * SAMPLE_RATE, np.float32)
    speech = np.concatenate([pause, samples_of(spoken["de"]), pause])
    fan = chance.normal(0, 0.004, len(speech)).astype(np.float32)

    clean, noisy = hear(speech)[:, JAW], hear(speech + fan)[:, JAW]

    assert max(noisy[:45].max(), noisy[-35:].max()) < SEEN
    assert np.corrcoef(clean, noisy)[0, 1] > 0.9


def test_words_in_noise_louder_than_they_are_still_move_the_mouth(
    spoken: dict[str, Utterance],
) -> None:
    speech = samples_of(spoken["es"])
    noise = np.random.default_rng(1).normal(0, 1, len(speech)).astype(np.float32)
    minus_5_db = noise * np.std(speech) * 10 ** (5 / 20)

    clean, noisy = hear(speech)[:, JAW], hear(speech + minus_5_db)[:, JAW]

    assert np.percentile(noisy, 90) > 0.1
    assert np.corrcoef(clean, noisy)[0, 1] > 0.5
