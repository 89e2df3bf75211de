"""People who read telephone prompts for Asterisk, whose words are known: French, Italian, Russian.

Allison Smith, who read the English and the Spanish ones, is kept for tests.
"""

import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import sources
from lipsync_engine.viseme.training.espeak_voices import phones_of
from lipsync_engine.viseme.training.music import decoded

_LINE = re.compile(r"([\w/-]+):\s*([^\[(<]{2,})$")  # "[beep]" and "(laughs)" are no words
_SECONDS = 0.9, 14.0


@dataclass(frozen=True)
class Reader:
    """Who reads, and what."""

    folder: str
    language: str
    kept: float  # of the recordings, those that fit their words best


# Menardi reads another translation: what the two have in common is kept.
READERS = (
    Reader("fr_CA_f_June", "fr", 0.8),
    Reader("it_IT_m_Carlo", "it", 0.8),
    Reader("it_IT_f_Menardi", "it", 0.4),
    Reader("ru_RU_f_IvrvoiceRU", "ru", 0.8),
)


def read(reader: Reader) -> Iterator[tuple[NDArray[np.int16], list[str]]]:
    """Sound and phones of every prompt that has words."""
    folder, words = sources.prompts() / reader.folder, written(reader.language)
    paths = [
        path
        for path in sorted(folder.rglob("*.*"))
        if path.relative_to(folder).with_suffix("").as_posix() in words
    ]
    names = [path.relative_to(folder).with_suffix("").as_posix() for path in paths]
    said = phones_of(reader.language, [words[name] for name in names])
    for path, phones in zip(paths, said, strict=True):
        samples = decoded(str(path), "g722" if path.suffix == ".g722" else None)
        if phones and _SECONDS[0] < len(samples) / SAMPLE_RATE < _SECONDS[1]:
            yield samples, phones


def written(language: str) -> dict[str, str]:
    """What is said in each prompt, by its name."""
    name = f"usr/share/doc/asterisk-core-sounds-{language}/core-sounds-{language}.txt.gz"
    return words_of(gzip.decompress((sources.root() / name).read_bytes()).decode("utf-8-sig"))


def words_of(text: str) -> dict[str, str]:
    """Asterisk's list of prompts, without those that are no words or that describe a sound."""
    found = (_LINE.match(line.strip()) for line in text.splitlines())
    return {line[1]: line[2].strip() for line in found if line}
