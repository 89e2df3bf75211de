"""Hearing: speech -> mouth parameters, one row a video frame.

`mel` makes columns of the sound, `network` reads the mouth's posture off them, and here the
postures are weighed around the middle of each frame's time. Every frame hears a fixed
stretch of sound around `timeline.frame_sample` and nothing else, and all work is done in
blocks of one shape on an absolute grid: a frame is the same bytes however the job is cut.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.generator import AudioContext
from lipsync_engine.timeline import FrameRange, frame_sample
from lipsync_engine.viseme import mel, network
from lipsync_engine.viseme.mel import HOP, WINDOW
from lipsync_engine.viseme.mouth import K

FloatArray = NDArray[np.float32]

BLOCK = 256  # columns that the network reads at once, always
PART = 64  # columns that the sound is turned into at once, always
AT_ONCE = 8  # blocks in memory together: 20 s

# Half width of each parameter's bell, in samples: the jaw is slow, and a p is closed for no
# more than 60 ms and must stay so.
_HALF_WIDTHS = np.array([480, 480, 480, 320, 320, 400, 400, 400], np.float32)
_SMOOTHED = 3  # columns on either side that the widest bell reaches to

# Columns on either side of a frame that are looked at; one more, because the network reads
# columns in pairs. Each is made of those around it.
_BESIDE = _SMOOTHED + network.VOICE_REACH + 1
_AROUND = network.REACH + mel.AROUND
_HALF = (_BESIDE + _AROUND) * HOP + WINDOW // 2
CONTEXT = AudioContext(before=_HALF, after=_HALF)


def mouth_parameters(speech: AudioSlice, frames: FrameRange, fps: Fraction) -> FloatArray:
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
    centres = np.array([frame_sample(frames.first + i, fps) for i in range(frames.count)])
    first_sample, last_sample = int(centres[0]), int(centres[-1])
    speech.window(first_sample - _HALF, last_sample - first_sample + 2 * _HALF)

    first = (first_sample // HOP - _BESIDE) // BLOCK
    stop = (last_sample // HOP + _BESIDE) // BLOCK + 1
    runs = [_postures(speech, run, min(run + AT_ONCE, stop)) for run in range(first, stop, AT_ONCE)]
    mouth, traits = (np.concatenate(parts) for parts in zip(*runs, strict=True))
    present = network.voice(traits)[:, None]
    inner = slice(network.VOICE_REACH, len(mouth) - network.VOICE_REACH)
    return _weighed(mouth[inner] * present, first * BLOCK + network.VOICE_REACH, centres)


def _postures(speech: AudioSlice, first: int, stop: int) -> tuple[FloatArray, FloatArray]:
    """Mouth parameters of the columns of blocks [first, stop), and traits, as `network` has them.

    Columns that hear past the slice hear zeros there; no wanted frame uses them.
    """
    reach = network.REACH + mel.AROUND
    beside = -(-reach // PART) * PART
    begin, end = first * BLOCK - beside, stop * BLOCK + beside
    bands = np.concatenate([_bands(speech, part) for part in range(begin, end, PART)])
    heard = [
        mel.features(bands[at - reach - begin : at + BLOCK + reach - begin])
        for at in range(first * BLOCK, stop * BLOCK, BLOCK)
    ]
    return network.postures(np.stack(heard))


def _bands(speech: AudioSlice, column: int) -> NDArray[np.int16]:
    """PART columns from `column` on, (PART, N_MELS)."""
    begin, n = column * HOP - WINDOW // 2, PART * HOP + WINDOW - HOP
    samples = np.zeros(n, np.float32)
    start = max(begin, speech.first_sample)
    stop = min(begin + n, speech.first_sample + len(speech.samples))
    if start < stop:
        samples[start - begin : stop - begin] = speech.window(start, stop - start)
    return mel.half_decibels(samples, PART)


def _weighed(postures: FloatArray, first: int, centres: NDArray[np.int64]) -> FloatArray:
    """Weigh the columns around each centre with a bell, (n_frames, K).

    Args:
        postures: (n, K), of columns `first` on.
        first: absolute number of the first column.
        centres: samples in the middle of each frame.
    """
    total = np.zeros((len(centres), K), np.float32)
    weight = np.zeros((len(centres), K), np.float32)
    for k in range(
        1 - _SMOOTHED, _SMOOTHED + 1
    ):  # in turn: the order of a sum is part of its value
        column = centres // HOP + k
        apart = (column * HOP - centres).astype(np.float32)[:, None] / _HALF_WIDTHS
        bell = np.maximum(1 - apart * apart, 0) ** 2
        total += postures[column - first] * bell
        weight += bell
    return total / weight
