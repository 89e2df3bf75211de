"""Festival and flite speak: voices cut from, or modelled on, recordings of people.

Both say when each phone ends, so they label themselves.
"""

import shutil
import subprocess
import tempfile
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.viseme.training import phone_sets
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.utterances import Utterance, canonical


@dataclass(frozen=True)
class Voice:
    """One recorded person."""

    name: str  # festival's, or flite's with "flite/" before it
    language: str
    phones: Mapping[str, str]
    encoding: str = "utf-8"


_CZECH = ("cs", phone_sets.CZECH, "iso8859-2")
_INDIAN = phone_sets.INDIAN
VOICES = (
    Voice("flite/kal16", "en", phone_sets.ENGLISH),
    Voice("flite/awb", "en", phone_sets.ENGLISH),
    Voice("flite/rms", "en", phone_sets.ENGLISH),
    Voice("flite/slt", "en", phone_sets.ENGLISH),
    Voice("kal_diphone", "en", phone_sets.ENGLISH),
    Voice("ked_diphone", "en", phone_sets.ENGLISH),
    Voice("cmu_us_slt_arctic_hts", "en", phone_sets.ENGLISH),
    Voice("czech_dita", *_CZECH),
    Voice("czech_krb", *_CZECH),
    Voice("czech_machac", *_CZECH),
    Voice("czech_ph", *_CZECH),
    Voice("lp_diphone", "it", phone_sets.ITALIAN, "iso8859-1"),
    Voice("pc_diphone", "it", phone_sets.ITALIAN, "iso8859-1"),
    Voice("suo_fi_lj_diphone", "fi", phone_sets.FINNISH, "iso8859-1"),
    Voice("hy_fi_mv_diphone", "fi", phone_sets.FINNISH, "iso8859-1"),
    Voice("msu_ru_nsh_clunits", "ru", phone_sets.RUSSIAN),
    Voice("hindi_NSK_diphone", "hi", _INDIAN),
    Voice("marathi_NSK_diphone", "mr", _INDIAN),
    Voice("telugu_NSK_diphone", "te", _INDIAN),
    Voice("upc_ca_ona_hts", "ca", phone_sets.CATALAN, "iso8859-15"),
)

_FESTIVAL = shutil.which("festival") or "festival"  # `sources.check_programs` said so
_FLITE = shutil.which("flite") or "flite"
_SCHEME = """(voice_{name})
(Parameter.set 'Duration_Stretch {stretch})
(define (say n text)
  (unwind-protect
    (let ((u (utt.synth (eval (list 'Utterance 'Text text)))))
      (utt.save.wave u (string-append "{folder}/" n ".wav") 'riff)
      (format t "%s" n)
      (mapcar (lambda (s) (format t " %s %f" (item.name s) (item.feat s 'end)))
              (utt.relation.items u 'Segment))
      (format t "\\n"))
    (format t "failed\\n")))
"""


def speak(voice: Voice, texts: Sequence[str], stretch: float = 1.0) -> Iterator[Utterance]:
    """Say the texts; those that the voice cannot say are left out.

    Args:
        voice: who.
        texts: what.
        stretch: of all durations; 0.8 is fast.
    """
    with tempfile.TemporaryDirectory() as folder:
        say = _flite if voice.name.startswith("flite/") else _festival
        for path, ends in say(voice, texts, stretch, folder):
            samples, rate = _read(path)
            yield Utterance(canonical(samples, rate), _segments(ends, voice.phones), voice.name)


def _festival(
    voice: Voice, texts: Sequence[str], stretch: float, folder: str
) -> Iterator[tuple[Path, list[str]]]:
    script = _SCHEME.replace("{name}", voice.name).replace("{folder}", folder)
    script = script.replace("{stretch}", str(stretch))
    for n, text in enumerate(texts):
        plain = text.replace('"', "").replace("\\", "")
        script += f'(say "{n:04d}" "{plain}")\n'
    path = Path(folder, "say.scm")
    path.write_bytes(script.encode(voice.encoding, "ignore"))
    done = subprocess.run([_FESTIVAL, "-b", str(path)], capture_output=True, check=False)
    for line in done.stdout.decode("latin1").splitlines():
        name, *ends = line.split()
        if name != "failed" and ends and Path(folder, f"{name}.wav").exists():
            yield Path(folder, f"{name}.wav"), ends


def _flite(
    voice: Voice, texts: Sequence[str], stretch: float, folder: str
) -> Iterator[tuple[Path, list[str]]]:
    path = Path(folder, "said.wav")
    for text in texts:
        command = [_FLITE, "-voice", voice.name.partition("/")[2], "-t", text, "-psdur"]
        command += ["--setf", f"duration_stretch={stretch}", "-o", str(path)]
        done = subprocess.run(command, capture_output=True, check=False)
        pairs = [pair.rpartition(":") for pair in done.stdout.decode("latin1").split()]
        if done.returncode == 0 and pairs:
            yield path, [word for name, _, end in pairs for word in (name, end)]


def _read(path: Path) -> tuple[NDArray[np.int16], int]:
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2"), file.getframerate()


def _segments(ends: Sequence[str], phones: Mapping[str, str]) -> tuple[Segment, ...]:
    """["pau", "0.2", "m", "0.3"] -> segments."""
    found, start = [], 0.0
    for name, end in zip(ends[::2], ends[1::2], strict=True):
        if float(end) > start:
            found.append(Segment(phone_sets.ipa(name, phones), start, float(end)))
            start = float(end)
    return tuple(found)
