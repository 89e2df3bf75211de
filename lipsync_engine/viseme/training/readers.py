"""English readers, aligned by somebody else: pocketsphinx, which was taught on people.

For evaluation only, as the one set of labels that neither a synthesiser nor our own network
made: five sentences of a LibriVox audiobook (their words are known), and Allison Smith's
telephone prompts (pocketsphinx writes down her words first; where it hears wrong, its phones
are still close to hers). Run as `python -m lipsync_engine.viseme.training.readers`.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pocketsphinx import Decoder

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import corpus, phone_sets, sources
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.music import decoded
from lipsync_engine.viseme.training.utterances import Utterance, canonical, save

_LINE = re.compile(r"<s> (.*) </s> \((.*)\)")
_NOISES = ("SIL", "+NSN+", "+SPN+", "+BREATH+", "+COUGH+")


def librivox() -> Iterator[Utterance]:
    """The five sentences."""
    decoder = Decoder(lm=None, loglevel="FATAL")
    for line in (sources.audiobook() / "transcription").read_text().splitlines():
        words, name = _LINE.match(line).groups()  # type: ignore[union-attr]
        samples = decoded(str(sources.audiobook() / f"{name}.wav"))
        yield from _aligned(decoder, samples, words, "librivox")


def prompts() -> Iterator[Utterance]:
    """Allison Smith's, those between 1.5 and 12 s."""
    listener, aligner = Decoder(loglevel="FATAL"), Decoder(lm=None, loglevel="FATAL")
    for path in sorted((sources.prompts() / "en_US_f_Allison").rglob("*.g722")):
        samples = decoded(str(path), "g722")
        if not 1.5 < len(samples) / SAMPLE_RATE < 12:
            continue
        listener.start_utt()
        listener.process_raw(samples.tobytes(), full_utt=True)
        listener.end_utt()
        guess = listener.hyp()
        if guess and len(guess.hypstr.split()) >= 3:
            yield from _aligned(aligner, samples, guess.hypstr, "asterisk/allison")


def _aligned(
    decoder: Decoder, samples: NDArray[np.int16], words: str, voice: str
) -> Iterator[Utterance]:
    try:
        decoder.set_align_text(words)
        for again in (False, True):
            if again:
                decoder.set_alignment()
            decoder.start_utt()
            decoder.process_raw(samples.tobytes(), full_utt=True)
            decoder.end_utt()
        found = [(p.name, p.start, p.duration) for w in decoder.get_alignment() for p in w]
    except (RuntimeError, TypeError):  # it could not follow: nothing to learn from it
        return
    segments = tuple(
        Segment(
            "" if name in _NOISES else phone_sets.ipa(name.lower(), phone_sets.ENGLISH),
            start / 100,
            (start + length) / 100,
        )
        for name, start, length in found
    )
    yield Utterance(canonical(samples, SAMPLE_RATE), segments, voice)


def build(folder: Path = corpus.FOLDER) -> None:
    """Write both shards."""
    for name, said in (("librivox", librivox()), ("prompts-en", prompts())):
        path = folder / f"test-reader-{name}.npz"
        if not path.exists():
            save(path, [u for u in said if corpus.known(u)])


if __name__ == "__main__":
    build()
