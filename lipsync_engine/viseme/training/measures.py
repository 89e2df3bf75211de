"""How well a mouth follows a voice: correlation, contacts, lag; and how still it is without one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.generator import AudioContext
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_sample
from lipsync_engine.viseme import hearing
from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.training import coarticulation
from lipsync_engine.viseme.training.utterances import Utterance

FloatArray = NDArray[np.float32]
JAW, WIDTH, ROUND, LIPS, DENTAL = range(K)[:5]

FINE = Fraction(100)  # frames a second: 10 ms is the resolution of all timings
MARGIN_S = 0.2  # silence before and after an utterance that is measured with it
CONTACT = 0.5  # above it lips (or lip and teeth) touch
TOLERANCE = 2  # columns that two contacts may miss each other by: 20 ms
LAGS = range(-15, 16)  # columns
CLOSED = 0.06  # of the jaw's way, and of every other parameter's: nobody sees less


@dataclass(frozen=True)
class Ear:
    """What turns sound into a mouth: ours, or another to compare with."""

    hear: Callable[[AudioSlice, FrameRange, Fraction], FloatArray]
    context: AudioContext


ours = Ear(hearing.mouth_parameters, hearing.CONTEXT)


@dataclass(frozen=True)
class Follow:
    """How well a mouth follows a group of voices."""

    minutes: float
    jaw: float  # Pearson's r of jaw opening
    width: float
    rounding: float
    closure: float  # F1 of lip contacts, event by event
    closure_frames: float  # F1 of lip contacts, 10 ms by 10 ms, no tolerance
    labiodental: float  # F1, event by event
    lag_ms: int  # by which the mouth comes late, at the jaw's best correlation


def heard(ear: Ear, samples: FloatArray, fps: Fraction) -> FloatArray:
    """Mouth of a whole sound, with digital silence around it; (n_frames, K)."""
    n_frames = int(len(samples) * fps / SAMPLE_RATE)
    first = frame_sample(0, fps) - ear.context.before
    stop = frame_sample(n_frames - 1, fps) + ear.context.after
    padded = np.zeros(stop - first, np.float32)
    padded[-first : -first + len(samples)] = samples[:stop]
    return ear.hear(AudioSlice(padded, first), FrameRange(0, n_frames), fps)


def pair(ear: Ear, utterance: Utterance) -> tuple[FloatArray, FloatArray]:
    """What was to be done, what was done; (n, K) each at FINE frames a second."""
    margin = int(MARGIN_S * SAMPLE_RATE)
    samples = np.pad(utterance.samples.astype(np.float32) / np.float32(32768), margin)
    segments = [
        coarticulation.Segment(s.phone, s.start + MARGIN_S, s.stop + MARGIN_S)
        for s in utterance.segments
    ]
    n = len(samples) // 160
    wanted, _ = coarticulation.targets(segments, n + 1)
    middles = (wanted[:-1] + wanted[1:]) / np.float32(
        2
    )  # frames of 10 ms are centred between columns
    done = heard(ear, samples, FINE)
    n = min(len(middles), len(done))
    return middles[:n], done[:n]


def follow(ear: Ear, utterances: Sequence[Utterance]) -> Follow:
    """Measure one group."""
    pairs = [pair(ear, utterance) for utterance in utterances]
    wanted = np.concatenate([w for w, _ in pairs])
    done = np.concatenate([d for _, d in pairs])
    jaws = [
        float(np.corrcoef(wanted[20:-20, JAW], np.roll(done[:, JAW], -lag)[20:-20])[0, 1])
        for lag in LAGS
    ]
    touching = wanted[:, LIPS] >= CONTACT, done[:, LIPS] >= CONTACT
    hits = float(np.sum(touching[0] & touching[1]))
    return Follow(
        round(len(wanted) / 6000, 1),
        round(_correlation(wanted, done, JAW), 3),
        round(_correlation(wanted, done, WIDTH), 3),
        round(_correlation(wanted, done, ROUND), 3),
        round(events(pairs, LIPS), 3),
        round(float(2 * hits / max(1, touching[0].sum() + touching[1].sum())), 3),
        round(events(pairs, DENTAL), 3),
        10 * LAGS[int(np.argmax(jaws))],
    )


def _correlation(wanted: FloatArray, done: FloatArray, parameter: int) -> float:
    return float(np.corrcoef(wanted[:, parameter], done[:, parameter])[0, 1])


def events(pairs: Sequence[tuple[FloatArray, FloatArray]], parameter: int) -> float:
    """F1 of contacts: each is one event, found if one of the mouth's overlaps it (within
    TOLERANCE), and each of the mouth's may find only one."""
    found = total = 0
    for wanted, done in pairs:
        true, mine = runs(wanted[:, parameter] >= CONTACT), runs(done[:, parameter] >= CONTACT)
        total += len(true) + len(mine)
        left = list(mine)
        for start, stop in true:
            match = [m for m in left if m[0] < stop + TOLERANCE and m[1] > start - TOLERANCE]
            if match:
                left.remove(match[0])
                found += 1
    return 2 * found / max(1, total)


def runs(where: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """[start, stop) of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], where, [False]])))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def closed(mouth: FloatArray) -> float:
    """Share of frames in which nothing of the mouth is seen to move."""
    return float(np.mean(np.abs(mouth).max(axis=1) < CLOSED))


def trembling(mouth: FloatArray) -> float:
    """Root mean square of the jaw's second difference from frame to frame."""
    return float(np.sqrt(np.mean(np.diff(mouth[:, JAW], n=2) ** 2)))
