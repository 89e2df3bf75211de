"""The speech that is learned from, and the speech that is kept away from it.

Run as `python -m lipsync_engine.viseme.training.corpus`: makes what is missing, one file
a voice or language, under .var/viseme/corpus. Names say what for: `train-…`, `test-…`, and
`untimed-…` for those whose times the teacher finds (`recordings`).
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from random import Random

import numpy as np
from rich.progress import Progress

from lipsync_engine.errors import EngineError
from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training import (
    espeak_voices,
    festival_voices,
    kokoro_voices,
    rhvoice_voices,
    sources,
    texts,
)
from lipsync_engine.viseme.training.phones import gestures
from lipsync_engine.viseme.training.utterances import Utterance, save

FOLDER = sources.HOME / "corpus"
BATCH = 40  # texts a process says
UNTIMED = "untimed"  # begins the names of shards whose times are still to be found

TRAIN_LANGUAGES = (
    "ru", "kk", "en-us", "en", "de", "fr", "es", "it", "tr", "ar", "hi", "cmn", "ja", "pl",
    "uk", "fi", "sv", "ko", "cs", "hu", "ro", "fa", "vi", "ka", "et", "da",
)  # fmt: skip
TEST_LANGUAGES = ("pt-br", "pt", "el", "bg", "id", "sw", "nl")  # no word of them is trained on
# Variants of espeak's voice: every fourth speaks only in tests.
VARIANTS = (
    "f1", "f2", "f3", "f4", "f5", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "croak",
    "klatt", "klatt2", "klatt3", "klatt4", "steph", "whisperf", "belinda", "Alicia", "Andrea",
    "Andy", "anikaRobot", "aunty", "Annie", "benjamin", "boris", "caleb", "david", "Diogo",
    "edward", "edward2", "ed", "Gene", "grandma", "grandpa", "gustave", "Henrique", "iven",
    "iven2", "iven3", "Jacky", "john", "kaukovalta", "linda", "Lee", "marcelo",
    "Marco", "Mario", "max", "Michael", "michel", "miguel", "Mike", "mike2", "norbert",
    "pablo", "paul", "pedro", "quincy", "rob", "robert", "robosoft", "shelby", "Storm",
    "travis", "victor", "zac",
)  # fmt: skip
TEST_VARIANTS = VARIANTS[3::4]
TRAIN_VARIANTS = tuple(v for v in VARIANTS if v not in TEST_VARIANTS)
# People who speak only in tests. slt is one woman: all her voices are.
TEST_PEOPLE = (
    "flite/rms", "flite/slt", "cmu_us_slt_arctic_hts", "ked_diphone", "czech_machac",
    "lp_diphone", "suo_fi_lj_diphone",
)  # fmt: skip


@dataclass(frozen=True)
class Shard:
    """One file of the corpus."""

    name: str
    minutes: float
    make: Callable[[], Iterator[Utterance]]


def shards() -> list[Shard]:
    """All files that training and evaluation read, in the order they are made."""
    found = [
        Shard(f"train-espeak-{language}", 9, _espeak(language, TRAIN_VARIANTS, 1))
        for language in TRAIN_LANGUAGES
    ]
    found += [
        Shard(f"test-espeak-{language}", 2.5, _espeak(language, TEST_VARIANTS, 2))
        for language in TEST_LANGUAGES
    ]
    for voice in festival_voices.VOICES:
        name = voice.name.replace("/", "-")
        split, minutes = ("test", 3.0) if voice.name in TEST_PEOPLE else ("train", 9.0)
        found.append(Shard(f"{split}-person-{name}", minutes, _person(voice, len(found))))
    for seed, modelled in enumerate(rhvoice_voices.VOICES):
        speak = partial(rhvoice_voices.speak, modelled)
        make = _saying(speak, modelled.texts, 91 + seed, seed)
        found.append(Shard(f"train-rhvoice-{modelled.name}", 6, make))
    for seed, drawn in enumerate(kokoro_voices.VOICES):
        make = _saying(partial(kokoro_voices.speak, drawn), drawn.texts, 191 + seed, seed)
        found.append(Shard(f"{UNTIMED}-kokoro-{drawn.name}", 1.0, make))
    return found


def _espeak(
    language: str, variants: tuple[str, ...], seed: int
) -> Callable[[], Iterator[Utterance]]:
    def make() -> Iterator[Utterance]:
        """Utterances without end, the same for the same seed."""
        chance = Random(seed)  # noqa: S311 - reproducible, not secret
        said = texts.sentences(language.partition("-")[0], seed)
        while True:
            wanted = [
                espeak_voices.Spoken(
                    f"{language}+{chance.choice(variants)}" if chance.random() < 0.85 else language,
                    text,
                    int(chance.triangular(110, 290, 165)),
                    int(chance.triangular(5, 95, 45)),
                    int(chance.triangular(10, 100, 50)),
                )
                for text in islice(said, BATCH)
            ]
            utterances = [u for u in espeak_voices.speak(wanted) if u is not None]
            if not utterances:
                raise EngineError(f"espeak-ng has no voice {language!r}.")
            yield from utterances

    return make


def _person(voice: festival_voices.Voice, seed: int) -> Callable[[], Iterator[Utterance]]:
    def make() -> Iterator[Utterance]:
        chance = Random(seed)  # noqa: S311
        said = texts.sentences(voice.language, seed)
        while True:
            stretch = round(chance.uniform(0.8, 1.2), 2)
            yield from festival_voices.speak(voice, list(islice(said, BATCH)), stretch)

    return make


def _saying(
    speak: Callable[[list[str], np.random.Generator], Iterator[Utterance]],
    language: str,
    of_texts: int,
    seed: int,
) -> Callable[[], Iterator[Utterance]]:
    """A voice says one text after the other; the seeds are of the texts and of how it speaks."""

    def make() -> Iterator[Utterance]:
        chance = np.random.default_rng(seed)
        said = texts.sentences(language, of_texts)
        while True:
            yield from speak(list(islice(said, BATCH)), chance)

    return make


def known(utterance: Utterance) -> bool:
    """Whether all its phones are in the table, and it is of a useful length."""
    if not 0.8 < len(utterance.samples) / SAMPLE_RATE < 20:
        return False
    try:
        for segment in utterance.segments:
            if segment.phone:
                gestures(segment.phone)
    except KeyError:
        return False
    return True


def build(folder: Path = FOLDER) -> None:
    """Make every shard that is missing, one on each core at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    sources.check_programs()
    sources.root()
    sources.rhvoice()
    sources.kokoro()
    wanted = shards()
    spawned = multiprocessing.get_context("spawn")
    with Progress() as progress, ProcessPoolExecutor(os.cpu_count(), spawned) as pool:
        task = progress.add_task("speech", total=sum(shard.minutes for shard in wanted))
        made = {pool.submit(_make, i, folder): wanted[i] for i in range(len(wanted))}
        for future in as_completed(made):
            future.result()
            progress.advance(task, made[future].minutes)


def _make(i: int, folder: Path) -> None:
    """Write shard number i if it is missing."""
    shard = shards()[i]
    path = folder / f"{shard.name}.npz"
    if not path.exists():
        save(path, list(_enough(shard)))


def _enough(shard: Shard) -> Iterator[Utterance]:
    """Useful utterances of the shard, until it is long enough."""
    left = shard.minutes * 60 * SAMPLE_RATE
    for utterance in islice(shard.make(), 3000):
        if known(utterance):
            yield utterance
            left -= len(utterance.samples)
        if left <= 0:
            return


if __name__ == "__main__":
    build()
