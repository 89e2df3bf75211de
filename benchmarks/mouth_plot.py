"""Draw what `viseme` hears: the spectrogram of a WAV over its eight mouth parameters.

python benchmarks/mouth_plot.py speech.wav out/mouth.png [--fps 25] [--seconds 8]
"""

import argparse
import wave
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lipsync_engine.audio import FULL_SCALE, AudioSlice
from lipsync_engine.timeline import (
    SAMPLE_RATE,
    FrameRange,
    frame_count,
    frame_sample,
    parse_fps,
)
from lipsync_engine.viseme.hearing import CONTEXT, mouth_parameters
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS

PIXELS_PER_SECOND = 200
ROW = 90  # pixels a parameter's curve is high
INK = (40, 40, 40)


def main() -> None:
    """Draw what the network hears in a sound, as a picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("wav", type=Path, help="16 kHz mono 16-bit WAV")
    parser.add_argument("png", type=Path)
    parser.add_argument("--fps", type=parse_fps, default=Fraction(25))
    parser.add_argument("--seconds", type=float, default=8.0, help="how much of it to draw")
    arguments = parser.parse_args()
    samples = read_wav(arguments.wav)[: int(arguments.seconds * SAMPLE_RATE)]
    arguments.png.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(arguments.png), draw(samples, hear(samples, arguments.fps), arguments.fps))
    print(arguments.png)


def read_wav(path: Path) -> NDArray[np.float32]:
    """Samples of a canonical WAV, (n,) in -1..1."""
    with wave.open(str(path)) as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (16000, 1, 2):
            raise SystemExit(f"{path} is not 16 kHz mono 16-bit: convert it with ffmpeg first")
        pcm = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
    return (pcm / FULL_SCALE).astype(np.float32)


def hear(samples: NDArray[np.float32], fps: Fraction) -> NDArray[np.float32]:
    """Mouth parameters of a whole sound, (n_frames, K)."""
    n_frames = frame_count(len(samples), fps)
    stop = frame_sample(n_frames - 1, fps) + CONTEXT.after
    padded = np.pad(samples, (CONTEXT.before, max(0, stop - len(samples))))
    return mouth_parameters(AudioSlice(padded, -CONTEXT.before), FrameRange(0, n_frames), fps)


def draw(
    samples: NDArray[np.float32], mouth: NDArray[np.float32], fps: Fraction
) -> NDArray[np.uint8]:
    """Spectrogram above, one curve a parameter below; (H, W, 3) BGR."""
    width = int(len(samples) / SAMPLE_RATE * PIXELS_PER_SECOND)
    windows = np.lib.stride_tricks.sliding_window_view(samples, 512)[:: SAMPLE_RATE // 200]
    spectrum = np.abs(np.fft.rfft(windows * np.hanning(512))).T[::-1]
    grey = np.clip(255 + 3.2 * (20 * np.log10(spectrum + 1e-6) - 30), 0, 255)
    picture = cv2.resize(255 - grey.astype(np.uint8), (width, 257))
    rows = [cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)]
    middles = [frame_sample(i, fps) / SAMPLE_RATE * PIXELS_PER_SECOND for i in range(len(mouth))]
    for name, curve in zip(MOUTH_PARAMETERS, mouth.T, strict=True):
        row = np.full((ROW, width, 3), 255, np.uint8)
        least = -1 if name == "width" else 0
        heights = (ROW - 8) * (1 - (curve - least) / (1 - least)) + 4
        points = np.stack([middles, heights], axis=1).round().astype(np.int32)
        zero = int((ROW - 8) * (1 + least / (1 - least)) + 4)
        cv2.line(row, (0, zero), (width, zero), (210, 210, 210))
        cv2.polylines(row, [points[:, None]], False, (180, 60, 20), 2, cv2.LINE_AA)
        cv2.putText(row, name, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, INK, 1, cv2.LINE_AA)
        cv2.line(row, (0, 0), (width, 0), INK)
        rows.append(row)
    return np.concatenate(rows).astype(np.uint8)


if __name__ == "__main__":
    main()
