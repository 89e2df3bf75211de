"""What the network that hears is taught: phones, coarticulation, alignment, exact export."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme import mel, network
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS, K
from lipsync_engine.viseme.training import aligning, augmentation, batches, fitting, phone_sets
from lipsync_engine.viseme.training.coarticulation import Segment, targets
from lipsync_engine.viseme.training.espeak_voices import with_closures
from lipsync_engine.viseme.training.model import Hearer
from lipsync_engine.viseme.training.phones import CLASSES, gestures
from lipsync_engine.viseme.training.utterances import Utterance, load, save

JAW, WIDTH, ROUND, LIPS, LABIODENTAL, UPPER, LOWER, TONGUE = range(K)
PHONES = ["a", "iː", "u", "p", "b", "m", "f", "v", "s", "ʃ", "t", "k", "l", "aɪ", "tʃ", ""]

spoken = st.lists(
    st.tuples(st.sampled_from(PHONES), st.floats(0.03, 0.25)), min_size=1, max_size=12
)


def timed(said: list[tuple[str, float]]) -> list[Segment]:
    """Phones and lengths, one after the other from 0.3 s on."""
    segments, now = [], 0.3
    for phone, length in said:
        segments.append(Segment(phone, now, now + length))
        now += length
    return segments


@given(said=spoken)
@settings(max_examples=60, deadline=None)
def test_targets_are_mouths_and_contacts_are_always_made(said: list[tuple[str, float]]) -> None:
    segments = timed(said)

    mouth, classes = targets(segments, 400)

    assert mouth.shape == (400, K)
    assert classes.max() < len(CLASSES)
    assert mouth.max() <= 1.001
    assert mouth[:, WIDTH].min() >= -1
    assert np.delete(mouth, WIDTH, axis=1).min() >= 0
    for s in segments:
        during = mouth[int(100 * s.start) : int(100 * s.stop) + 1]
        if s.phone in {"p", "b", "m"}:
            assert during[:, LIPS].max() > 0.99
        if s.phone in {"f", "v"}:
            assert during[:, LABIODENTAL].max() > 0.99


@given(said=spoken)
@settings(max_examples=30, deadline=None)
def test_before_and_after_speech_the_mouth_is_at_rest(said: list[tuple[str, float]]) -> None:
    segments = timed(said)

    mouth, _ = targets(segments, 500)

    assert np.abs(mouth[:10]).max() < 0.05  # rounding is prepared early
    assert np.abs(mouth[int(100 * segments[-1].stop) + 25 :]).max() < 0.02


def test_vowels_take_their_shapes_from_neighbours_and_stay_themselves() -> None:
    alone, _ = targets(timed([("t", 0.08), ("a", 0.2), ("t", 0.08)]), 120)
    among_rounded, _ = targets(timed([("u", 0.1), ("t", 0.05), ("u", 0.1)]), 120)
    among_spread, _ = targets(timed([("i", 0.1), ("t", 0.05), ("i", 0.1)]), 120)

    assert alone[48, JAW] > 0.4
    assert among_rounded[42, ROUND] > 0.6  # the t does not care, and is rounded
    assert among_spread[42, ROUND] < 0.05


def test_louder_vowels_open_wider() -> None:
    said = timed([("a", 0.2), ("t", 0.1), ("a", 0.2)])
    level = np.where(np.arange(150) < 55, -10.0, -20.0)

    mouth, _ = targets(said, 150, level)

    assert mouth[30:50, JAW].max() > 1.1 * mouth[60:80, JAW].max()


@pytest.mark.parametrize(
    ("phone", "kinds"),
    [
        ("ˈaː", ["a"]), ("t͡ʃ", ["t", "sh"]), ("pʰ", ["p"]), ("ɛ̃", ["eh"]), ("aɪ", ["a", "i"]),
        ("g", ["g"]), ("ç", ["x"]), ("m̩", ["m"]), ("ɫ", ["l"]),
    ],
)  # fmt: skip
def test_stress_length_and_diacritics_change_no_phone(phone: str, kinds: list[str]) -> None:
    for form in ("NFC", "NFD"):
        assert [g.kind for g in gestures(unicodedata.normalize(form, phone))] == kinds


def test_a_sign_that_is_no_sound_is_refused() -> None:
    with pytest.raises(KeyError):
        gestures("123")


def test_other_phone_sets_speak_ipa() -> None:
    assert phone_sets.ipa("pau", phone_sets.ENGLISH) == ""
    assert phone_sets.ipa("ch", phone_sets.ENGLISH) == "tʃ"
    assert phone_sets.ipa("ch", phone_sets.CZECH) == "x"
    assert phone_sets.ipa("tt", phone_sets.RUSSIAN) == "t"
    assert phone_sets.ipa("m:", phone_sets.FINNISH) == "m"
    for phones in (phone_sets.ENGLISH, phone_sets.CZECH, phone_sets.RUSSIAN, phone_sets.INDIAN):
        for name in phones:
            assert phone_sets.ipa(name, phones) == "" or gestures(phone_sets.ipa(name, phones))


def test_a_stop_begins_with_its_closure_not_with_its_burst() -> None:
    time_s = np.arange(SAMPLE_RATE // 2) / SAMPLE_RATE
    sound = 8000 * np.sin(2 * np.pi * 200 * time_s)
    sound[3200:4000] = 0  # 50 ms of closure, then the burst

    said = (Segment("a", 0.0, 0.25), Segment("p", 0.25, 0.28), Segment("a", 0.28, 0.5))
    vowel, stop, _ = with_closures(sound.astype(np.int16), said)

    assert vowel.stop == stop.start == pytest.approx(0.2, abs=0.011)
    assert stop.stop == 0.28


def trained_a_little() -> Hearer:
    torch.manual_seed(1)
    model = Hearer()
    for _ in range(3):  # so that batch normalisation has something to keep
        model(torch.randint(-mel.TOP, mel.TOP + 1, (2, mel.N_FEATURES, 240)).float())
    return model.eval()


def test_what_is_exported_hears_as_what_was_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = trained_a_little()
    heard = np.random.default_rng(0).integers(
        -mel.TOP,
        mel.TOP + 1,
        (1, mel.N_FEATURES, 32 + 2 * network.VOICE_REACH + 2 * network.REACH),
    )

    model.export(tmp_path / "weights.safetensors")
    monkeypatch.setattr(network, "WEIGHTS", tmp_path / "weights.safetensors")
    network.layers.cache_clear()
    run, traits = network.postures(heard.astype(np.float32))
    present = network.voice(traits)
    network.layers.cache_clear()
    with torch.inference_mode():
        mouth, _, odds = model(torch.from_numpy(heard).float())

    apart = np.abs(run - network.settled(mouth[0].T.numpy()))
    assert apart.mean() < 1e-3
    assert apart.max() < 0.05  # here and there an activation is rounded the other way
    assert run.std() > 0.01
    sure = np.clip(odds[0].numpy() * network.SURE + 0.5, 0, 1)
    assert present.shape == sure.shape == (32,)
    assert np.abs(present - sure).max() < 0.05
    assert np.ptp(traits) > 0


def test_a_voice_is_near_speech_and_none_far_from_it() -> None:
    classes = np.zeros(batches.COLUMNS, np.uint8)
    classes[500:600] = CLASSES.index("a")

    told = batches._voiced(classes)

    assert (told[480:620] == 1).all()
    assert (told[[440, 660]] == -1).all()
    assert (told[:400] == 0).all()
    assert (told[700:] == 0).all()


def scenes_of_noise(path: Path) -> Path:
    chance = np.random.default_rng(3)
    shape = (2, batches.COLUMNS)
    np.savez(
        path,
        bands=chance.integers(-160, -40, (*shape, mel.N_MELS)).astype(np.int16),
        mouth=chance.random((*shape, K)).astype(np.float16),
        classes=chance.integers(0, len(CLASSES), shape).astype(np.uint8),
    )
    return path


def test_training_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitting.sources, "HOME", tmp_path)
    monkeypatch.setattr(fitting, "BATCH", 1)
    paths = [scenes_of_noise(tmp_path / "000.npz")]

    fitting.fit("short", 2, paths)
    model = fitting.fit("short", 3, paths)
    again = fitting.resumed("short")

    assert again.step == 3
    assert [step for step, *_ in again.losses] == [1, 2, 3]
    assert torch.equal(again.mean.mouth.weight, model.mouth.weight)


def test_alignment_finds_when_each_phone_is_said() -> None:
    """Where each moment's class is known, the path through it is, pauses included."""
    order = ["silence", "m", "a", "silence", "p", "i", "silence"]
    lengths = [20, 9, 15, 12, 8, 14, 10]
    truth = np.repeat([CLASSES.index(kind) for kind in order], lengths)
    scores = np.full((len(truth), len(CLASSES)), -6.0, np.float32)
    scores[np.arange(len(truth)), truth] = -0.1

    segments, fit = aligning.path(scores, ["m", "a", "p", "i"])

    assert [s.phone for s in segments] == ["", "m", "a", "", "p", "i", ""]
    assert [round(1000 * s.start) for s in segments] == [0, 195, 285, 435, 555, 635, 775]
    assert fit > -0.3


