"""Languages and voices that espeak-ng has here: listed once, found by their codes and names.

Light on purpose: the API process asks for voices and checks texts with it.
"""

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache

from lipsync_engine.errors import UnknownLanguageError, UnknownVoiceError
from lipsync_engine.speaking import listing

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


def full_name(language: str, voice: str | None) -> str:
    """As espeak-ng wants it: "ru+f2"."""
    return resolve_language(language) + (f"+{resolve_voice(voice)}" if voice is not None else "")


def resolve_voice(voice: str) -> str:
    """The variant as espeak-ng spells it; upper and lower case do not matter.

    Raises:
        UnknownVoiceError: names the nearest.
    """
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
