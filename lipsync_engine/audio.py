"""The sound a generator hears: canonical 16 kHz mono PCM, in slices with exact context."""

from dataclasses import dataclass
from fractions import Fraction
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.timeline import SAMPLE_RATE, FrameRange, frame_sample

BYTES_PER_SAMPLE = 2  # canonical PCM is s16le
FULL_SCALE = 32768.0
END_MARGIN = SAMPLE_RATE  # samples, one second: how far past its slice a generator knows the end


@dataclass(frozen=True)
class AudioSlice:
    """A run of samples of a job's sound that knows where it lies in the whole.

    Attributes:
        samples: (n,) float32 in -1..1; zeros stand where the job has no sound, before its start
            and past its end.
        first_sample: absolute number of samples[0]; negative before the job's start.
        job_samples: samples in the whole job, where its end is within END_MARGIN of what is heard;
            else None. What lies farther away must not change a frame: chunks are used again in
            jobs that go on otherwise (docs/reuse.md).
    """

    samples: NDArray[np.float32]
    first_sample: int
    job_samples: int | None = None

    def window(self, first: int, n: int) -> NDArray[np.float32]:
        """Samples `first` … `first + n - 1` (absolute), (n,) float32.

        Raises:
            IndexError: the slice does not reach that far: the generator declared too little
                context.
        """
        start = first - self.first_sample
        if start < 0 or start + n > len(self.samples):
            raise IndexError(
                f"samples {first}..{first + n} asked of a slice that holds "
                f"{self.first_sample}..{self.first_sample + len(self.samples)}"
            )
        return self.samples[start : start + n]


def needed_samples(frames: FrameRange, fps: Fraction, before: int, after: int) -> tuple[int, int]:
    """First sample and one past the last that `frames` hear with that context (samples)."""
    return (
        frame_sample(frames.first, fps) - before,
        frame_sample(frames.stop - 1, fps) + after,
    )


def read_slice(pcm: BinaryIO, n_samples: int, first: int, stop: int) -> AudioSlice:
    """Cut [first, stop) out of canonical PCM, zeros where the job has no sound.

    Args:
        pcm: seekable s16le mono, `n_samples` long.
        n_samples: samples in the whole job.
        first, stop: absolute sample numbers; may reach past either end.
    """
    samples = np.zeros(stop - first, np.float32)
    begin, end = max(first, 0), min(stop, n_samples)
    if begin < end:
        pcm.seek(begin * BYTES_PER_SAMPLE)
        raw = pcm.read((end - begin) * BYTES_PER_SAMPLE)
        samples[begin - first : end - first] = np.frombuffer(raw, "<i2") / np.float32(FULL_SCALE)
    return AudioSlice(samples, first, n_samples if n_samples < stop + END_MARGIN else None)
