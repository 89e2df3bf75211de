"""Hearing, first step: sound -> what a phonetician reads off a spectrogram, 100 columns a second.

Columns lie on an absolute grid (column k is centred on sample k * HOP of the
job) and are computed in blocks of one fixed shape on that grid, so that a
column is the same bytes whatever else is asked for. No BLAS: it may round
differently for another shape or number of threads.
"""

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.timeline import SAMPLE_RATE

FloatArray = NDArray[np.float64]

HOP = 160  # samples between columns: 10 ms
WINDOW = 512  # samples a column hears: 32 ms, two periods of the lowest voice
N_FFT = 1024  # zero-padded to twice the window: its autocorrelation does not wrap
BLOCK = 64  # columns computed together, always
FEATURES = (
    "level",  # dB of full scale, 150..5000 Hz
    "low",  # dB, 80..400 Hz: the murmur of m and n, the first formant of i and u
    "mid",  # dB, 400..3500 Hz: what an open mouth lets out
    "high",  # dB, 3800..7600 Hz: what teeth hiss
    "voicing",  # 0..1, height of the autocorrelation's peak
    "pitch",  # Hz of that peak
    "f1",  # Hz, the first formant: the lower the jaw, the higher
    "front",  # dB, 1500..2900 Hz over 550..1250 Hz: i and e above 0, a near -12, o and u below
    "hiss",  # Hz, centre of 1500..7600 Hz
)
N_FEATURES = len(FEATURES)

