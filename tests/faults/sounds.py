"""Sounds of 2 to 6 whole seconds: a job of so many one-second chunks, at most."""

import io
import wave
from functools import lru_cache

import numpy as np

RATE = 16_000  # Hz
LENGTHS = (2, 3, 4, 5, 6)  # s


@lru_cache
def wav(seconds: int) -> bytes:
    """A tone that swells and fades once a second, as a WAV file."""
    t = np.arange(seconds * RATE) / RATE
    tone = np.sin(2 * np.pi * 220 * t) * np.abs(np.sin(np.pi * t)) * 12_000
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(tone.astype("<i2").tobytes())
    return file.getvalue()
