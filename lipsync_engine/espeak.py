"""The speaking child: pyttsx3 on espeak-ng, one fresh process per text.

A process of its own, because espeak-ng is global, not thread-safe, can be
initialised once, ends the whole process when its data are missing, and carries
the state of its noise from one text to the next: only a fresh process says the
same text in the same bytes every time.

Run as `python -m lipsync_engine.espeak`; reads one JSON request from stdin and
answers with JSON lines on stdout:

{"do": "list"} -> {"voices": [{"id", "name", "gender"}, ...], "variants": ["f1", ...]}
{"do": "speak", "voice", "rate", "pitch", "sentences", "folder"}
    -> for each sentence, as soon as its `folder`/00000.wav is whole, its number and where its
       words begin: [0, [[character, sample], ...]]
"""

import ctypes
import io
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TextIO

SYSTEM_LIBRARY = "libespeak-ng.so.1"
NAP_S = 0.0005
NOISE_SEED = 1
MALE, FEMALE = 1, 2  # espeak_VOICE.gender


def load_library() -> None:
    """Make pyttsx3 find espeak-ng: the system's where there is one, else espeakng-loader's.

    pyttsx3 asks the linker for "libespeak-ng.so.1"; a library that is already
    loaded under that name answers.
    """
    try:
        ctypes.CDLL(SYSTEM_LIBRARY, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        import espeakng_loader

        ctypes.CDLL(espeakng_loader.get_library_path(), mode=ctypes.RTLD_GLOBAL)
        # espeak-ng keeps its data's path in 160 bytes: a deep checkout would not fit, "." does.
        os.chdir(espeakng_loader.get_data_path())
        os.environ["ESPEAK_DATA_PATH"] = "."


class Speaker:
    """pyttsx3's engine, with what would lose sentences taken out.

    Its espeak driver queues commands to another thread, and whenever one
    utterance ends it cancels all that thread still holds *if espeak is
    playing*. Whether it is at that moment is a race: rates were not applied,
    sentences came out empty. Nothing is ever stopped half-way in this process,
    so espeak may as well always say that it is not playing.
    """

    def __init__(self) -> None:
        load_library()
        import pyttsx3

        self._engine = pyttsx3.init("espeak")
        from pyttsx3.drivers import _espeak, espeak

        self._espeak = _espeak
        _espeak.IsPlaying = lambda: False
        self._words: list[tuple[int, int]] = []
        _espeak.SetSynthCallback(self._hear)
        # The driver naps 10 ms after each sentence: 15 s for 20 000 characters of short ones.
        espeak.time = SimpleNamespace(sleep=lambda _: time.sleep(NAP_S))
        _settle_noise(_espeak.dll)
        self._errors: list[BaseException] = []
        self._engine.connect("error", lambda exception, **_: self._errors.append(exception))
        self._engine.runAndWait()  # the first round does not wait for its sound; let it have none

    def set(self, name: str, value: object) -> None:
        """Set "voice", "rate" or "pitch" for what follows; the voice first."""
        self._engine.setProperty(name, value)
        self._check()

    def save(self, text: str, path: Path) -> list[tuple[int, int]]:
        """Say `text` into a WAV (s16 mono, 22 050 Hz); (character, sample) of each word's begin."""
        self._words.clear()
        self._engine.save_to_file(text, str(path))
        self._engine.runAndWait()
        self._check()
        return self._words

    def _hear(self, wav: Any, n_samples: int, events: Any) -> int:
        """What espeak-ng calls with the next samples; the driver, which keeps them, forgets words.

        Args:
            events: an array that ends with a terminator.
        """
        index = 0
        while (event := events[index]).type != self._espeak.EVENT_LIST_TERMINATED:
            if event.type == self._espeak.EVENT_WORD:
                self._words.append((event.text_position - 1, event.sample))
            index += 1
        kept: int = self._engine.proxy._driver._onSynth(wav, n_samples, events)
        return kept

    def listing(self) -> dict[str, Any]:
        """All languages' voices and all variants, as espeak-ng lists them."""
        spec = self._espeak.VOICE()
        spec.languages = b"variant"
        # Each listing frees what the one before it pointed to: read it before asking again.
        variants = [_base(voice) for voice in self._espeak.ListVoices(ctypes.byref(spec))]
        voices = [_described(voice) for voice in self._espeak.ListVoices(None)]
        return {"voices": self._speakable(voices), "variants": variants}

    def _speakable(self, voices: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Leave out voices without their dictionary, which espeak-ng only complains of on stderr.

        (espeakng-loader 0.2.4 ships none for Faroese and Karakalpak: every word is spelled.)
        """
        whole = []
        with tempfile.TemporaryFile() as complaints:
            stderr = os.dup(2)
            os.dup2(complaints.fileno(), 2)
            for voice in voices:
                before = os.fstat(2).st_size
                self.set("voice", voice["id"])
                if os.fstat(2).st_size == before:
                    whole.append(voice)
            os.dup2(stderr, 2)
            os.close(stderr)
        return whole

    def _check(self) -> None:
        if self._errors:
            raise self._errors[0]


def _settle_noise(library: Any) -> None:
    """Breath and flutter draw on a series that espeak-ng >= 1.52 starts from the clock."""
    if hasattr(library, "espeak_ng_SetRandSeed"):
        library.espeak_ng_SetRandSeed(ctypes.c_long(NOISE_SEED))


def _described(voice: Any) -> dict[str, Any]:
    gender = {MALE: "male", FEMALE: "female"}.get(voice.gender)
    identifier = voice.identifier.decode()
    return {"id": identifier, "name": voice.name.decode().strip(), "gender": gender}


def _base(voice: Any) -> str:
    name: str = voice.identifier.decode().rsplit("/", 1)[-1]
    return name


def _speak(speaker: Speaker, request: dict[str, Any], answer: TextIO) -> None:
    for name in ("voice", "rate", "pitch"):
        speaker.set(name, request[name])
    for number, sentence in enumerate(request["sentences"]):
        words = speaker.save(sentence, Path(request["folder"], f"{number:05d}.wav"))
        print(json.dumps([number, words]), file=answer, flush=True)


def main() -> None:
    """Answer one request."""
    answer, sys.stdout = sys.stdout, io.StringIO()  # pyttsx3 prints "Audio saved to ..."
    request = json.load(sys.stdin)
    speaker = Speaker()
    if request["do"] == "list":
        print(json.dumps(speaker.listing()), file=answer)
    else:
        _speak(speaker, request, answer)


if __name__ == "__main__":
    main()
