"""The published Wav2Lip inference, written a second time and plainly: the oracle of parity.

From the facts of Rudrabha/Wav2Lip at 5c90fa9 (inference.py, audio.py, models/wav2lip.py), one
formula after another, frame after frame, nothing folded, nothing shared; in eager torch, float32.
The mel follows librosa 0.11's published formulae (`librosa.stft`, `librosa.filters.mel`).
"""

import cv2
import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from numpy.typing import NDArray

State = dict[str, torch.Tensor]


def melspectrogram(wav: NDArray[np.float32]) -> NDArray[np.float64]:
    """(n,) 16 kHz -> (80, 1 + n // 200)."""
    x = wav.astype(np.float64)
    y = np.concatenate([x[:1], x[1:] - 0.97 * x[:-1]])
    y = np.concatenate([np.zeros(400), y, np.zeros(400)])
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(800) / 800)
    columns = [np.abs(np.fft.rfft(hann * y[k : k + 800])) for k in range(0, len(y) - 799, 200)]
    mel = slaney_filters() @ np.array(columns).T
    decibels = 20 * np.log10(np.maximum(np.exp(-100 / 20 * np.log(10)), mel)) - 20
    return np.clip((2 * 4.0) * ((decibels - -100) / 100) - 4.0, -4.0, 4.0)


def slaney_filters() -> NDArray[np.float64]:
    """(80, 401): librosa.filters.mel(sr=16000, n_fft=800, n_mels=80, fmin=55, fmax=7600)."""

    def to_mel(f: float) -> float:
        return f / (200 / 3) if f < 1000 else 15 + np.log(f / 1000) / (np.log(6.4) / 27)

    def to_hz(m: float) -> float:
        return m * 200 / 3 if m < 15 else 1000 * np.exp(np.log(6.4) / 27 * (m - 15))

    centres = [to_hz(m) for m in np.linspace(to_mel(55), to_mel(7600), 82)]
    filters = np.zeros((80, 401))
    for band in range(80):
        low, middle, high = centres[band : band + 3]
        for k in range(401):
            hertz = k * 20
            weight = min((hertz - low) / (middle - low), (high - hertz) / (high - middle))
            filters[band, k] = max(0, weight) * 2 / (high - low)
    return filters


def mel_chunks(mel: NDArray[np.float64], fps: float) -> list[NDArray[np.float64]]:
    """The windows of the frames that the published loop makes, (80, 16) each."""
    chunks, multiplier, i = [], 80.0 / fps, 0
    while True:
        start = int(i * multiplier)
        if start + 16 > mel.shape[1]:
            chunks.append(mel[:, mel.shape[1] - 16 :])
            return chunks
        chunks.append(mel[:, start : start + 16])
        i += 1


def conv(
    x: torch.Tensor, state: State, name: str, stride: object = 1, padding: int = 0,
    residual: bool = False,
) -> torch.Tensor:  # fmt: skip
    out = F.conv2d(x, state[f"{name}.conv_block.0.weight"], state[f"{name}.conv_block.0.bias"],
                   stride, padding)  # fmt: skip
    out = normalised(out, state, name)
    return F.relu(out + x if residual else out)


def transposed(
    x: torch.Tensor, state: State, name: str, stride: int = 1, padding: int = 0, extra: int = 0
) -> torch.Tensor:
    out = F.conv_transpose2d(
        x, state[f"{name}.conv_block.0.weight"], state[f"{name}.conv_block.0.bias"],
        stride, padding, extra,
    )  # fmt: skip
    return F.relu(normalised(out, state, name))


def normalised(x: torch.Tensor, state: State, name: str) -> torch.Tensor:
    norm = f"{name}.conv_block.1"
    return F.batch_norm(
        x, state[f"{norm}.running_mean"], state[f"{norm}.running_var"],
        state[f"{norm}.weight"], state[f"{norm}.bias"], eps=1e-5,
    )  # fmt: skip


def forward(state: State, mel: torch.Tensor, faces: torch.Tensor) -> torch.Tensor:
    """(B, 1, 80, 16) and (B, 6, 96, 96) -> (B, 3, 96, 96), 0..1."""
    a = mel
    for k, (stride, padding, residual) in enumerate([
        (1, 1, False), (1, 1, True), (1, 1, True),
        ((3, 1), 1, False), (1, 1, True), (1, 1, True),
        (3, 1, False), (1, 1, True), (1, 1, True),
        ((3, 2), 1, False), (1, 1, True), (1, 0, False), (1, 0, False),
    ]):  # fmt: skip
        a = conv(a, state, f"audio_encoder.{k}", stride, padding, residual)
    x, features = faces, []
    for block, residuals in enumerate((0, 2, 3, 2, 2, 1, 0)):
        name = f"face_encoder_blocks.{block}"
        stride, padding = {0: (1, 3), 6: (1, 0)}.get(block, (2, 1))
        x = conv(x, state, f"{name}.0", stride, padding)
        for k in range(residuals):
            x = conv(x, state, f"{name}.{k + 1}", 1, 1, True)
        if block == 6:
            x = conv(x, state, f"{name}.1")
        features.append(x)
    x = a
    for block, residuals in enumerate((0, 1, 2, 2, 2, 2, 2)):
        name = f"face_decoder_blocks.{block}"
        if block == 0:
            x = conv(x, state, f"{name}.0")
        elif block == 1:
            x = transposed(x, state, f"{name}.0")
        else:
            x = transposed(x, state, f"{name}.0", 2, 1, 1)
        for k in range(residuals):
            x = conv(x, state, f"{name}.{k + 1}", 1, 1, True)
        x = torch.cat((x, features.pop()), dim=1)
    x = conv(x, state, "output_block.0", 1, 1)
    x = F.conv2d(x, state["output_block.1.weight"], state["output_block.1.bias"])
    return torch.sigmoid(x)


def frames(
    state: State,
    image: NDArray[np.uint8],
    box: tuple[int, int, int, int],
    wav: NDArray[np.float32],
    fps: float,
    batch_size: int = 128,
) -> list[NDArray[np.uint8]]:
    """All frames of a still picture with a fixed box, before any video encoder."""
    y1, y2, x1, x2 = box
    face = cv2.resize(image[y1:y2, x1:x2], (96, 96))
    chunks = mel_chunks(melspectrogram(wav), fps)
    made = []
    for start in range(0, len(chunks), batch_size):
        mels = np.asarray(chunks[start : start + batch_size])
        faces = np.asarray([face] * len(mels))
        masked = faces.copy()
        masked[:, 96 // 2 :] = 0
        both = np.concatenate((masked, faces), axis=3) / 255.0
        with torch.no_grad():
            drawn = forward(
                state,
                torch.FloatTensor(mels.reshape(len(mels), 1, 80, 16)),
                torch.FloatTensor(np.transpose(both, (0, 3, 1, 2))),
            )
        for picture in drawn.numpy().transpose(0, 2, 3, 1) * 255.0:
            frame = image.copy()
            frame[y1:y2, x1:x2] = cv2.resize(picture.astype(np.uint8), (x2 - x1, y2 - y1))
            made.append(frame)
    return made
