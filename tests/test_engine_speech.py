"""Text to speech: every language, the same bytes every time, and plain words for bad text."""

import re
import subprocess
import sys
import unicodedata
import wave
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lipsync_engine import languages, speech
from lipsync_engine.errors import (
    EmptyTextError,
    EngineError,
    NoSpeakableTextError,
    TextError,
    TextTooLongError,
    UnknownLanguageError,
    UnknownVoiceError,
)
from lipsync_engine.sentences import MAX_CHARS, passages, sentences
from lipsync_engine.sound import Sound
from lipsync_engine.timeline import SAMPLE_RATE

RUSSIAN = "Съешь ещё этих мягких французских булок. Да выпей чаю!"


def said(
    folder: Path,
    text: str,
    language: str = "ru",
    voice: str | None = None,
    rate: int = 165,
    pitch: int = 50,
) -> Sound:
    folder.mkdir(exist_ok=True)
    return speech.synthesize(text, language, voice, rate, pitch, folder)


def heard(sound: Sound) -> NDArray[np.int16]:
    """(n_samples,) of the canonical PCM."""
    return np.fromfile(sound.pcm, "<i2").astype(np.int16)


def track_seconds(sound: Sound) -> float:
    with wave.open(str(sound.track), "rb") as wav:
        return wav.getnframes() / wav.getframerate()


def fundamental(samples: NDArray[np.int16]) -> float:
    """Pitch of a voiced sound, Hz, by the first peak of its autocorrelation."""
    power = np.abs(np.fft.rfft(samples.astype(np.float64), 2 * len(samples))) ** 2
    echo = np.fft.irfft(power)[: len(samples)]
    shortest = SAMPLE_RATE // 400
    return SAMPLE_RATE / (shortest + int(echo[shortest : SAMPLE_RATE // 50].argmax()))


def test_the_same_text_is_the_same_bytes_whatever_was_said_before(tmp_path: Path) -> None:
    first = said(tmp_path / "first", RUSSIAN)
    said(tmp_path / "between", "Quite another voice.", "en", "whisper", 300, 80)

    second = said(tmp_path / "second", RUSSIAN)

    assert first.pcm.read_bytes() == second.pcm.read_bytes()
    assert first.track.read_bytes() == second.track.read_bytes()


@pytest.mark.parametrize("voice", ["f2", "whisper", "klatt4", "Mr serious"])
def test_voices_with_breath_say_the_same_bytes_at_another_time(tmp_path: Path, voice: str) -> None:
    def bytes_of(number: int) -> bytes:
        return said(tmp_path / str(number), "Hello there. My friend.", "en", voice).pcm.read_bytes()

    with ThreadPoolExecutor(4) as pool:
        takes = list(pool.map(bytes_of, range(4)))

    assert len(takes[0]) > SAMPLE_RATE
    assert len(set(takes)) == 1


def test_pcm_and_track_are_equally_long_and_nothing_else_is_left(tmp_path: Path) -> None:
    sound = said(tmp_path / "out", RUSSIAN)

    assert sound.pcm.stat().st_size == 2 * sound.n_samples
    assert abs(track_seconds(sound) - sound.n_samples / SAMPLE_RATE) < 0.001
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"speech.pcm", "speech.wav"}


def test_rate_is_applied(tmp_path: Path) -> None:
    lengths = [said(tmp_path / str(rate), RUSSIAN, rate=rate).n_samples for rate in (80, 165, 450)]

    assert lengths[0] > 1.6 * lengths[1]
    assert lengths[1] > 1.6 * lengths[2]


def test_pitch_is_applied(tmp_path: Path) -> None:
    low, usual, high = (
        fundamental(heard(said(tmp_path / str(pitch), "а-а-а-а-а", pitch=pitch)))
        for pitch in (0, 50, 99)
    )

    assert low < 0.9 * usual < usual < 0.9 * high


def test_pauses_between_sentences_are_kept_and_longer_between_paragraphs(tmp_path: Path) -> None:
    def longest_pause(sound: Sound) -> float:
        loud = np.flatnonzero(np.abs(heard(sound).astype(int)) > 200)
        return float(np.diff(loud).max()) / SAMPLE_RATE

    pause = longest_pause(said(tmp_path / "one", "Мама. Мама."))
    paragraph = longest_pause(said(tmp_path / "two", "Мама.\n\nМама."))

    assert 0.25 < pause < 0.5
    assert paragraph == pytest.approx(pause + speech.PARAGRAPH_PAUSE_S, abs=0.05)


def test_signs_without_sound_do_not_spoil_the_rest(tmp_path: Path) -> None:
    plain = said(tmp_path / "plain", "Мама мыла раму.")

    odd = said(tmp_path / "odd", "Мама мыла раму.\n\n\U0001f600 … \u2603\n*** --- ***")

    assert odd.pcm.read_bytes() == plain.pcm.read_bytes()


def test_control_signs_and_lone_surrogates_are_no_end_of_the_text(tmp_path: Path) -> None:
    plain = said(tmp_path / "plain", "Hello  there my friend", "en")

    odd = said(tmp_path / "odd", "Hello\0\ud800there\x07my friend", "en")

    assert odd.n_samples > 0.9 * plain.n_samples


def test_of_many_short_sentences_none_is_lost(tmp_path: Path) -> None:
    sound = said(tmp_path, "Мама. " * 300, rate=300)

    loud = np.flatnonzero(np.abs(heard(sound).astype(int)) > 200)
    pauses = np.diff(loud) > SAMPLE_RATE // 20  # 50 ms
    assert int(pauses.sum()) == 299


def test_twenty_thousand_characters_take_a_few_seconds(tmp_path: Path) -> None:
    text = (RUSSIAN + " ") * 370
    done: list[float] = []

    sound = speech.synthesize(text[:20_000], "ru", None, 200, 50, tmp_path, done.append)

    assert sound.n_samples > 15 * 60 * SAMPLE_RATE
    assert done == sorted(done)
    assert done[-1] == 1
    assert len(done) > 300


def test_all_languages_of_espeak_are_there_and_each_can_be_asked_for() -> None:
    found = {voice.language: voice for voice in languages.voices()}

    assert len(found) == len(languages.voices()) > 130
    assert found["ru"].name == "Russian"
    assert found["kk"].name == "Kazakh"
    assert {"f1", "f2", "m3", "whisper"} <= set(found["en"].variants)
    assert all(languages.resolve_language(code) == code for code in found)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("kk", "Сәлем, әлем!"),
        ("de", "Schöne Grüße!"),
        ("ar", "مرحبا بالعالم"),
        ("hi", "नमस्ते दुनिया।"),
        ("cmn", "你好世界。"),
        ("ja", "こんにちは。"),
        ("ka", "გამარჯობა"),
    ],
)
def test_languages_speak_their_own_script(tmp_path: Path, language: str, text: str) -> None:
    sound = said(tmp_path, text, language)

    assert sound.n_samples > SAMPLE_RATE // 2
    assert np.abs(heard(sound).astype(int)).max() > 3000


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("ru-RU", "ru"), ("en-US", "en-us"), ("pt_BR", "pt-br"), ("RU", "ru"), ("en-GB", "en"),
     ("zh", "cmn"), ("zh-Hans-CN", "cmn"), ("es-419", "es-419"), ("no", "nb"), ("de-AT", "de")],
)  # fmt: skip
def test_regions_fall_back_to_their_language(asked: str, meant: str) -> None:
    assert languages.resolve_language(asked) == meant


