"""RHVoice's people speak: voices modelled on recordings by hidden Markov models.

hts_engine makes spectra, melody and times of phones from a voice's own models, `vocoder`
makes sound of them. Such voices are what flite's are, smooth and a little mumbled, and they
say when each phone ends.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lipsync_engine.viseme.training import espeak_voices, rhvoice_phones, sources, vocoder
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.rhvoice_labels import labels
from lipsync_engine.viseme.training.rhvoice_phones import PhoneSet
from lipsync_engine.viseme.training.utterances import Utterance, canonical


@dataclass(frozen=True)
class Voice:
    """One recorded person."""

    name: str
    texts: str  # the language whose texts are read; Esperanto's reader reads Italian's letters
    phones: PhoneSet


# Those whose licence allows any use; slt is kept for tests.
VOICES = (
    Voice("bdl", "en", rhvoice_phones.ENGLISH),
    Voice("clb", "en", rhvoice_phones.ENGLISH),
    Voice("aleksandr", "ru", rhvoice_phones.RUSSIAN),
    Voice("anna", "ru", rhvoice_phones.RUSSIAN),
    Voice("elena", "ru", rhvoice_phones.RUSSIAN),
    Voice("irina", "ru", rhvoice_phones.RUSSIAN),
    Voice("anatol", "uk", rhvoice_phones.UKRAINIAN),
    Voice("natalia", "uk", rhvoice_phones.UKRAINIAN),
    Voice("spomenka", "it", rhvoice_phones.ESPERANTO),
)

_RATE, _HOP, _WARP, _ORDER = 24_000, 120, 0.466, 31  # of all these voices
_TICKS = 1e7  # a second, in HTS's labels
_HTS = shutil.which("hts_engine") or "hts_engine"  # `sources.check_programs` said so


def speak(voice: Voice, texts: Sequence[str], chance: np.random.Generator) -> Iterator[Utterance]:
    """Say the texts, each at another speed, sharpness and pitch; empty ones are left out."""
    for text in espeak_voices.transcribed(voice.phones.espeak, texts):
        if said := rhvoice_phones.phrases(text, voice.phones):
            english = voice.phones is rhvoice_phones.ENGLISH
            yield _spoken(voice, labels(said, voice.phones.vowels, english), chance)


def _spoken(voice: Voice, asked: Sequence[str], chance: np.random.Generator) -> Utterance:
    model = sources.rhvoice() / "voices" / voice.name / str(_RATE) / "voice.data"
    with tempfile.TemporaryDirectory() as folder:
        label, cepstra, melody, times = (Path(folder, name) for name in "lmft")
        label.write_text("\n".join(asked) + "\n")
        command: list[str | Path] = [_HTS, "-m", model, "-r", f"{chance.uniform(0.85, 1.2):.2f}"]
        command += ["-om", cepstra, "-of", melody, "-od", times, label]
        subprocess.run(command, check=True, capture_output=True)
        shape = np.fromfile(cepstra, np.float32).reshape(-1, _ORDER).astype(float)
        log_f0 = np.fromfile(melody, np.float32).astype(float)
        lines = [line.split() for line in times.read_text().splitlines()]
    shape[:, 2:] *= 1 + chance.uniform(0, 0.5)  # from as smooth as it was learned to sharp
    log_f0 += chance.normal(0, 0.05) * (log_f0 > 0)
    heard = vocoder.sound(shape, log_f0, _WARP, _RATE, _HOP, chance)
    segments = tuple(
        Segment(
            rhvoice_phones.ipa(name.partition("-")[2].partition("+")[0], voice.phones),
            int(start) / _TICKS,
            int(stop) / _TICKS,
        )
        for start, stop, name in (line[:3] for line in lines)
    )
    return Utterance(canonical(heard, _RATE), segments, f"rhvoice/{voice.name}")
