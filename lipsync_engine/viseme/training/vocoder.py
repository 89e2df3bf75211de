"""Mel cepstra and melody -> sound: what a statistical voice says, without its own vocoder.

A pulse a period below some kilohertz, noise above it and in unvoiced frames, filtered by
the minimum phase of each frame's spectrum (mel cepstrum: Tokuda et al. 1994).
"""

import numpy as np
from numpy.typing import NDArray

_N_FFT = 1024
_LOWEST = 50.0  # Hz: no voice is lower
Floats = NDArray[np.float64]


def sound(
    cepstra: Floats, log_f0: Floats, warp: float, rate: int, hop: int, chance: np.random.Generator
) -> Floats:
    """Speak.

    Args:
        cepstra: (n, order + 1) mel cepstra.
        log_f0: (n,) natural logarithm of hertz; at most 0 is unvoiced.
        warp: the cepstra's all-pass constant.
        rate: samples a second.
        hop: samples a frame.
        chance: draws noise, and the frequency above which a voice is noise.

    Returns:
        (n * hop,) of any loudness.
    """
    n, half = len(cepstra), 2 * hop
    pitch = np.where(log_f0 > 0, np.exp(np.maximum(log_f0, np.log(_LOWEST))), 0.0)
    each = np.repeat(pitch, hop)
    ticks = np.diff(np.floor(np.cumsum(each / rate)), prepend=0.0) > 0
    pulses = np.where(ticks, np.sqrt(rate / np.maximum(each, _LOWEST)), 0.0)
    voiced, noisy = (_frames(part, n, hop) for part in (pulses, chance.normal(0, 1, n * hop)))
    hertz = np.fft.rfftfreq(_N_FFT, 1 / rate)
    low = 1 / (1 + (hertz / chance.uniform(2500, 5500)) ** 6)
    mixed = voiced * low + noisy * (0.8 * np.sqrt(1 - low**2) + 0.05)
    excited = np.where((pitch > 0)[:, None], mixed, noisy)
    parts = np.fft.irfft(excited * _filters(cepstra, warp), _N_FFT, axis=1)
    heard = np.zeros(n * hop + _N_FFT)
    for i in range(n):
        heard[i * hop : i * hop + _N_FFT] += parts[i]
    return np.asarray(heard[half : half + n * hop])


def _frames(samples: Floats, n: int, hop: int) -> NDArray[np.complex128]:
    """Spectra of n windows of 4 hops, the middle of each at i * hop; (n, _N_FFT // 2 + 1)."""
    half = 2 * hop
    index = np.arange(n)[:, None] * hop + np.arange(2 * half)
    window = np.hanning(2 * half + 1)[:-1]
    return np.fft.rfft(np.pad(samples, half)[index] * window, _N_FFT, axis=1)


def _filters(cepstra: Floats, warp: float) -> NDArray[np.complex128]:
    """(n, _N_FFT // 2 + 1) with the least phase that has this magnitude."""
    omega = np.linspace(0, np.pi, _N_FFT // 2 + 1)
    warped = omega + 2 * np.arctan(warp * np.sin(omega) / (1 - warp * np.cos(omega)))
    magnitude = cepstra @ np.cos(np.arange(cepstra.shape[1])[:, None] * warped)
    folded = np.fft.irfft(magnitude, axis=1)
    folded[:, 1 : _N_FFT // 2] *= 2
    folded[:, _N_FFT // 2 + 1 :] = 0
    return np.asarray(np.exp(np.fft.rfft(folded, axis=1)))
