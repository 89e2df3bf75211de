"""espeak-ng speaks, and tells at which sample each phone begins.

The library is global and can be initialised once, so each batch of texts is said in a
process of its own.
"""

import ctypes
import multiprocessing
import re
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.phones import gestures
from lipsync_engine.viseme.training.utterances import Utterance, canonical

_END, _PHONEME = 0, 7  # espeak_EVENT_TYPE
_RETRIEVAL = 1  # AUDIO_OUTPUT_RETRIEVAL
_IPA_EVENTS = 0b11  # espeakINITIALIZE_PHONEME_EVENTS | _PHONEME_IPA
_UTF8 = 1
_IPA = 0x02  # phoneme mode
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER
_NOISE_SEED = 1

_STEP = 80  # samples in which closures are looked for: 5 ms
_LONGEST = 24  # steps a closure lasts at most
_FALL = 22.0  # dB that a closure is quieter than the vowel before it


@dataclass(frozen=True)
class Spoken:
    """What to say, and how."""

    voice: str  # a language, with "+variant" or without
    text: str
    words_a_minute: int = 175
    pitch: int = 50  # 0..100
    pitch_range: int = 50  # 0..100


class _Name(ctypes.Union):
    _fields_ = (("number", ctypes.c_int), ("string", ctypes.c_char * 8))


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int), ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int), ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int), ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p), ("id", _Name),
    )  # fmt: skip


def speak(wanted: Sequence[Spoken]) -> list[Utterance | None]:
    """Say them all in one child process; None for what espeak-ng could not say.

    Raises:
        concurrent.futures.process.BrokenProcessPool: the library ended the child.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        return child.submit(_speak, list(wanted)).result()


def transcribed(language: str, texts: Sequence[str]) -> list[str]:
    """IPA of each text, with stress marks before vowels, spaces between words and commas."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as child:
        return child.submit(_transcribed, language, list(texts)).result()


def phones_of(language: str, texts: Sequence[str]) -> list[list[str]]:
    """IPA phones of each text, "" for pauses; none where it cannot be said."""
    said = speak([Spoken(language, text) for text in texts])
    return [[s.phone for s in u.segments] if u else [] for u in said]


def _transcribed(language: str, texts: list[str]) -> list[str]:
    import espeakng_loader

    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    espeak.espeak_Initialize(_RETRIEVAL, 0, espeakng_loader.get_data_path().encode(), 0)
    espeak.espeak_TextToPhonemes.restype = ctypes.c_char_p
    espeak.espeak_SetVoiceByName(language.encode())
    found = []
    for text in texts:
        left, clauses = ctypes.c_char_p(text.encode()), []
        while left.value:
            clause = espeak.espeak_TextToPhonemes(ctypes.byref(left), _UTF8, _IPA)
            clauses.append((clause or b"").decode())
        # "(en)" says that a word is of another language
        found.append(re.sub(r"\([a-z-]+\)", "", ", ".join(clauses)))
    return found


def _speak(wanted: list[Spoken]) -> list[Utterance | None]:
    import espeakng_loader

    espeak = ctypes.CDLL(espeakng_loader.get_library_path())
    data = espeakng_loader.get_data_path().encode()
    rate = espeak.espeak_Initialize(_RETRIEVAL, 0, data, _IPA_EVENTS)
    heard = _Heard()
    callback = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.POINTER(_Event)
    )(heard.take)
    espeak.espeak_SetSynthCallback(callback)
    if hasattr(espeak, "espeak_ng_SetRandSeed"):
        espeak.espeak_ng_SetRandSeed(ctypes.c_long(_NOISE_SEED))
    return [_one(espeak, rate, heard, spoken) for spoken in wanted]


class _Heard:
    """What the callback has been given so far."""

    def __init__(self) -> None:
        self.sound: list[NDArray[np.int16]] = []
        self.phones: list[tuple[str, int]] = []

    def take(self, address: int | None, n: int, event: Any) -> int:
        """espeak-ng's `t_espeak_callback`: n samples and a list of events; 0 says go on."""
        if address and n:
            self.sound.append(np.frombuffer(ctypes.string_at(address, 2 * n), "<i2"))
        i = 0
        while event[i].type != _END:
            if event[i].type == _PHONEME:
                name = event[i].id.string.decode("utf-8", "replace")
                self.phones.append((name, event[i].sample))
            i += 1
        return 0


def _one(espeak: Any, rate: int, heard: _Heard, spoken: Spoken) -> Utterance | None:
    heard.sound, heard.phones = [], []
    if espeak.espeak_SetVoiceByName(spoken.voice.encode()) != 0:
        return None
    espeak.espeak_SetParameter(_RATE, spoken.words_a_minute, 0)
    espeak.espeak_SetParameter(_PITCH, spoken.pitch, 0)
    espeak.espeak_SetParameter(_RANGE, spoken.pitch_range, 0)
    raw = spoken.text.encode()
    espeak.espeak_Synth(raw, ctypes.c_size_t(len(raw) + 1), 0, 1, 0, _UTF8, None, None)
    espeak.espeak_Synchronize()
    if not heard.sound or not heard.phones:
        return None
    sound = np.concatenate(heard.sound)
    starts = [sample / rate for _, sample in heard.phones]
    stops = [*starts[1:], len(sound) / rate]
    segments = tuple(
        Segment(_sounding(name), start, stop)
        for (name, _), start, stop in zip(heard.phones, starts, stops, strict=True)
        if stop > start
    )
    samples = canonical(sound, rate)
    return Utterance(samples, with_closures(samples, segments), "espeak/" + spoken.voice)


def with_closures(samples: NDArray[np.int16], segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Give voiceless stops the silence before their burst.

    espeak-ng announces p, t and k at the burst, and the closure before it, some 50 ms, goes to
    whatever came before. Recorded voices, and everyone else's labels, begin a stop with it.
    """
    power = samples.astype(np.float64) ** 2
    level = 10 * np.log10(power[: len(power) // _STEP * _STEP].reshape(-1, _STEP).mean(axis=1) + 1)
    mended = list(segments)
    for i in range(1, len(segments)):
        before, stop = mended[i - 1], mended[i]
        if not before.phone or not stop.phone or _kind(stop.phone) not in ("p", "t", "k"):
            continue
        burst = int(stop.start * SAMPLE_RATE) // _STEP
        earliest = max(int(before.start * SAMPLE_RATE) // _STEP + 2, burst - _LONGEST)
        quiet = level[max(burst - 12, 0) : burst + 1].max(initial=0) - _FALL
        first = burst
        while first > earliest and level[min(first, len(level)) - 1] < quiet:
            first -= 1
        start = min(first * _STEP / SAMPLE_RATE, stop.start)
        mended[i - 1] = Segment(before.phone, before.start, start)
        mended[i] = Segment(stop.phone, start, stop.stop)
    return tuple(mended)


def _kind(phone: str) -> str:
    try:
        return gestures(phone)[0].kind
    except KeyError:
        return ""


def _sounding(name: str) -> str:
    """The phone without stress and pause marks; "" is a pause, or a change of language."""
    if name.startswith("("):
        return ""
    return name.strip("ˈˌ_:|;,.-ʲ '%=\u200d0123456789")