@pytest.mark.parametrize(
    ("asked", "named"),
    [("russian", "ru (Russian)"), ("Kazak", "kk (Kazakh)"), ("klingonn", "piqd (Klingon)"),
     ("rus", "ru (Russian)"), ("german", "de (German)")],
)  # fmt: skip
def test_an_unknown_language_names_the_nearest(asked: str, named: str) -> None:
    with pytest.raises(UnknownLanguageError, match=re.escape(named)):
        languages.resolve_language(asked)


@pytest.mark.parametrize("asked", ["", "-", "xx", "xx-YY", "ru ru", "../ru", "ru+f2", "q" * 10_000])
def test_nonsense_is_no_language_and_its_error_is_short(asked: str) -> None:
    with pytest.raises(UnknownLanguageError) as error:
        languages.resolve_language(asked)

    assert "list of voices" in str(error.value)
    assert len(str(error.value)) < 500


def test_an_unknown_voice_names_the_nearest() -> None:
    with pytest.raises(UnknownVoiceError, match="Did you mean whisper"):
        speech.check_text("Hello", "en", "whisperr")


@pytest.mark.parametrize("asked", ["ru+f2", "", "../../f1", "f" * 10_000])
def test_nonsense_is_no_voice_and_its_error_is_short(asked: str) -> None:
    with pytest.raises(UnknownVoiceError, match="list of voices") as error:
        speech.check_text("Hello", "en", asked)

    assert len(str(error.value)) < 400


@pytest.mark.parametrize("text", ["", "   ", "\n\t\u00a0\u2003"])
def test_an_empty_text_is_refused(text: str) -> None:
    with pytest.raises(EmptyTextError, match="Write what is to be said"):
        speech.check_text(text, "ru")


@pytest.mark.parametrize("text", ["\U0001f600\U0001f680", "?!… —", "👩‍👩‍👧 ❤️"])
def test_a_text_of_signs_alone_is_refused(text: str) -> None:
    with pytest.raises(NoSpeakableTextError, match="in words"):
        speech.check_text(text, "ru")


