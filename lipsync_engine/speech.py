"""Text to speech: pyttsx3 on espeak-ng, in a child process (`espeak`), sentence by sentence.

Light on purpose: the API process asks for voices and checks texts with it.
"""

import difflib
import re
import wave
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from lipsync_engine.errors import (
    EmptyTextError,
    NoSpeakableTextError,
    TextError,
    TextTooLongError,
    UnknownLanguageError,
    UnknownVoiceError,
)
from lipsync_engine.sentences import passages, sentences, speakable
from lipsync_engine.sound import Sound, SoundWriter
from lipsync_engine.speaking import listing, spoken

__all__ = [
    "Voice",
    "check_text",
    "lengths",
    "resolve_language",
    "sentences",
    "synthesize",
    "voices",
]

VOICE_RATE = 22_050  # Hz, of espeak-ng's voices
RATES = range(80, 451)  # words a minute
PITCHES = range(100)
PARAGRAPH_PAUSE_S = 0.4  # on top of the pause that espeak-ng leaves after a sentence (0.33 s)
PAUSE_SAMPLES = int(PARAGRAPH_PAUSE_S * VOICE_RATE)
SUGGESTIONS = 5

# Codes in wide use that espeak-ng knows by another name (BCP 47's macrolanguages and old codes).
_ALIASES = {"zh": "cmn", "zh-hk": "yue", "zh-yue": "yue", "no": "nb", "iw": "he", "in": "id"}
_REGION_OR_SCRIPT = re.compile(r"[a-z]{2}|\d{3}|[a-z]{4}")  # BCP 47 subtags that may be dropped


@dataclass(frozen=True, slots=True)
class Voice:
    """A language that can be spoken.

    Attributes:
        language: its code, such as "ru", "kk", "en", "en-us", "pt-br".
        name: in English, "Russian".
        gender: "male" or "female", of the language's own voice; None where unknown.
        variants: other voices for it, "f1", "m3", "whisper" ...
    """

    language: str
    name: str
    gender: str | None
    variants: tuple[str, ...]


@lru_cache(maxsize=1)
def voices() -> tuple[Voice, ...]:
    """All languages that espeak-ng speaks here, sorted by code; asks a child process once.

    Raises:
        EngineError: espeak-ng does not start.
    """
    found = listing()
    variants = tuple(sorted(found["variants"], key=str.lower))
    return tuple(
        sorted(
            (
                Voice(
                    voice["id"].rsplit("/", 1)[-1].lower(), voice["name"], voice["gender"], variants
                )
                for voice in found["voices"]
                if not voice["id"].startswith("mb/")  # MBROLA voices need data of their own
            ),
            key=lambda voice: voice.language,
        )
    )


def resolve_language(code: str) -> str:
    """The code of the language that `code` means here: "ru-RU" is "ru", "pt_BR" is "pt-br".

    Raises:
        UnknownLanguageError: names the nearest.
    """
    known = {voice.language for voice in voices()}
    wanted = code.strip().lower().replace("_", "-")
    while wanted:
        if (wanted := _ALIASES.get(wanted, wanted)) in known:
            return wanted
        wanted, _, last = wanted.rpartition("-")
        if not _REGION_OR_SCRIPT.fullmatch(last):
            break
    raise UnknownLanguageError(
        f"The language {_short(code)} is not known here. {_did_you_mean(_nearest_languages(code))}"
        f"Give one of the {len(known)} codes that the list of voices has, "
        "such as en, es, fr, de, ru, kk."
    )


def check_text(
    text: str,
    language: str,
    voice: str | None = None,
    rate: int = 165,
    pitch: int = 50,
    max_chars: int = 20_000,
) -> None:
    """Refuse what cannot be spoken before any work is done.

    Args:
        text: what is to be said.
        language: as `resolve_language` takes it.
        voice: a variant, as `Voice.variants` lists them; None is the language's own.
        rate: words a minute.
        pitch: 50 is the voice's own.
        max_chars: characters.

    Raises:
        TextError: which rule is broken, and what to do.
    """
    if not text.strip():
        raise EmptyTextError("The text is empty. Write what is to be said.")
    if len(text) > max_chars:
        raise TextTooLongError(
            f"The text has {len(text)} characters, and at most {max_chars} are allowed. "
            "Shorten it, or send it as several jobs."
        )
    if not speakable(text):
        raise NoSpeakableTextError(
            "The text has signs but no letter or digit, so there is nothing to say. "
            "Write it in words."
        )
    resolve_language(language)
    if voice is not None:
        _resolve_voice(voice)
    for name, value, allowed in (("rate", rate, RATES), ("pitch", pitch, PITCHES)):
        if value not in allowed:
            raise TextError(
                f"The {name} is {value}; give one from {allowed[0]} to {allowed[-1]}"
                f"{' words a minute' if name == 'rate' else ', where 50 is the usual'}."
            )


