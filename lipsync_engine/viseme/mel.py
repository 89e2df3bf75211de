"""Hearing, first step: sound -> what the network hears, 100 columns a second.

Columns lie on an absolute grid (column k is centred on sample k * HOP of the job). Powers
are rounded to half decibels at once, and all that follows is sums of whole numbers: the
same on every machine, in any order. Loudness and colour of a recording mean nothing to a
mouth, so each column is given twice: against the loudness around it, and, band by band,
against the mean around it. Around is a finite stretch, never a whole clip.
"""

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.timeline import SAMPLE_RATE

HOP = 160  # samples between columns: 10 ms
WINDOW = 400  # samples a column hears: 25 ms
N_FFT = 512
N_MELS = 40
AROUND = 50  # columns on either side that loudness and mean are taken over: 0.5 s
N_FEATURES = 2 * N_MELS
QUIETEST = -90.0  # dB of full scale in a band: below is silence, whatever the recording
TOP = 127  # features are whole numbers in -TOP..TOP

_LOWEST, _HIGHEST = 60.0, 7600.0  # Hz
_CENTRE = (
    60  # half decibels added to the first half: speech's bands lie 15 to 50 dB under its level
)


def _filters() -> NDArray[np.float32]:
    """Triangles equally wide in mel (O'Shaughnessy 1987), (N_FFT // 2 + 1, N_MELS)."""
    lowest, highest = (2595 * np.log10(1 + f / 700) for f in (_LOWEST, _HIGHEST))
    edges = 700 * (10 ** (np.linspace(lowest, highest, N_MELS + 2) / 2595) - 1)
    hertz = np.arange(N_FFT // 2 + 1)[:, None] * SAMPLE_RATE / N_FFT
    rising = (hertz - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - hertz) / (edges[2:] - edges[1:-1])
    return np.maximum(np.minimum(rising, falling), 0.0).astype(np.float32)


_FILTERS = _filters()
_HANN = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
# A full-scale sine puts |X|^2 of this much into its bins together.
_FULL_SCALE = N_FFT * float(np.sum(_HANN.astype(np.float64) ** 2)) / 4


def half_decibels(samples: NDArray[np.float32], n_columns: int) -> NDArray[np.int16]:
    """Power in each band.

    Args:
        samples: n_columns * HOP + WINDOW - HOP samples, -1..1; the first column's window first.
        n_columns: how many columns.

    Returns:
        (n_columns, N_MELS), twice the decibels of full scale, at least 2 * QUIETEST.
    """
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[: n_columns * HOP : HOP]
    spectrum = np.fft.rfft(windows * _HANN, N_FFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) / np.float32(_FULL_SCALE)
    # einsum, not a matrix product: BLAS may add in another order for another shape
    bands = np.einsum("cf,fm->cm", power, _FILTERS)
    rounded = np.rint(20 * np.log10(bands + np.float32(10 ** (QUIETEST / 10))))
    return np.asarray(rounded, np.int16)


def features(bands: NDArray[np.int16]) -> NDArray[np.float32]:
    """What the network is given.

    Args:
        bands: (n + 2 * AROUND, N_MELS) from `half_decibels`.

    Returns:
        (N_FEATURES, n) whole numbers in -TOP..TOP: bands against the loudness around, then
        bands against their own mean around.
    """
    power = np.exp2(bands * (np.log2(10) / 20)).sum(axis=1)
    loudness = np.rint(20 * np.log10(_mean_around(power[:, None])))
    means = np.rint(_mean_around(bands.astype(np.float64)))
    here = bands[AROUND:-AROUND]
    heard = np.concatenate([here - loudness + _CENTRE, here - means], axis=1)
    return np.asarray(np.clip(heard, -TOP, TOP).T, np.float32)


def _mean_around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n + 2 * AROUND, m) -> (n, m)."""
    width = 2 * AROUND + 1
    sums = np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), values]), axis=0)
    return np.asarray((sums[width:] - sums[:-width]) / width)
