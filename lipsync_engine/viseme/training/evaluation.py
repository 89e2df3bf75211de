"""How well the mouth follows voices that training never heard.

Run as `python -m lipsync_engine.viseme.training.evaluation` (`make eval-viseme`): prints the
table, writes it into docs/viseme-model.md and the figures into benchmarks/results.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from lipsync_engine.audio import AudioSlice
from lipsync_engine.generator import AudioContext
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_sample
from lipsync_engine.viseme import hearing
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from lipsync_engine.viseme.training import coarticulation, corpus
from lipsync_engine.viseme.training.utterances import Utterance, load

FloatArray = NDArray[np.float32]
Hear = Callable[[AudioSlice, FrameRange, Fraction], FloatArray]
JAW, WIDTH, ROUND, LIPS, DENTAL = range(5)

FINE = Fraction(100)  # frames a second: 10 ms is the resolution of all timings
MARGIN_S = 0.2  # silence before and after an utterance that is measured with it
CONTACT = 0.5  # above it lips (or lip and teeth) touch
TOLERANCE = 2  # columns that two contacts may miss each other by: 20 ms
LAGS = range(-15, 16)  # columns
CLOSED = 0.06  # of the jaw's way, and of every other parameter's: nobody sees less


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


def heard(hear: Hear, context: AudioContext, samples: FloatArray, fps: Fraction) -> FloatArray:
    """Mouth of a whole sound, with digital silence around it; (n_frames, K)."""
    n_frames = int(len(samples) * fps / SAMPLE_RATE)
    first = frame_sample(0, fps) - context.before
    stop = frame_sample(n_frames - 1, fps) + context.after
    padded = np.zeros(stop - first, np.float32)
    padded[-first : -first + len(samples)] = samples[: stop]
    return hear(AudioSlice(padded, first), FrameRange(0, n_frames), fps)


def pair(hear: Hear, context: AudioContext, utterance: Utterance) -> tuple[FloatArray, FloatArray]:
    """What was to be done, what was done; (n, K) each at FINE frames a second."""
    margin = int(MARGIN_S * SAMPLE_RATE)
    samples = np.pad(utterance.samples.astype(np.float32) / 32768, margin)
    segments = [
        coarticulation.Segment(s.phone, s.start + MARGIN_S, s.stop + MARGIN_S)
        for s in utterance.segments
    ]
    n = len(samples) // 160
    wanted, _ = coarticulation.targets(segments, n + 1)
    middles = (wanted[:-1] + wanted[1:]) / 2  # frames of 10 ms are centred between columns
    done = heard(hear, context, samples, FINE)
    n = min(len(middles), len(done))
    return middles[:n], done[:n]


def follow(hear: Hear, context: AudioContext, utterances: Sequence[Utterance]) -> Follow:
    """Measure one group."""
    pairs = [pair(hear, context, utterance) for utterance in utterances]
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
        round(_events(pairs, LIPS), 3),
        round(2 * hits / max(1, touching[0].sum() + touching[1].sum()), 3),
        round(_events(pairs, DENTAL), 3),
        10 * LAGS[int(np.argmax(jaws))],
    )


def _correlation(wanted: FloatArray, done: FloatArray, parameter: int) -> float:
    return float(np.corrcoef(wanted[:, parameter], done[:, parameter])[0, 1])


def _events(pairs: Sequence[tuple[FloatArray, FloatArray]], parameter: int) -> float:
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


GROUPS = {
    "espeak, unheard languages and voices": "test-espeak-*",
    "people's voices, synthesised": "test-person-*",
    "English reader (pocketsphinx's times)": "test-reader-librivox",
    "English prompts (pocketsphinx's words and times)": "test-reader-prompts-en",
    "Dutch actors (times by our own teacher)": "test-recorded-nl",
}


def measure(hear: Hear, context: AudioContext) -> dict[str, dict[str, object]]:
    """Every group as a whole, and each of its voices."""
    rows: dict[str, dict[str, object]] = {}
    for title, pattern in GROUPS.items():
        paths = sorted(corpus.FOLDER.glob(f"{pattern}.npz"))
        everyone: list[Utterance] = []
        for path in track(paths, title):
            utterances = list(load(path))[:150]
            everyone += utterances
            if len(paths) > 1:
                rows[path.stem] = vars_of(follow(hear, context, utterances))
        if everyone:
            rows[title] = vars_of(follow(hear, context, everyone))
    return rows


def vars_of(row: Follow) -> dict[str, object]:
    """A row as JSON has it."""
    return {name: getattr(row, name) for name in Follow.__dataclass_fields__}


if __name__ == "__main__":
    import sys

    result = measure(hearing.mouth_parameters, hearing.CONTEXT)
    for name, row in result.items():
        print(name, row)
    if len(sys.argv) > 1:
        Path(sys.argv[1]).write_text(json.dumps(result, indent=1))
_ = MOUTH_PARAMETERS
