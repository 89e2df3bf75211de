"""How long a text will sound, before it is a job: spoken and measured, all of it or a sample.

espeak-ng speaks a thousand times faster than it sounds, and a sentence sounds the same
wherever it stands. So a text of up to EXACT_S is spoken whole, and its length is exact.
Of a longer one every k-th sentence is spoken, SAMPLE_S in all, and the rest is taken
in proportion to what its characters let expect. docs/faces.md says how near that comes.
"""

import threading
from collections import OrderedDict
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

from lipsync_engine import speech
from lipsync_engine.sentences import Sentence, passages, speakable
from lipsync_engine.timeline import SAMPLE_RATE
from tasks import cost
from tasks.contract import JobRequest

EXACT_S = 240  # of sound: a quarter of a second of work, beside the start of the child
SAMPLE_S = 180  # of sound
AT_ONCE = 2  # children of one API process
KEPT = 256  # lengths


@dataclass(frozen=True, slots=True)
class Length:
    """Of a canonical sound: samples at 16 kHz, and whether they are counted or estimated."""

    n_samples: int
    exact: bool


class SpeechLengths:
    """Measures texts, and remembers the last ones. Safe for many threads."""

    def __init__(self) -> None:
        self._children = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[object, ...], Length] = OrderedDict()

    def of(self, request: JobRequest) -> Length:
        """The length of a request's text.

        Raises:
            TextError: it cannot be said, and what to do.
        """
        key = (request.text, request.language, request.voice, request.rate, request.pitch)
        with self._lock:
            if key in self._known:
                return self._known[key]
        with self._children:
            found = measured(request)
        with self._lock:
            self._known[key] = found
            while len(self._known) > KEPT:
                self._known.popitem(last=False)
        return found


def measured(request: JobRequest) -> Length:
    """Speak the text, or a sample of its sentences. Raises TextError."""
    parts = [part for part in passages(request.text or "") if speakable(part.text)]
    guesses = [cost.text_seconds(part.text, request.rate) for part in parts]
    step = 1 if sum(guesses) <= EXACT_S else max(1, ceil(sum(guesses) / SAMPLE_S))
    taken = range(step // 2, len(parts), step)
    with TemporaryDirectory(prefix="length-") as folder:
        spoken = speech.lengths(
            [parts[index].text for index in taken], request.language, request.voice,
            request.rate, request.pitch, Path(folder),
        )  # fmt: skip
    share = sum(guesses) / sum(guesses[index] for index in taken)
    at_voice_rate = sum(spoken) * share + _pauses(parts) * speech.PAUSE_SAMPLES
    return Length(ceil(at_voice_rate * SAMPLE_RATE / speech.VOICE_RATE), step == 1)


def _pauses(parts: list[Sentence]) -> int:
    """Between paragraphs; none after the last."""
    return sum(part.ends_paragraph for part in parts[:-1])
