"""Text to speech: pyttsx3 on espeak-ng, in a child process (`espeak`), sentence by sentence.

Light on purpose: the API process checks texts with it.
"""

import wave
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lipsync_engine.errors import (
    EmptyTextError,
    NoSpeakableTextError,
    TextError,
    TextTooLongError,
)
from lipsync_engine.languages import full_name, resolve_language, resolve_voice
from lipsync_engine.script import Line
from lipsync_engine.sentences import passages, speakable
from lipsync_engine.sound import Sound, SoundWriter
from lipsync_engine.speaking import Said, spoken

VOICE_RATE = 22_050  # Hz, of espeak-ng's voices
RATES = range(80, 451)  # words a minute
PITCHES = range(100)
PARAGRAPH_PAUSE_S = 0.4  # on top of the pause that espeak-ng leaves after a sentence (0.33 s)
PAUSE_SAMPLES = int(PARAGRAPH_PAUSE_S * VOICE_RATE)


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
        resolve_voice(voice)
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
    """Say `text`; the same arguments give the same bytes, and the same script of when what is said.

    Args:
        text, language, voice, rate, pitch: as `check_text` takes them.
        workdir: where the sound is written; nothing else is left there.
        on_progress: called with 0..1 after every sentence.

    Raises:
        TextError: it cannot be said, and what to do.
    """
    check_text(text, language, voice, rate, pitch, max_chars=len(text))
    parts = [part for part in passages(text) if speakable(part.text)]
    name = full_name(language, voice)
    pause = np.zeros(PAUSE_SAMPLES, np.int16)
    heard, script = False, []
    with SoundWriter(workdir, VOICE_RATE) as writer:
        texts = [part.text for part in parts]
        for number, said in enumerate(spoken(texts, name, rate, pitch, workdir), 1):
            with wave.open(str(said.wav), "rb") as wav:
                samples = np.frombuffer(wav.readframes(wav.getnframes()), "<i2")
            heard = heard or bool(samples.any())
            script.append(_line(texts[number - 1], writer.n_written, len(samples), said))
            writer.write(samples)
            if parts[number - 1].ends_paragraph and number < len(parts):
                writer.write(pause)
            on_progress(number / len(parts))
        if not heard:
            raise NoSpeakableTextError(
                f"The language {language!r} has no sound for this text. "
                "Choose the language that the text is written in."
            )
        return replace(writer.finish(), script=tuple(script))


def lengths(
    texts: Sequence[str], language: str, voice: str | None, rate: int, pitch: int, workdir: Path
) -> list[int]:
    """How long each of these sentences sounds, in samples at VOICE_RATE; nothing is kept.

    A sentence sounds the same wherever it stands, so this is what `synthesize` will write.

    Raises:
        TextError: one cannot be said, and what to do.
    """
    found = []
    for said in spoken(texts, full_name(language, voice), rate, pitch, workdir):
        with wave.open(str(said.wav), "rb") as wav:
            found.append(wav.getnframes())
    return found


def _line(text: str, first: int, n_samples: int, said: Said) -> Line:
    """A sentence whose sound begins at sample `first` of the track; its words, once and in order.

    espeak-ng says again where it is while it spells a number out, and where a word of letters
    that it does not know is; only what goes on in the text counts.
    """
    marks: list[tuple[int, int]] = []
    for character, sample in said.words:
        on = not marks or (character > marks[-1][0] and first + sample > marks[-1][1])
        if on and 0 <= character < len(text) and sample < n_samples:
            marks.append((character, first + sample))
    return Line(text, first, first + n_samples, tuple(marks), VOICE_RATE)
