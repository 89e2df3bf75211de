"""When is which phone said? Forced alignment of recordings whose words are known.

espeak-ng tells the phones of a text, a network that was taught on synthesisers tells how
likely each phone is at each moment, and the likeliest path through both (Viterbi) tells
when each is said. Pauses may come anywhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine.viseme import mel
from lipsync_engine.viseme.network import REACH, VOICE_REACH
from lipsync_engine.viseme.training.coarticulation import Segment
from lipsync_engine.viseme.training.model import Hearer
from lipsync_engine.viseme.training.phones import CLASSES, gestures
from lipsync_engine.viseme.training.scenes import bands
from lipsync_engine.viseme.training.utterances import Utterance

_LEAST = 3  # columns a phone lasts: 30 ms
_PAUSE_COST = 2.0  # nats to begin a pause between two phones
_SILENCE = CLASSES.index("silence")


@dataclass(frozen=True)
class Aligned:
    """The utterance with its segments, and how well they fit (mean nats a column, 0 is sure)."""

    utterance: Utterance
    fit: float


def align(
    model: Hearer, recordings: Sequence[tuple[NDArray[np.int16], Sequence[str]]], voice: str
) -> Iterator[Aligned]:
    """Find the times of phones.

    Args:
        model: in eval mode.
        recordings: samples (n,) at 16 kHz, and IPA phones ("" for a pause) said in them.
        voice: who says it.

    Yields:
        One for each recording that is long enough for its phones.
    """
    for samples, phones in recordings:
        spoken = [phone for phone in phones if phone]
        scores = likelihoods(model, samples)
        if not spoken or len(scores) < _LEAST * sum(len(gestures(p)) for p in spoken):
            continue
        segments, fit = path(scores, spoken)
        yield Aligned(Utterance(samples, segments, voice), fit)


@torch.inference_mode()
def likelihoods(model: Hearer, samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Log probability of each class, (n_columns, len(CLASSES))."""
    heard = bands(samples.astype(np.float32) / np.float32(32768))
    n = len(heard) // 2 * 2
    around = REACH + VOICE_REACH + mel.AROUND  # the least that the whole network runs on
    floor = round(2 * mel.QUIETEST)
    padded = np.pad(heard[:n], ((around, around), (0, 0)), constant_values=floor)
    phones = model(torch.from_numpy(mel.features(padded))[None])[1]
    logged: NDArray[np.float32] = torch.log_softmax(phones[0], 0).T.numpy()
    return logged[VOICE_REACH : VOICE_REACH + n]


def path(scores: NDArray[np.float32], phones: Sequence[str]) -> tuple[tuple[Segment, ...], float]:
    """Likeliest times.

    States are: a pause, then for each gesture its _LEAST columns, then a pause. A pause state
    may be skipped; the last column of a gesture may repeat.
    """
    kinds, owner, repeats, enter = [_SILENCE], [-1], [True], [0.0]
    skip = [False]  # may the state two before lead here
    for i, phone in enumerate(phones):
        parts = gestures(phone)
        for j, part in enumerate(parts):
            for k in range(_LEAST):
                kinds.append(CLASSES.index(part.kind))
                owner.append(i)
                repeats.append(k == _LEAST - 1)
                enter.append(0.0)
                skip.append(j == 0 and k == 0)
        kinds.append(_SILENCE)
        owner.append(-1)
        repeats.append(True)
        enter.append(-_PAUSE_COST)
        skip.append(False)
    best, back = _viterbi(
        scores[:, kinds], np.array(repeats), np.array(skip), np.array(enter, np.float32)
    )
    owners = np.array(owner)[back]
    edges = np.flatnonzero(np.diff(np.concatenate([[-2], owners, [-2]])))
    segments = tuple(
        # a phone's first column is the first whose middle it has reached: half a column late
        Segment(phones[owners[a]] if owners[a] >= 0 else "", max(a - 0.5, 0) / 100, (b - 0.5) / 100)
        for a, b in pairwise(edges.tolist())
    )
    return segments, best / len(scores)


def _viterbi(
    emitted: NDArray[np.float32],
    repeats: NDArray[np.bool_],
    skip: NDArray[np.bool_],
    enter: NDArray[np.float32],
) -> tuple[float, NDArray[np.int64]]:
    """Best score, and the state of every column; emitted is (n_columns, n_states)."""
    n, m = emitted.shape
    impossible = np.float32(-1e9)
    score = np.full(m, impossible, np.float32)
    score[:2] = emitted[0, :2]
    steps = np.zeros((n, m), np.int8)
    for t in range(1, n):
        stay = np.where(repeats, score, impossible)
        one = np.concatenate([[impossible], score[:-1]]) + enter
        two = np.where(skip, np.concatenate([[impossible] * 2, score[:-2]]), impossible)
        choices = np.stack([stay, one, two])
        steps[t] = np.argmax(choices, axis=0)
        score = (choices.max(axis=0) + emitted[t]).astype(np.float32)
    last = m - 1 if score[-1] >= score[-2] else m - 2
    best = float(score[last])
    path = np.zeros(n, np.int64)
    for t in range(n - 1, -1, -1):
        path[t] = last
        last -= int(steps[t, last])
    return best, path
