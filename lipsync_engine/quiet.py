"""A good frame to cut at: where the voice is silent, and on the grid that generators compute by."""

import warnings
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import BYTES_PER_SAMPLE
from lipsync_engine.timeline import SAMPLE_RATE

GRID = 8  # frames that a generator computes together; one cut inside is computed on both sides
MIN_SILENCE_MS = 60  # the closed lips of a p are silent for less: that is no pause
MARGIN = SAMPLE_RATE // 50  # samples; nearer to its ends a silence is a voice that fades
BELOW_SPEECH_DB = 16.0  # silence lies this far below the second around, in loud and quiet sound


def quiet_frame(pcm: NDArray[np.int16], ideal: int, reach: int, fps: Fraction) -> int:
    """The frame within `reach` of `ideal` to cut at: in silence, on the grid, or the best of it.

    A silent place on the generators' grid comes first, then the middle of the
    longest silence, then the grid alone.

    Args:
        pcm: (n_samples,) at 16 kHz; only what lies within `reach` is looked at.
        ideal, reach: frames.
        fps: video frames a second.
    """
    begin = max(0, _starts_at(ideal - reach, fps))
    samples = pcm[begin : _starts_at(ideal + reach, fps)]
    silences = [
        (begin + start * SAMPLE_RATE // 1000, begin + stop * SAMPLE_RATE // 1000)
        for start, stop in _silences(samples)
    ]
    on_grid = _near(ideal, reach)
    for frame in on_grid:
        at = _starts_at(frame, fps)
        if any(start + MARGIN <= at <= stop - MARGIN for start, stop in silences):
            return frame
    for start, stop in sorted(silences, key=lambda silence: silence[0] - silence[1]):
        frame = round(Fraction(start + stop, 2) * fps / SAMPLE_RATE)
        frame = min(max(frame, ideal - reach), ideal + reach)
        if start <= _starts_at(frame, fps) <= stop:
            return frame
    return on_grid[0] if on_grid else ideal


def _near(ideal: int, reach: int) -> list[int]:
    """Frames on the grid within `reach` of `ideal`, the nearest first."""
    first = -(-(ideal - reach) // GRID) * GRID
    return sorted(range(first, ideal + reach + 1, GRID), key=lambda frame: abs(frame - ideal))


def _starts_at(frame: int, fps: Fraction) -> int:
    """The sample at which `frame` comes on."""
    return frame * SAMPLE_RATE * fps.denominator // fps.numerator


def _silences(samples: NDArray[np.int16]) -> list[list[int]]:
    """Silent stretches as [start, stop] in milliseconds, by pydub."""
    with warnings.catch_warnings():
        # pydub looks for an ffmpeg that we never ask it to run
        warnings.simplefilter("ignore")
        from pydub import AudioSegment
        from pydub.silence import detect_silence
    segment = AudioSegment(
        np.ascontiguousarray(samples, "<i2").tobytes(),
        sample_width=BYTES_PER_SAMPLE,
        frame_rate=SAMPLE_RATE,
        channels=1,
    )
    if not samples.any():  # dBFS is minus infinity, and any cut is as good as another
        return []
    threshold = segment.dBFS - BELOW_SPEECH_DB
    found: list[list[int]] = detect_silence(segment, MIN_SILENCE_MS, threshold, seek_step=5)
    return found
