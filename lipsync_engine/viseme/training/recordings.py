"""People whose words are known but not their times: actors, readers of prompts, Kokoro's voices.

A network taught on synthesisers ("teacher") finds the times, and shards like the others are
written. Fish Fillets' Dutch actors, of whom and of whose language training hears nothing, are
for evaluation, all others for training.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import aligning, corpus, kokoro_voices, prompts, texts
from lipsync_engine.viseme.training.espeak_voices import phones_of
from lipsync_engine.viseme.training.model import Hearer
from lipsync_engine.viseme.training.music import decoded
from lipsync_engine.viseme.training.utterances import Utterance, load, save

_LONGEST = 12  # seconds
Lines = Iterator[tuple[NDArray[np.int16], list[str]]]


@dataclass(frozen=True)
class Shard:
    """One file: who speaks, and what share of it fits its words well enough to be kept.

    What falls out are effects, shouts, and words that were not said.
    """

    name: str
    lines: Callable[[], Lines]
    kept: float


def shards() -> list[Shard]:
    """All files that a teacher is needed for."""
    found = [
        Shard("train-recorded-cs", lambda: islice(acted("cs"), 1300), 0.7),  # an hour
        Shard("test-recorded-nl", lambda: islice(acted("nl"), 400), 0.7),
    ]
    for reader in prompts.READERS:
        found.append(Shard(f"train-prompts-{reader.folder}", _read(reader), reader.kept))
    for voice in kokoro_voices.VOICES:
        spoken = corpus.FOLDER / f"{corpus.UNTIMED}-kokoro-{voice.name}.npz"
        found.append(Shard(f"train-kokoro-{voice.name}", _synthesised(spoken), 0.85))
    return found


def acted(language: str) -> Lines:
    """Sound and phones of every line of Fish Fillets that has both."""
    lines = texts.dialogues(language)
    paths = {
        k: v for k, v in texts.own_dialogue_names(language).items() if len(lines.get(k, "")) > 5
    }
    phones = phones_of(language, [lines[name] for name in paths])
    for path, said in zip(paths.values(), phones, strict=True):
        samples = decoded(str(path))
        if said and 0.8 < len(samples) / SAMPLE_RATE < _LONGEST:
            yield samples, said


def _read(reader: prompts.Reader) -> Callable[[], Lines]:
    return lambda: prompts.read(reader)


def _synthesised(path: Path) -> Callable[[], Lines]:
    return lambda: ((u.samples, [s.phone for s in u.segments]) for u in load(path))


def done() -> bool:
    """Whether all shards are there."""
    return all((corpus.FOLDER / f"{shard.name}.npz").exists() for shard in shards())


def build(teacher: Hearer) -> None:
    """Align and write every shard that is missing."""
    for shard in track(shards(), "times"):
        path = corpus.FOLDER / f"{shard.name}.npz"
        if not path.exists():
            save(path, best(teacher, list(shard.lines()), shard))


def best(
    teacher: Hearer, lines: Sequence[tuple[NDArray[np.int16], list[str]]], shard: Shard
) -> list[Utterance]:
    """The lines with their times, those that fit well."""
    aligned = list(aligning.align(teacher, lines, shard.name))
    aligned.sort(key=lambda a: -a.fit)
    kept = [a.utterance for a in aligned[: int(shard.kept * len(aligned))]]
    return [u for u in kept if corpus.known(u)]
