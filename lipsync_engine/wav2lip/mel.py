"""Sound -> the log-mel columns that Wav2Lip was trained on, and 16 of them for each frame.

All of it is constants, never a clip's own maximum, and columns are computed in
blocks of one shape on an absolute grid without BLAS, so that a column is the
same bytes however the job is cut. The formulae are those of the published code:
pre-emphasis, a centred STFT, magnitudes, Slaney's mel filters (Auditory Toolbox,
1998), decibels, and a clipped scale of -4..4.
"""

import math
from collections import OrderedDict
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.timeline import SAMPLE_RATE

FloatArray = NDArray[np.float64]

HOP = 200  # samples between columns: 80 columns a second
N_FFT = 800  # samples a column hears: 50 ms
N_MELS = 80
WINDOW = 16  # columns one video frame hears: 200 ms
COLUMNS_A_SECOND = SAMPLE_RATE / HOP
BLOCK = 64  # columns computed together, always
KEPT_BLOCKS = 32  # 0.7 MB; a batch of 8 frames at 1 frame a second hears 21
QUIETEST = -4.0  # what digital silence is on the scale

_BOTTOM, _TOP = 55.0, 7600.0  # Hz
_PREEMPHASIS = 0.97
_HANN = np.hanning(N_FFT + 1)[:-1]  # periodic


class Mel:
    """The columns of a slice of sound, computed as they are asked for."""

    def __init__(self, speech: AudioSlice) -> None:
        self._speech = speech
        self._blocks: OrderedDict[int, NDArray[np.float32]] = OrderedDict()

    @property
    def n_columns(self) -> int | None:
        """Columns of the whole job, as the published code counts them; None: length unknown."""
        n_samples = self._speech.job_samples
        return None if n_samples is None else 1 + n_samples // HOP

    def columns(self, first: int, stop: int) -> NDArray[np.float32]:
        """Columns first … stop - 1 (absolute, may be negative), (stop - first, N_MELS) float32.

        Column k is centred on sample k * HOP. What the slice does not hold is taken as silence.
        """
        begin = first // BLOCK
        blocks = [self._block(number) for number in range(begin, -(-stop // BLOCK))]
        return np.concatenate(blocks)[first - begin * BLOCK : stop - begin * BLOCK]

    def _block(self, number: int) -> NDArray[np.float32]:
        if number not in self._blocks:
            self._blocks[number] = _log_mel(self._emphasised(number * BLOCK * HOP - N_FFT // 2))
            while len(self._blocks) > KEPT_BLOCKS:
                self._blocks.popitem(last=False)
        self._blocks.move_to_end(number)
        return self._blocks[number]

    def _emphasised(self, begin: int) -> FloatArray:
        """x[n] - 0.97 x[n - 1] for the samples of a block; zero outside the job's sound."""
        n = (BLOCK - 1) * HOP + N_FFT
        samples = np.zeros(n + 1)
        start = max(begin - 1, self._speech.first_sample)
        stop = min(begin + n, self._speech.first_sample + len(self._speech.samples))
        if start < stop:
            samples[start - begin + 1 : stop - begin + 1] = self._speech.window(start, stop - start)
        emphasised = samples[1:] - _PREEMPHASIS * samples[:-1]
        if self._speech.job_samples is not None:  # else one sample would ring after the end
            emphasised[max(0, self._speech.job_samples - begin) :] = 0
        return np.asarray(emphasised)


def start_column(frame: int, fps: Fraction) -> int:
    """The first column that `frame` hears, by the published code's own floats."""
    return math.floor(frame * (COLUMNS_A_SECOND / float(fps)))


def windows(mel: Mel, numbers: NDArray[np.int64], fps: Fraction) -> NDArray[np.float32]:
    """What frames hear.

    The published code ends with the first frame whose window would reach past the
    sound, and gives it the last 16 columns instead; so do we for that frame. Those
    after it, which it does not make, hear the silence that follows.

    Args:
        numbers: (B,) absolute frame numbers, rising.

    Returns:
        (B, N_MELS, WINDOW) float32.
    """
    starts = [_start(int(number), fps, mel.n_columns) for number in numbers]
    first = min(starts)
    columns = mel.columns(first, max(starts) + WINDOW)
    cut = [columns[start - first : start - first + WINDOW].T for start in starts]
    return np.ascontiguousarray(np.stack(cut), np.float32)


def _start(frame: int, fps: Fraction, n_columns: int | None) -> int:
    start = start_column(frame, fps)
    if n_columns is None:
        return start
    last = n_columns - WINDOW
    is_its_last = start > last and (frame == 0 or start_column(frame - 1, fps) <= last)
    return last if is_its_last and last >= 0 else start


def _log_mel(emphasised: FloatArray) -> NDArray[np.float32]:
    """(BLOCK - 1) * HOP + N_FFT samples -> (BLOCK, N_MELS)."""
    frames = np.lib.stride_tricks.sliding_window_view(emphasised, N_FFT)[::HOP]
    magnitude = np.abs(np.fft.rfft(frames * _HANN, axis=1))  # (BLOCK, N_FFT / 2 + 1)
    mel = np.einsum("cf,mf->cm", magnitude, _FILTERS)
    decibels = 20 * np.log10(np.maximum(1e-5, mel)) - 20
    scaled: FloatArray = np.clip(8 * (decibels + 100) / 100 - 4, -4, 4)
    return scaled.astype(np.float32)


def _hertz_to_mel(hertz: FloatArray) -> FloatArray:
    """Slaney's scale: linear below 1000 Hz, logarithmic above."""
    above = 15 + 27 * np.log(np.maximum(hertz, 1e-9) / 1000) / np.log(6.4)
    return np.where(hertz < 1000, hertz * 3 / 200, above)


def _mel_to_hertz(mel: FloatArray) -> FloatArray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def _filters() -> FloatArray:
    """Triangles of unit area in Hz, (N_MELS, N_FFT / 2 + 1)."""
    ends = _hertz_to_mel(np.array([_BOTTOM, _TOP]))
    edges = _mel_to_hertz(np.linspace(ends[0], ends[1], N_MELS + 2))
    hertz = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
    rise = (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None]
    fall = (edges[2:, None] - hertz) / np.diff(edges)[1:, None]
    triangles = np.maximum(0, np.minimum(rise, fall))
    return np.asarray(triangles * (2 / (edges[2:] - edges[:-2]))[:, None])


_FILTERS = _filters()
