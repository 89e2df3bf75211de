"""The published inference loop, plainly: `python -m benchmarks.wav2lip_plain WEIGHTS FACE WAV OUT`.

What `benchmarks/wav2lip.py` compares with: float32, eager, batches of 128, hard paste, an AVI in
between and a second encode by the ffmpeg program, as the published script does it. Its two
greatest other costs are left out: the detector (a fixed box is given) and importing librosa.
"""

import subprocess
import sys
import wave
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
import torch

from tests import wav2lip_reference as reference

FPS = 25.0
BATCH = 128  # the published default


def main(weights: str, face: str, sound: str, out: str) -> None:
    """Make the video."""
    state = torch.load(weights, map_location="cpu", weights_only=True)["state_dict"]
    state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    image = cv2.imread(face)
    with wave.open(sound) as file:
        assert file.getframerate() == 16_000
        pcm = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    height, width = image.shape[:2]
    box = height * 24 // 100, height * 80 // 100, width * 28 // 100, width * 72 // 100
    frames = reference.frames(
        state, image, box, (pcm / 32768).astype(np.float32), FPS, batch_size=BATCH
    )
    avi = Path(out).with_suffix(".avi")
    writer = cv2.VideoWriter(str(avi), cv2.VideoWriter.fourcc(*"DIVX"), FPS, (width, height))
    for frame in frames:
        writer.write(frame)
    writer.release()
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-i", sound, "-i", str(avi)]
    subprocess.run([*command, "-strict", "-2", "-q:v", "1", out], check=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
