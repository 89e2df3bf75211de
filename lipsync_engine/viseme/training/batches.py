"""Scenes, kept in files; and batches of them, each time in another colour.

What acts on bands alone is cheap, so it is drawn anew for every batch: loudness, equaliser,
a low-pass, and a shift of the bands up or down, which is a smaller or larger head
(vocal tract length perturbation, Jaitly & Hinton 2013).
"""

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from rich.progress import track
from scipy.ndimage import binary_dilation, uniform_filter1d

from lipsync_engine.viseme import mel
from lipsync_engine.viseme.network import REACH, VOICE_REACH
from lipsync_engine.viseme.training import corpus, sources
from lipsync_engine.viseme.training.phones import CLASSES
from lipsync_engine.viseme.training.scenes import COLUMNS, scene
from lipsync_engine.viseme.training.utterances import Utterance, load

FOLDER = sources.HOME / "scenes"
A_FILE = 200  # scenes: 40 minutes
LEARNED = 400  # columns of a scene that are learned at a time: 4 s
CONTEXT = REACH + mel.AROUND
_NEAR, _FAR = 30, 80  # columns from speech: so near it is a voice, farther away it is none
# How often a shard is drawn, by the beginning of its name.
_WEIGHTS = {
    "train-espeak": 3, "train-person": 6, "train-rhvoice": 4, "train-kokoro": 1,
    "train-recorded": 20, "train-prompts": 8,
}  # fmt: skip


@dataclass(frozen=True)
class Batch:
    """What one step learns from."""

    heard: torch.Tensor  # (batch, N_FEATURES, LEARNED + 2 * REACH)
    mouth: torch.Tensor  # (batch, K, LEARNED)
    classes: torch.Tensor  # (batch, LEARNED)
    voice: torch.Tensor  # (batch, LEARNED - 2 * VOICE_REACH): 1 speech, 0 none, -1 in between


def voices(folder: Path = corpus.FOLDER) -> list[list[Utterance]]:
    """The training shards, as often as they are to be drawn."""
    drawn = []
    for path in sorted(folder.glob("train-*.npz")):
        weight = next(w for start, w in _WEIGHTS.items() if path.name.startswith(start))
        drawn += [list(load(path))] * weight
    return drawn


def make_scenes(n_files: int, first: int = 0, folder: Path = FOLDER, silent: float = 0.14) -> None:
    """Write the scene files first … first + n_files - 1 that are missing; file i has seed i."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {i: folder / f"{i:03d}.npz" for i in range(first, first + n_files)}
    missing = [i for i in paths if not paths[i].exists()]
    spawned = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), spawned) as pool:  # one file on each core at a time
        made = [pool.submit(_make, paths[i], i, silent) for i in missing]
        for future in track(as_completed(made), "scenes", len(made)):
            future.result()


def _make(path: Path, seed: int, silent: float) -> None:
    """Write one file."""
    speakers, chance = voices(), np.random.default_rng(seed)
    made = [scene(speakers, chance, silent=silent) for _ in range(A_FILE)]
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        bands=np.stack([s.bands for s in made]),
        mouth=np.stack([s.mouth for s in made]),
        classes=np.stack([s.classes for s in made]),
    )
    part.rename(path)


def files(first: int, stop: int, folder: Path = FOLDER) -> list[Path]:
    """Scene files first … stop - 1, those that exist."""
    return [p for i in range(first, stop) if (p := folder / f"{i:03d}.npz").exists()]


def endless(paths: Sequence[Path], size: int, seed: int) -> Iterator[Batch]:
    """Batches for ever, the same for the same files and seed."""
    chance = np.random.default_rng(seed)
    held = [dict(np.load(path)) for path in paths]
    bands, mouth, classes = (
        np.concatenate([h[name] for h in held]) for name in ("bands", "mouth", "classes")
    )
    voice = np.stack([_voiced(row) for row in classes])
    inner = slice(VOICE_REACH, LEARNED - VOICE_REACH)
    while True:
        rows = chance.integers(len(bands), size=size)
        starts = chance.integers(0, COLUMNS - LEARNED + 1, size=size)
        heard = [_heard(bands[r], int(s), chance) for r, s in zip(rows, starts, strict=True)]
        cut = [slice(s, s + LEARNED) for s in starts]
        yield Batch(
            torch.from_numpy(np.stack(heard)),
            torch.from_numpy(
                np.stack([mouth[r, c].T for r, c in zip(rows, cut, strict=True)]).astype(np.float32)
            ),
            torch.from_numpy(
                np.stack([classes[r, c] for r, c in zip(rows, cut, strict=True)]).astype(np.int64)
            ),
            torch.from_numpy(
                np.stack([voice[r, c][inner] for r, c in zip(rows, cut, strict=True)])
            ),
        )


def _voiced(classes: NDArray[np.uint8]) -> NDArray[np.int8]:
    """1 where somebody speaks or is about to, 0 where nobody does, -1 in between; (COLUMNS,)."""
    speech = classes != CLASSES.index("silence")
    near, far = (binary_dilation(speech, np.ones(2 * distance + 1)) for distance in (_NEAR, _FAR))
    return np.asarray(np.where(near, 1, np.where(far, -1, 0)), np.int8)


def _heard(
    bands: NDArray[np.int16], start: int, chance: np.random.Generator
) -> NDArray[np.float32]:
    """Features of a scene's columns, recoloured; beyond its ends is digital silence."""
    floor = round(2 * mel.QUIETEST)
    first, stop = start - CONTEXT, start + LEARNED + CONTEXT
    inside = bands[max(first, 0) : min(stop, len(bands))].astype(np.float32)
    if chance.random() < 0.8:
        inside = _recoloured(inside, chance)
    whole = np.full((stop - first, mel.N_MELS), floor, np.int16)
    at = max(-first, 0)
    whole[at : at + len(inside)] = np.maximum(np.rint(inside), floor)
    return mel.features(whole)


