"""RHVoice's people: texts become its phones and labels, and its models become sound."""

import numpy as np
import pytest

from lipsync_engine.viseme.training import rhvoice_phones, rhvoice_voices, vocoder
from lipsync_engine.viseme.training.phones import gestures
from lipsync_engine.viseme.training.rhvoice_labels import labels
from lipsync_engine.viseme.training.rhvoice_phones import ENGLISH, ESPERANTO, RUSSIAN, UKRAINIAN


def test_a_text_becomes_phrases_of_words_of_syllables() -> None:
    said = rhvoice_phones.phrases("mˈama, məʃˈiːn", ENGLISH)

    assert said == (
        (((True, ("m", "aa")), (False, ("m", "aa"))),),
        (((False, ("m", "ax")), (True, ("sh", "iy", "n"))),),
    )


def test_a_vowel_without_stress_is_a_weak_one_in_russian() -> None:
    ((word,),) = rhvoice_phones.phrases("dʲˈenʲɡʲi", RUSSIAN)

    assert word == ((True, ("dd", "e", "nn")), (False, ("gg", "i0")))


@pytest.mark.parametrize("phones", [ENGLISH, RUSSIAN, UKRAINIAN, ESPERANTO])
def test_every_phone_of_a_voice_is_one_that_the_mouth_knows(
    phones: rhvoice_phones.PhoneSet,
) -> None:
    for name in {*phones.of_ipa.values(), *phones.weak.values()}:
        assert gestures(rhvoice_phones.ipa(name, phones)), name
    assert gestures(rhvoice_phones.ipa("bj", UKRAINIAN))[0].kind == "b"
    assert rhvoice_phones.ipa("pau", phones) == ""


@pytest.mark.parametrize("english", [False, True])
def test_a_label_names_its_phone_and_the_two_on_either_side(english: bool) -> None:
    said = rhvoice_phones.phrases("mˈapa", ENGLISH)

    asked = labels(said, ENGLISH.vowels, english)

    begins = [label.partition("@")[0] for label in asked]
    assert begins == [
        "x^x-pau+m=aa", "x^pau-m+aa=p", "pau^m-aa+p=aa", "m^aa-p+aa=pau", "aa^p-aa+pau=x",
        "p^aa-pau+x=x",
    ]  # fmt: skip
    assert all(("/K:" in label) is english for label in asked)
    assert "/B:1-" in asked[1]
    assert "/B:0-" in asked[3]


def test_a_vowel_of_cepstra_sounds_at_its_pitch_and_silence_does_not() -> None:
    chance = np.random.default_rng(0)
    n, rate, hop = 200, 24_000, 120
    cepstra = np.zeros((n, 31))
    cepstra[:, :2] = [1.0, 1.0]
    cepstra[100:, 0] = -12.0

    heard = vocoder.sound(cepstra, np.full(n, np.log(120.0)), 0.466, rate, hop, chance)

    assert heard.shape == (n * hop,)
    loud, quiet = heard[2400:9600], heard[14400:21600]
    assert np.std(loud) > 1000 * np.std(quiet)
    alike = np.correlate(loud, loud, "full")[len(loud) - 1 :]
    assert 150 + int(np.argmax(alike[150:300])) == pytest.approx(rate / 120, abs=3)


def test_a_voice_that_is_kept_for_tests_is_none_of_rhvoices() -> None:
    assert "slt" not in {voice.name for voice in rhvoice_voices.VOICES}
