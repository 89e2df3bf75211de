"""Hearing: speech -> mouth parameters, one row a video frame.

A hand-made reading of the spectrogram: `spectrum` makes its columns,
`articulation` reads the mouth's posture off them, and here the postures are
smoothed around the middle of each frame's time. Every frame hears a fixed
stretch of sound around `timeline.frame_sample` and nothing else, and all work
is done in blocks of one shape on an absolute grid: a frame is the same bytes
however the job is cut.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.generator import AudioContext
from lipsync_engine.timeline import FrameRange, frame_sample
from lipsync_engine.viseme.articulation import AROUND, articulate
from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.spectrum import BLOCK, HOP, WINDOW, columns

FloatArray = NDArray[np.float64]

BATCH = 32  # frames smoothed together, always
REACH = 8  # columns on either side that a frame is smoothed over

# Half width of each parameter's smoothing bell, in samples: the jaw is slow
# (80 ms), the lips are quick (a p is closed for 60 ms and must stay so).
_HALF_WIDTHS = np.array([1280, 1280, 1280, 640, 800, 880, 880, 800])

# A frame's columns lie up to REACH (+ 1 for rounding to the grid) away, theirs AROUND more.
_HALF = (REACH + 1 + AROUND) * HOP + WINDOW // 2
CONTEXT = AudioContext(before=_HALF, after=_HALF)


def mouth_parameters(speech: AudioSlice, frames: FrameRange, fps: Fraction) -> NDArray[np.float32]:
    """Hear what the mouth does in every frame.

    Args:
        speech: reaches CONTEXT.before samples before the first frame's middle and
            CONTEXT.after past the last one's.
        frames: absolute frame numbers.
        fps: video frames a second.

    Returns:
        (frames.count, K) float32 in the order and the ranges of MOUTH_PARAMETERS.

    Raises:
        IndexError: the slice does not hold that much.
    """
    centres = np.array([frame_sample(frame, fps) for frame in _whole_batches(frames)])
    kept = slice(frames.first % BATCH, frames.first % BATCH + frames.count)
    first_sample, last_sample = int(centres[kept][0]), int(centres[kept][-1])
    speech.window(first_sample - CONTEXT.before, last_sample - first_sample + 2 * _HALF)

    first = _block_start(first_sample // HOP - REACH)
    stop = _block_start(last_sample // HOP + 1 + REACH) + BLOCK
    postures = _postures(speech, first, stop)
    rows = [_smooth(postures, first, centres[k : k + BATCH]) for k in range(0, len(centres), BATCH)]
    return np.concatenate(rows)[kept].astype(np.float32)


def _whole_batches(frames: FrameRange) -> range:
    """The frames of every batch that `frames` touches."""
    return range(frames.first // BATCH * BATCH, -(-frames.stop // BATCH) * BATCH)


def _block_start(column: int) -> int:
    return column // BLOCK * BLOCK


def _postures(speech: AudioSlice, first: int, stop: int) -> FloatArray:
    """Unsmoothed mouth parameters of columns [first, stop), both multiples of BLOCK; (n, K).

    Columns that hear past the slice hear zeros there; no wanted frame uses them.
    """
    heard_first, heard_stop = first - BLOCK, stop + BLOCK  # AROUND < BLOCK
    begin = heard_first * HOP - WINDOW // 2
    samples = _padded(speech, begin, (heard_stop - heard_first) * HOP + WINDOW - HOP)
    heard = columns(samples, heard_first, heard_stop - heard_first)
    blocks = [
        articulate(heard[k + BLOCK - AROUND : k + 2 * BLOCK + AROUND])
        for k in range(0, stop - first, BLOCK)
    ]
    return np.concatenate(blocks)


def _padded(speech: AudioSlice, begin: int, n: int) -> NDArray[np.float32]:
    """Samples [begin, begin + n), zeros where the slice has none."""
    samples = np.zeros(n, np.float32)
    start, stop = max(begin, speech.first_sample), speech.first_sample + len(speech.samples)
    stop = min(stop, begin + n)
    samples[start - begin : stop - begin] = speech.window(start, stop - start)
    return samples


def _smooth(postures: FloatArray, first: int, centres: NDArray[np.int64]) -> FloatArray:
    """Weigh the columns around each centre with a bell; (BATCH, K).

    Frames of the batch that nobody asked for may lie outside: they take what columns there are.
    """
    grid = centres[:, None] // HOP + np.arange(-REACH, REACH + 2)  # (BATCH, 2 * REACH + 2)
    apart = (grid * HOP - centres[:, None])[:, :, None] / _HALF_WIDTHS
    bell = np.where(np.abs(apart) < 1, 1 + np.cos(np.pi * apart), 0.0)
    taken = postures[np.clip(grid - first, 0, len(postures) - 1)]  # (BATCH, columns, K)
    smooth = np.zeros((len(centres), K))
    weight = np.zeros((len(centres), K))
    for k in range(grid.shape[1]):  # one after the other: the order of a sum is part of its value
        smooth += taken[:, k] * bell[:, k]
        weight += bell[:, k]
    return smooth / weight