def synthesize(
    text: str,
    language: str,
    voice: str | None,
    rate: int,
    pitch: int,
    workdir: Path,
    on_progress: Callable[[float], None] = lambda _: None,
) -> Sound:
    """Say `text`; the same arguments give the same bytes.

    Args:
        text, language, voice, rate, pitch: as `check_text` takes them.
        workdir: where the sound is written; nothing else is left there.
        on_progress: called with 0..1 after every sentence.

    Raises:
        TextError: it cannot be said, and what to do.
    """
    check_text(text, language, voice, rate, pitch, max_chars=len(text))
    parts = [part for part in passages(text) if speakable(part.text)]
    name = _full_name(language, voice)
    pause = np.zeros(PAUSE_SAMPLES, np.int16)
    heard = False
    with SoundWriter(workdir, VOICE_RATE) as writer:
        texts = [part.text for part in parts]
        for number, path in enumerate(spoken(texts, name, rate, pitch, workdir), 1):
            with wave.open(str(path), "rb") as wav:
                samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
            heard = heard or bool(samples.any())
            writer.write(samples)
            if parts[number - 1].ends_paragraph and number < len(parts):
                writer.write(pause)
            on_progress(number / len(parts))
        if not heard:
            raise NoSpeakableTextError(
                f"The language {language!r} has no sound for this text. "
                "Choose the language that the text is written in."
            )
        return writer.finish()


def lengths(
    texts: Sequence[str], language: str, voice: str | None, rate: int, pitch: int, workdir: Path
) -> list[int]:
    """How long each of these sentences sounds, in samples at VOICE_RATE; nothing is kept.

    A sentence sounds the same wherever it stands, so this is what `synthesize` will write.

    Raises:
        TextError: one cannot be said, and what to do.
    """
    found = []
    for path in spoken(texts, _full_name(language, voice), rate, pitch, workdir):
        with wave.open(str(path), "rb") as wav:
            found.append(wav.getnframes())
    return found


def _full_name(language: str, voice: str | None) -> str:
    """As espeak-ng wants it: "ru+f2"."""
    return resolve_language(language) + (f"+{_resolve_voice(voice)}" if voice is not None else "")


def _resolve_voice(voice: str) -> str:
    """The variant as espeak-ng spells it; upper and lower case do not matter."""
    variants = {variant.lower(): variant for variant in voices()[0].variants}
    wanted = voice.strip().lower()
    if wanted not in variants:
        nearest = difflib.get_close_matches(wanted, variants, SUGGESTIONS, 0.5)
        raise UnknownVoiceError(
            f"There is no voice {_short(voice)}. {_did_you_mean([variants[n] for n in nearest])}"
            "Leave the voice out for the language's own, or give one that the list of voices has, "
            "such as f2, m3, whisper."
        )
    return variants[wanted]


def _nearest_languages(code: str) -> list[str]:
    """Up to SUGGESTIONS languages as "ru (Russian)", by code or by name."""
    wanted = code.strip().lower()
    names: dict[str, Voice] = {}
    for voice in voices():
        names.setdefault(voice.language, voice)
        names.setdefault(voice.name.lower(), voice)
        names.setdefault(voice.name.lower().split(" (")[0], voice)
    starting = [name for name in names if len(wanted) > 1 and name.startswith(wanted)]
    close = difflib.get_close_matches(wanted, names, SUGGESTIONS, 0.5)
    found = dict.fromkeys(names[name] for name in starting + close)
    return [f"{voice.language} ({voice.name})" for voice in found][:SUGGESTIONS]


def _did_you_mean(found: list[str]) -> str:
    return f"Did you mean {' or '.join(found)}? " if found else ""


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:40] + "…")