def _recoloured(bands: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    index = np.arange(mel.N_MELS, dtype=np.float64)
    if chance.random() < 0.7:
        bands = _of_another_head(bands, index, chance)
    if chance.random() < 0.3:
        bands = _mumbled(bands, chance)
    if chance.random() < 0.4:
        bands = bands + _emphasis(len(bands), index, chance)
    knots = chance.normal(0, 8, 6)  # half decibels
    colour = np.interp(index, np.linspace(0, mel.N_MELS - 1, 6), knots)
    colour += chance.normal(0, 10) * (index / mel.N_MELS - 0.5)
    if chance.random() < 0.12:  # a dull microphone, a low bit rate
        colour -= np.clip(index - chance.uniform(22, 39), 0, None) * chance.uniform(2, 60)
    if chance.random() < 0.3:  # some bands tell nothing: the others must do (SpecAugment)
        first = int(chance.integers(mel.N_MELS))
        bands[:, first : first + int(chance.integers(2, 8))] = float(bands.mean())
    return np.asarray(bands + colour + chance.uniform(-30, 15), np.float32)


def _of_another_head(
    bands: NDArray[np.float32], index: NDArray[np.float64], chance: np.random.Generator
) -> NDArray[np.float32]:
    """Bands moved up or down: all of them by a factor, and each stretch a little by itself."""
    warped = index * chance.uniform(0.87, 1.15) + chance.uniform(-0.5, 0.5)
    warped += np.interp(index, np.linspace(0, mel.N_MELS - 1, 6), chance.normal(0, 0.6, 6))
    low = np.clip(warped.astype(int), 0, mel.N_MELS - 2)
    share = np.clip(warped - low, 0, 1).astype(np.float32)
    return np.asarray(bands[:, low] * (1 - share) + bands[:, low + 1] * share, np.float32)


def _mumbled(bands: NDArray[np.float32], chance: np.random.Generator) -> NDArray[np.float32]:
    """Smoothed over time, and over bands too: what vocoders and careless speakers do."""
    bands = uniform_filter1d(bands, int(chance.integers(2, 7)), axis=0)
    if chance.random() < 0.5:
        bands = uniform_filter1d(bands, int(chance.integers(2, 4)), axis=1)
    return np.asarray(bands, np.float32)


def _emphasis(
    n: int, index: NDArray[np.float64], chance: np.random.Generator
) -> NDArray[np.float32]:
    """Half decibels by which a speaker is louder or duller now than a moment ago, (n, N_MELS)."""
    at = np.arange(0, n + 40, 20)
    loud, dull = (np.interp(np.arange(n), at, chance.normal(0, size, len(at))) for size in (7, 7))
    return np.asarray(loud[:, None] + dull[:, None] * (index / mel.N_MELS - 0.5), np.float32)
