"""Speech with timings, as it is kept on disk: many utterances in one file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.signal import resample_poly

from lipsync_engine.timeline import SAMPLE_RATE
from lipsync_engine.viseme.training.coarticulation import Segment


@dataclass(frozen=True)
class Utterance:
    """Something said, and when each phone of it sounds."""

    samples: NDArray[np.int16]  # mono, 16 kHz
    segments: tuple[Segment, ...]
    voice: str  # who says it: a synthesiser's voice or a person


def canonical(samples: NDArray[np.floating] | NDArray[np.int16], rate: int) -> NDArray[np.int16]:
    """Resample to 16 kHz; int16 is taken as it is, floats as -1..1; peak at half of full scale."""
    scaled = np.asarray(samples, np.float64)
    if rate != SAMPLE_RATE:
        common = int(np.gcd(rate, SAMPLE_RATE))
        scaled = resample_poly(scaled, SAMPLE_RATE // common, rate // common)
    peak = float(np.abs(scaled).max(initial=0.0)) or 1.0
    return np.asarray(scaled * (16384 / peak)).astype(np.int16)


def save(path: Path, utterances: Sequence[Utterance]) -> None:
    """Write them all into one .npz, whole or not at all."""
    segments = [segment for utterance in utterances for segment in utterance.segments]
    part = path.with_suffix(".part.npz")
    np.savez(
        part,
        samples=np.concatenate([u.samples for u in utterances]),
        n_samples=np.array([len(u.samples) for u in utterances]),
        n_segments=np.array([len(u.segments) for u in utterances]),
        voices=np.array([u.voice for u in utterances]),
        phones=np.array([s.phone for s in segments]),
        times=np.array([(s.start, s.stop) for s in segments], np.float32).reshape(-1, 2),
    )
    part.rename(path)


def load(path: Path) -> Iterator[Utterance]:
    """Read what `save` wrote."""
    with np.load(path) as kept:
        held = {name: kept[name] for name in kept.files}
    sample, segment = 0, 0
    for i, voice in enumerate(held["voices"]):
        n, m = int(held["n_samples"][i]), int(held["n_segments"][i])
        phones = held["phones"][segment : segment + m]
        times = held["times"][segment : segment + m]
        yield Utterance(
            held["samples"][sample : sample + n],
            tuple(
                Segment(str(phone), float(start), float(stop))
                for phone, (start, stop) in zip(phones, times, strict=True)
            ),
            str(voice),
        )
        sample, segment = sample + n, segment + m
