"""When nobody speaks: how far each frame's mouth rests, from the mel alone.

Wav2Lip goes on chewing in a pause. A frame is quiet when everything around it
is; the rest is blended over 3 frames. Quiet is measured against the background
of the seconds around, so that room noise is a pause too, within fixed bounds:
a long vowel is no background. Each frame hears a bounded stretch of sound and
nothing else, so chunks cut anywhere agree.
"""

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.wav2lip.mel import COLUMNS_A_SECOND, Mel, start_column

AROUND = 10  # columns on either side that must be quiet: 125 ms; the closure of a p is shorter
BACKGROUND = 320  # columns, 4 s, whose quietest tenth is the background
BLEND = 3  # frames between speaking and resting

# The loudest band on the mel's scale, where 1 is 12.5 dB: white noise of -60 dB of full scale
# reads about -2, of -42 dB -0.5; quiet speech of -35 dB 0 and more. Within a stretch of noise,
# columns lie up to 0.65 above their quietest tenth.
_ALWAYS_QUIET, _NEVER_QUIET = -2.0, -0.5
_ABOVE_BACKGROUND = 0.8


def rests(mel: Mel, numbers: NDArray[np.int64], fps: Fraction) -> NDArray[np.float32]:
    """How far each frame's mouth rests: 0 speaks, 1 rests.

    Args:
        numbers: (n,) absolute frame numbers, rising by one.

    Returns:
        (n,) float32, multiples of 1 / BLEND.
    """
    reach = BLEND // 2
    wanted = range(int(numbers[0]) - reach, int(numbers[-1]) + reach + 1)
    quiet = np.array([_quiet(mel, frame, fps) for frame in wanted], np.int64)
    sums = np.convolve(quiet, np.ones(BLEND, np.int64), "valid")
    return (sums / BLEND).astype(np.float32)


def middle_column(frame: int, fps: Fraction) -> int:
    """The column in the middle of the time that `frame` is shown."""
    return start_column(frame, fps) + int(COLUMNS_A_SECOND / float(fps) / 2)


def _quiet(mel: Mel, frame: int, fps: Fraction) -> bool:
    middle = middle_column(frame, fps)
    around = mel.columns(middle - AROUND, middle + AROUND + 1).max(axis=1)
    loudest = float(around.max())
    if loudest < _ALWAYS_QUIET or loudest >= _NEVER_QUIET:
        return loudest < _ALWAYS_QUIET
    return loudest < _background(mel, middle) + _ABOVE_BACKGROUND


def _background(mel: Mel, middle: int) -> float:
    """The level that a tenth of the columns around `middle` stay below; of the job's own."""
    first, stop = middle - BACKGROUND // 2, middle + BACKGROUND // 2
    if mel.n_columns is not None and stop > mel.n_columns:
        first, stop = mel.n_columns - BACKGROUND, mel.n_columns
    if first < 0:
        first, stop = 0, BACKGROUND if mel.n_columns is None else min(BACKGROUND, mel.n_columns)
    levels = np.sort(mel.columns(first, stop).max(axis=1))
    return float(levels[len(levels) // 10])
