"""A job's sound: 16 kHz PCM for the generator, and the full-quality track for the video."""

import wave
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.script import Script
from lipsync_engine.timeline import SAMPLE_RATE

if TYPE_CHECKING:
    from av import AudioFrame

PCM_NAME = "speech.pcm"


@dataclass(frozen=True)
class Sound:
    """What is heard, twice; both have the same length within 1 ms.

    Attributes:
        pcm: file of s16le mono at SAMPLE_RATE, what the generator hears.
        n_samples: samples in `pcm`.
        track: file of the sound as it will be in the video: .wav (synthesised),
            .m4a (the upload's own AAC packets) or .flac (any other upload).
        warnings: what the user should know, in plain sentences.
        script: what is said when, where it was spoken here; empty for an upload.
    """

    pcm: Path
    n_samples: int
    track: Path
    warnings: tuple[str, ...] = ()
    script: Script = ()


class SoundWriter:
    """Writes mono 16-bit samples as a WAV track and, resampled, as PCM; holds none of them.

    Use as a context manager, then `finish()`.
    """

    def __init__(self, folder: Path, rate: int) -> None:
        """`rate` is that of the samples that will be written, Hz."""
        from av import AudioResampler

        self.n_written = 0
        self._rate = rate
        self._n_samples = 0
        self._track = folder / "speech.wav"
        self._pcm = folder / PCM_NAME
        self._resampler = AudioResampler("s16", "mono", SAMPLE_RATE)

    def __enter__(self) -> "SoundWriter":
        self._wav = wave.open(str(self._track), "wb")
        self._wav.setnchannels(1)
        self._wav.setsampwidth(2)
        self._wav.setframerate(self._rate)
        self._raw = self._pcm.open("wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wav.close()
        self._raw.close()

    def write(self, samples: NDArray[np.int16]) -> None:
        """Append (n,) samples."""
        from av import AudioFrame

        if not len(samples):
            return
        frame = AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = self._rate
        frame.pts = self.n_written
        self._wav.writeframesraw(samples.astype("<i2").tobytes())
        self.n_written += len(samples)
        self._resample(frame)

    def finish(self, warnings: tuple[str, ...] = ()) -> Sound:
        """Write what the resampler still holds; call last, inside the context."""
        self._resample(None)
        return Sound(self._pcm, self._n_samples, self._track, warnings)

    def _resample(self, frame: "AudioFrame | None") -> None:
        for resampled in self._resampler.resample(frame):
            samples = resampled.to_ndarray()[0]
            self._raw.write(samples.astype("<i2").tobytes())
            self._n_samples += len(samples)