def test_twenty_thousand_characters_are_allowed_and_one_more_is_not() -> None:
    speech.check_text("я" * 20_000, "ru")

    with pytest.raises(TextTooLongError, match=r"20001 characters.*20000"):
        speech.check_text("я" * 20_001, "ru")


@pytest.mark.parametrize(("rate", "pitch"), [(79, 50), (451, 50), (165, -1), (165, 100)])
def test_rate_and_pitch_have_bounds(rate: int, pitch: int) -> None:
    with pytest.raises(TextError, match=r"from \d+ to \d+"):
        speech.check_text("Hello", "en", None, rate, pitch)


def test_a_speaker_that_breaks_down_is_told_in_plain_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lipsync_engine.speaking.MEMORY_BYTES", 2**24)  # Python itself needs more

    with pytest.raises(TextError, match=r"broke down at sentence 1.*Write it differently") as error:
        said(tmp_path, "Hello", "en")

    assert isinstance(error.value.__cause__, EngineError)
    assert not list(tmp_path.glob("*/"))


def test_speech_works_from_a_deep_checkout(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100) / ("e" * 100) / "espeak-ng-data"
    deep.parent.mkdir(parents=True)
    program = (
        "import espeakng_loader, lipsync_engine.espeak as espeak, pathlib, sys\n"
        "deep = pathlib.Path(sys.argv[1])\n"
        "deep.symlink_to(espeakng_loader.get_data_path())\n"
        "espeakng_loader.get_data_path = lambda: str(deep)\n"
        "espeak.SYSTEM_LIBRARY = 'no-such-library.so'\n"
        "espeak.main()\n"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program, str(deep)],
        input='{"do": "list"}', capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stderr
    assert '"Russian"' in ended.stdout


def test_asking_for_voices_loads_no_heavy_library() -> None:
    program = (
        "import sys; from lipsync_engine import languages, speech; languages.voices();"
        "speech.check_text('Hello', 'en');"
        "print([name for name in ('torch', 'cv2', 'av', 'pyttsx3') if name in sys.modules])"
    )

    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert ended.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pi is 3.14 today. Yes!", ["Pi is 3.14 today.", "Yes!"]),
        ("Это т. е. так. Да.", ["Это т. е. так.", "Да."]),
        ("Mr. Smith met Dr. Who. Really?", ["Mr. Smith met Dr. Who.", "Really?"]),
        ("А. С. Пушкин. Поэт.", ["А. С. Пушкин.", "Поэт."]),
        ("Что?! Да… Нет.", ["Что?!", "Да…", "Нет."]),
        ("Ну… да. Вот.", ["Ну… да.", "Вот."]),
        ("«Привет!» Сказал он.", ["«Привет!»", "Сказал он."]),
        ("你好。再见！好吗？好", ["你好。", "再见！", "好吗？", "好"]),
        ("नमस्ते। कैसे हो?", ["नमस्ते।", "कैसे हो?"]),
        ("كيف حالك؟ بخير.", ["كيف حالك؟", "بخير."]),
        ("1. Первое\n2. Второе", ["1. Первое", "2. Второе"]),
        ("a line that was\nonly wrapped. Next", ["a line that was only wrapped.", "Next"]),
        ("Заголовок\n\nТекст", ["Заголовок", "Текст"]),
        ("See www.example.org now. Ok", ["See www.example.org now.", "Ok"]),
    ],
)
def test_text_is_cut_where_a_reader_would_breathe(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_paragraphs_end_where_a_line_is_blank() -> None:
    found = [(part.text, part.ends_paragraph) for part in passages("А я. Б он.\n \nВот.")]

    assert found == [("А я.", False), ("Б он.", True), ("Вот.", True)]


anything = st.text(
    st.one_of(st.characters(), st.sampled_from(" .,!?…。！\n\r\t«»1а́aAم।")), max_size=1500
)


def letters(text: str) -> str:
    return "".join(sign for sign in text if unicodedata.category(sign)[0] in "LMN")


@settings(max_examples=150, deadline=None)
@given(anything)
def test_no_letter_is_lost_and_no_sentence_is_too_long(text: str) -> None:
    found = sentences(text)

    assert letters("".join(found)) == letters(text)
    assert all(0 < len(sentence) <= MAX_CHARS for sentence in found)
    assert all(sentence == sentence.strip() for sentence in found)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(["слово", "word,", "слово;", "длинноеслово" * 5]), min_size=200))
def test_a_sentence_without_end_is_cut_between_words(words: list[str]) -> None:
    text = " ".join(words)

    found = sentences(text)

    assert " ".join(found) == text
    assert all(len(sentence) > MAX_CHARS // 4 for sentence in found[:-1])