_HERTZ = np.arange(N_FFT // 2 + 1) * SAMPLE_RATE / N_FFT
_HANN = np.hanning(WINDOW + 1)[:-1]
_QUIETEST = 1e-10  # of full-scale power: -100 dB
_LAGS = np.arange(SAMPLE_RATE // 400, SAMPLE_RATE // 70)  # samples: voices from 70 to 400 Hz
_LPC_TOP = 5000  # Hz: linear prediction looks below it, where vowels are told apart
_LPC_ORDER = 10  # two poles for each formant below _LPC_TOP (Makhoul 1975, selective LP)
_ENVELOPE = np.arange(200.0, 1000.0, 20.0)  # Hz where the first formant is sought


def columns(samples: NDArray[np.float32], first_column: int, n_columns: int) -> FloatArray:
    """Describe columns `first_column` … of a sound.

    Args:
        samples: n_columns * HOP + WINDOW - HOP samples; the first column's window comes first.
        first_column: absolute, a multiple of BLOCK.
        n_columns: a multiple of BLOCK.

    Returns:
        (n_columns, N_FEATURES), in the order of FEATURES.
    """
    assert first_column % BLOCK == 0 and n_columns % BLOCK == 0  # noqa: S101, PT018
    windows = np.lib.stride_tricks.sliding_window_view(samples, WINDOW)[::HOP]
    blocks = [_block(windows[k : k + BLOCK]) for k in range(0, n_columns, BLOCK)]
    return np.concatenate(blocks)


def _block(windows: NDArray[np.float32]) -> FloatArray:
    """(BLOCK, WINDOW) samples -> (BLOCK, N_FEATURES)."""
    spectrum = np.fft.rfft(windows * _HANN, N_FFT, axis=1)
    power = (spectrum.real**2 + spectrum.imag**2) / _POWER_OF_FULL_SCALE
    voicing, pitch = _voice(power)
    return np.stack(
        [
            _decibels(power, 150, 5000),
            _decibels(power, 80, 400),
            _decibels(power, 400, 3500),
            _decibels(power, 3800, 7600),
            voicing,
            pitch,
            _first_formant(power),
            _decibels(power, 1500, 2900) - _decibels(power, 550, 1250),
            _centre(power, 1500, 7600),
        ],
        axis=1,
    )


# A full-scale sine spreads |X|^2 over its bins; their sum is N_FFT * sum(hann^2) / 4.
_POWER_OF_FULL_SCALE = N_FFT * float(np.sum(_HANN**2)) / 4


def _decibels(power: FloatArray, bottom: float, top: float) -> FloatArray:
    band = power[:, (bottom <= _HERTZ) & (top > _HERTZ)]
    return np.asarray(10 * np.log10(band.sum(axis=1) + _QUIETEST))


def _centre(power: FloatArray, bottom: float, top: float) -> FloatArray:
    inside = (bottom <= _HERTZ) & (top > _HERTZ)
    band = power[:, inside]
    weight = band.sum(axis=1) + _QUIETEST * 1e-3
    return np.asarray((band * _HERTZ[inside]).sum(axis=1) / weight)


# The window's own autocorrelation: dividing by it undoes the taper (Boersma 1993).
_TAPER = np.fft.irfft(np.abs(np.fft.rfft(_HANN, N_FFT)) ** 2)
_TAPER = _TAPER / _TAPER[0]


def _voice(power: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How periodic each column is, 0..1, and its pitch in Hz; (n,) each."""
    correlation = np.fft.irfft(power, axis=1)
    ratio = correlation[:, _LAGS] / ((correlation[:, :1] + _QUIETEST) * _TAPER[_LAGS])
    # rumble is alike over short lags too, but has no peak there
    inner = ratio[:, 1:-1]
    peak = (inner > ratio[:, :-2]) & (inner >= ratio[:, 2:])
    # a slight dislike of long lags, or every voice would be an octave too deep
    preferred = np.where(peak, inner * (1 - 0.0004 * _LAGS[1:-1]), 0.0)
    best = np.argmax(preferred, axis=1)
    height = np.take_along_axis(np.where(peak, inner, 0.0), best[:, None], axis=1)[:, 0]
    return np.clip(height, 0.0, 1.0), SAMPLE_RATE / _LAGS[1:-1][best]


_IN_LPC = _HERTZ <= _LPC_TOP
_PREEMPHASIS = 1 + 0.97**2 - 2 * 0.97 * np.cos(2 * np.pi * _HERTZ[_IN_LPC] / SAMPLE_RATE)
_COSINES = np.cos(
    np.pi * np.arange(_LPC_ORDER + 1)[:, None] * _HERTZ[_IN_LPC][None, :] / _LPC_TOP
)  # (order + 1, bins)
_ANGLES = np.pi * np.arange(_LPC_ORDER + 1) * _ENVELOPE[:, None] / _LPC_TOP
_REAL, _IMAGINARY = np.cos(_ANGLES), np.sin(_ANGLES)  # (points, order + 1)


def _first_formant(power: FloatArray) -> FloatArray:
    """Centre of the LPC envelope between 200 and 1000 Hz, (n,) Hz."""
    emphasised = power[:, _IN_LPC] * _PREEMPHASIS
    autocorrelation = np.einsum("cf,kf->ck", emphasised, _COSINES)
    autocorrelation[:, 0] = autocorrelation[:, 0] * 1.0001 + 1e-12
    predictor = _levinson(autocorrelation)
    real = np.einsum("ck,fk->cf", predictor, _REAL)
    imaginary = np.einsum("ck,fk->cf", predictor, _IMAGINARY)
    envelope = 1 / (real**2 + imaginary**2 + 1e-9)
    return np.asarray((envelope * _ENVELOPE).sum(axis=1) / envelope.sum(axis=1))


def _levinson(autocorrelation: FloatArray) -> FloatArray:
    """Predictor polynomials, (n, order + 1), by Levinson and Durbin's recursion."""
    n = len(autocorrelation)
    predictor = np.zeros((n, _LPC_ORDER + 1))
    predictor[:, 0] = 1
    error = autocorrelation[:, 0].copy()
    for k in range(1, _LPC_ORDER + 1):
        reach = (predictor[:, :k] * autocorrelation[:, k:0:-1]).sum(axis=1)
        reflection = -reach / error
        turned = predictor[:, k::-1].copy()  # includes the still zero coefficient k
        predictor[:, : k + 1] += reflection[:, None] * turned
        error *= 1 - reflection**2
    return predictor
