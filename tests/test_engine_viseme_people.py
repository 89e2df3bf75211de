"""People that the network learns from: what they say, when, and which of it is believed."""

import numpy as np
import torch

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme import mel, network
from lipsync_engine.viseme.training import (
    aligning,
    batches,
    fitting,
    kokoro_voices,
    prompts,
    recordings,
)
from lipsync_engine.viseme.training.model import Hearer
from lipsync_engine.viseme.training.phones import CLASSES

KNOWN = "ðəɹWbOIæɛmaniʧ ˈː,."


def test_kokoro_reads_one_sign_for_a_diphthong_and_we_label_the_diphthong() -> None:
    said = kokoro_voices.signs("ðə bɹˈaʊnɚ, tʃ", True, KNOWN)

    assert "".join(sign for sign, _ in said) == "ðə bɹˈWnəɹ, ʧ"
    assert [phone for _, phone in said if phone is not None] == [
        "ð", "ə", "b", "ɹ", "aʊ", "n", "ɚ", "", "tʃ",
    ]  # fmt: skip


def test_what_kokoro_has_no_sign_for_is_left_out() -> None:
    assert kokoro_voices.signs("qa", False, KNOWN) == [("a", "a")]


def test_stress_belongs_to_the_phone_to_come_and_length_to_the_one_before() -> None:
    said = kokoro_voices.signs("mˈaː, n", False, KNOWN)
    edges = np.array([0.0, 0.2, 0.3, 0.35, 0.4, 0.5, 0.7, 0.75, 0.8, 1.0])

    segments = kokoro_voices.timed(said, edges)

    assert [(s.phone, s.start, s.stop) for s in segments] == [
        ("", 0.0, 0.2), ("m", 0.2, 0.3), ("a", 0.3, 0.5), ("", 0.5, 0.75), ("n", 0.75, 0.8),
        ("", 0.8, 1.0),
    ]  # fmt: skip


def test_a_comma_that_nobody_pauses_at_is_no_pause() -> None:
    said = kokoro_voices.signs("m,n", False, KNOWN)

    segments = kokoro_voices.timed(said, np.array([0.0, 0.1, 0.2, 0.25, 0.3, 0.4]))

    assert [s.phone for s in segments] == ["", "m", "n", ""]


def test_prompts_that_describe_a_sound_have_no_words() -> None:
    text = "; Core\n\nactivated: activé\nbeeperr: (ahooga)\ntone: [beep]\ndigits/1: un\nvm-x: a b\n"

    assert prompts.words_of(text) == {"activated": "activé", "digits/1": "un", "vm-x": "a b"}


def test_nobody_kept_for_tests_reads_prompts_to_the_network() -> None:
    assert not any("Allison" in reader.folder for reader in prompts.READERS)
    assert not any(voice.espeak.startswith("pt") for voice in kokoro_voices.VOICES)


def test_of_recordings_those_that_fit_their_words_best_are_kept() -> None:
    torch.manual_seed(0)
    teacher = Hearer().eval()
    sound = np.random.default_rng(0).normal(0, 2000, (4, 2 * SAMPLE_RATE)).astype(np.int16)
    lines = [(samples, ["m", "a", "", "p", "a"]) for samples in sound]
    lines.append((sound[0], ["a"] * 500))  # more than can be said in that time

    kept = recordings.best(teacher, lines, recordings.Shard("x", lambda: iter(lines), 0.5))

    assert len(kept) == 2
    assert all([s.phone for s in u.segments if s.phone] == ["m", "a", "p", "a"] for u in kept)


def test_a_single_word_is_long_enough_to_find_its_phones_in() -> None:
    word = np.zeros(SAMPLE_RATE * 8 // 10, np.int16)

    assert aligning.likelihoods(Hearer().eval(), word).shape == (80, len(CLASSES))


def test_averaged_weights_are_given_the_statistics_of_what_they_hear() -> None:
    torch.manual_seed(0)
    model = Hearer()
    columns = 160 + 2 * network.REACH + 2 * network.VOICE_REACH
    heard = torch.randint(-mel.TOP, mel.TOP + 1, (4, mel.N_FEATURES, columns)).float()
    nothing = torch.zeros(0)
    model.train()
    with torch.no_grad():
        wanted = model(heard)[0]
    for norm in model.modules():
        if isinstance(norm, torch.nn.BatchNorm1d):  # of other weights, on other sound
            norm.running_mean, norm.running_var = norm.running_mean + 1, norm.running_var + 3

    done = fitting.measured(model, [batches.Batch(heard, nothing, nothing, nothing)])

    assert not done.training
    with torch.no_grad():
        assert (done(heard)[0] - wanted).abs().mean() < 0.03
