"""People, recorded: the actors of Fish Fillets, whose words are known but not their times.

A network taught on synthesisers ("teacher") finds the times, and shards like the others are
written. Czech actors are for training; Dutch ones, of whom and of whose language training
hears nothing, for evaluation.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import aligning, corpus, espeak_voices, texts
from lipsync_engine.viseme.training.model import Hearer
from lipsync_engine.viseme.training.music import decoded
from lipsync_engine.viseme.training.utterances import save

LANGUAGES = {"cs": "train-recorded-cs", "nl": "test-recorded-nl"}
_LINES = {"cs": 1300, "nl": 400}  # of what there is: an hour, and a quarter of one
_KEPT = 0.7  # of the utterances, those that fit their words best: effects and shouts fall out
_LONGEST = 12  # seconds


def phones_of(language: str, words: list[str]) -> list[list[str]]:
    """IPA phones of each text, as espeak-ng would say it."""
    spoken = [espeak_voices.Spoken(language, text) for text in words]
    said = espeak_voices.speak(spoken)
    return [[s.phone for s in u.segments] if u else [] for u in said]


def recorded(language: str) -> Iterator[tuple[NDArray[np.int16], list[str]]]:
    """Sound and phones of every line that the game has both for."""
    lines = texts.dialogues(language)
    paths = {
        k: v for k, v in texts.own_dialogue_names(language).items() if len(lines.get(k, "")) > 5
    }
    phones = phones_of(language, [lines[name] for name in paths])
    for path, said in zip(paths.values(), phones, strict=True):
        samples = decoded(str(path))
        if said and 0.8 < len(samples) / SAMPLE_RATE < _LONGEST:
            yield samples, said


def done() -> bool:
    """Whether both shards are there."""
    return all((corpus.FOLDER / f"{name}.npz").exists() for name in LANGUAGES.values())


def build(teacher: Hearer) -> None:
    """Align both languages and write their shards."""
    for language, name in LANGUAGES.items():
        lines = list(islice(recorded(language), _LINES[language]))
        found = aligning.align(teacher, lines, f"fillets/{language}")
        aligned = list(track(found, name, len(lines)))
        aligned.sort(key=lambda a: -a.fit)
        best = [a.utterance for a in aligned[: int(_KEPT * len(aligned))]]
        save(corpus.FOLDER / f"{name}.npz", [u for u in best if corpus.known(u)])