@pytest.mark.parametrize("codec", range(3))
def test_a_codec_does_not_delay_what_is_said(codec: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(augmentation, "_CODECS", [augmentation._CODECS[codec]])
    chance = np.random.default_rng(codec)
    n = 2 * SAMPLE_RATE
    swelling = np.interp(np.arange(n), np.arange(0, n + 1, 800), chance.random(n // 800 + 1))
    speech = (0.3 * augmentation.noise(n, np.random.default_rng(4)) * swelling).astype(np.float32)

    back = augmentation.coded(speech, chance)

    lags = range(-400, 401, 10)
    match = [np.dot(np.roll(back, -lag)[400:-400], speech[400:-400]) for lag in lags]
    assert abs(lags[int(np.argmax(match))]) <= 10


def test_an_utterance_is_kept_as_it_is(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    said = [
        Utterance(
            chance.integers(-9, 9, 100 * k).astype(np.int16),
            (Segment("a", 0.0, 0.5), Segment("", 0.5, 1.0))[:k],
            f"voice {k}",
        )
        for k in (1, 2)
    ]

    save(tmp_path / "shard.npz", said)
    back = list(load(tmp_path / "shard.npz"))

    assert [u.voice for u in back] == ["voice 1", "voice 2"]
    assert [u.segments for u in back] == [u.segments for u in said]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(back, said, strict=True))
    assert len(MOUTH_PARAMETERS) == K
