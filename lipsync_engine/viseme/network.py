"""Hearing, second step: what is heard -> mouth parameters, 100 columns a second.

A residual network of dilated convolutions in 8-bit whole numbers. A layer's sums stay
below 2^24, where float32 is exact: no kernel, blocking, vector width or number of threads
can change one of them, and what lies between the layers is done element by element. That
is how a frame is the same bytes on every machine. The weights are made by `training`.
"""

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional

from lipsync_engine.viseme.mouth import K

WEIGHTS = Path(__file__).with_name("hearing.safetensors")

CHANNELS = 160
FIRST_KERNEL = 6  # columns that a step hears before the blocks: its own two, two on either side
COLUMNS_A_STEP = 2  # the blocks work at 50 steps a second
DILATIONS = (1, 2, 4, 1, 2, 4, 8)
REACH = COLUMNS_A_STEP * sum(DILATIONS) + (FIRST_KERNEL - COLUMNS_A_STEP) // 2  # columns, each side
# Whether anybody speaks is decided over a longer time: by 32 traits of every step, and their
# means over 0.34 s and 1.3 s around it.
TRAITS = 32
POOLS = (8, 32)  # steps on either side
VOICE_REACH = COLUMNS_A_STEP * POOLS[-1]  # columns, each side, beyond REACH
SURE = 0.5  # odds of 1 (in nats) on either side are sure

TOP = 127  # of weights and activations
FEATURE_STEP = 1 / 32
ACTIVATION_STEP = 1 / 16
# fan-in * TOP * TOP of the widest layer, against the last float32 below which all integers lie
assert max(80 * FIRST_KERNEL, CHANNELS * 3) * TOP * TOP < 2**24  # noqa: S101


@dataclass(frozen=True)
class Layer:
    """A convolution in whole numbers, and the scale that makes its sums activations again."""

    weight: Tensor  # (n_out, n_in, kernel) whole numbers
    scale: Tensor  # (1, n_out, 1)
    bias: Tensor  # (1, n_out, 1)

    def __call__(self, x: Tensor, stride: int = 1, dilation: int = 1) -> Tensor:
        sums = functional.conv1d(x, self.weight, None, stride, 0, dilation)
        return sums * self.scale + self.bias  # two operations: a fused one would round once


@cache
def layers() -> dict[str, Layer]:
    """The shipped network's layers by name, loaded once per process."""
    kept = load_file(WEIGHTS)
    names = {name.rpartition(".")[0] for name in kept}
    return {
        name: Layer(
            kept[f"{name}.weight"].float(),
            kept[f"{name}.scale"][None, :, None],
            kept[f"{name}.bias"][None, :, None],
        )
        for name in names
    }


@cache
def digest() -> str:
    """Of the shipped weights: 12 hex digits."""
    return hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()[:12]


@torch.inference_mode()
def postures(heard: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read the mouth off what is heard, and what tells a voice from other sounds.

    Args:
        heard: (n_blocks, N_FEATURES, n + 2 * REACH) from `mel.features`; n is even.

    Returns:
        (n_blocks * n, K) in the order and the ranges of MOUTH_PARAMETERS, as if somebody spoke;
        traits of each step for `voice`, (n_blocks * n / 2, TRAITS).
    """
    weights = layers()
    x = _trunk(torch.from_numpy(heard))
    mouth = weights["mouth"](_whole(weights["last"](x), 0))
    n_blocks, _, n_steps = mouth.shape
    columns = mouth.reshape(n_blocks, COLUMNS_A_STEP, K, n_steps).permute(0, 3, 1, 2)
    rows = columns.reshape(n_blocks * n_steps * COLUMNS_A_STEP, K)
    traits = _whole(weights["traits"](x), 0).permute(0, 2, 1).reshape(-1, TRAITS)
    return settled(rows.numpy()), traits.numpy()


def _trunk(heard: Tensor) -> Tensor:
    """(n_blocks, N_FEATURES, n + 2 * REACH) -> (n_blocks, CHANNELS, n / 2) whole numbers."""
    weights = layers()
    x = torch.relu(weights["first"](heard, stride=COLUMNS_A_STEP))
    for i, dilation in enumerate(DILATIONS):
        inner = weights[f"{i}.wide"](_whole(x, -TOP), dilation=dilation)
        x = x[:, :, dilation:-dilation] + weights[f"{i}.mix"](_whole(inner, 0))
    return _whole(x, -TOP)


@torch.inference_mode()
def voice(traits: NDArray[np.float32]) -> NDArray[np.float32]:
    """How sure it is that somebody speaks.

    Args:
        traits: (n_steps + 2 * POOLS[-1], TRAITS) of steps that follow each other.

    Returns:
        (n_steps * COLUMNS_A_STEP,): 0 is nobody, 1 is somebody; the mouth moves by as much.
    """
    weights = layers()
    seen = torch.relu(weights["voice.join"](pooled(torch.from_numpy(traits.T.copy())[None])))
    odds = weights["voice.odds"](_whole(seen, 0))[0, 0]
    present = torch.clamp(odds * SURE + 0.5, 0, 1)
    return np.asarray(np.repeat(present.numpy(), COLUMNS_A_STEP))


def pooled(traits: Tensor) -> Tensor:
    """Traits of every step, with their means around it: whole numbers again.

    Args:
        traits: (n, TRAITS, n_steps + 2 * POOLS[-1]) whole numbers; float64 adds up days of them
            exactly.

    Returns:
        (n, TRAITS * 3, n_steps)
    """
    reach = POOLS[-1]
    n_steps = traits.shape[2] - 2 * reach
    sums = functional.pad(torch.cumsum(traits, 2, dtype=torch.float64), (1, 0))
    parts = [traits[:, :, reach : reach + n_steps]]
    for half in POOLS:
        first, last = reach - half, reach + half + 1
        total = sums[:, :, last : last + n_steps] - sums[:, :, first : first + n_steps]
        parts.append(torch.round(total / (2 * half + 1)).float())
    return torch.cat(parts, 1)


def settled(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Doubt taken out: what is barely there is nothing, a contact that is likely is made.

    The network answers with a mean over what it may have heard; lips that half meet, or
    that never rest, are what no mouth does.

    Args:
        rows: (..., K) as the network gives them.

    Returns:
        (..., K) in the ranges of MOUTH_PARAMETERS.
    """
    size = np.clip((np.abs(rows) - _NOTHING) / (_WHOLE - _NOTHING), 0, 1)
    signed = np.where(rows < 0, -size * _BOTH_WAYS, size)
    return np.asarray(signed, np.float32)


# jaw, width, rounding, lips, lip to teeth, upper lip, lower lip, tongue
# Lips touch from 0.65 on: best on eight of Kokoro's voices that training does not hear.
_NOTHING = np.array([0.02, 0.03, 0.03, 0.40, 0.15, 0.03, 0.03, 0.05], np.float32)
# A mean over doubts is a seventh smaller than what was taught (measured on people's voices).
_WHOLE = np.array([0.87, 0.87, 0.93, 0.90, 0.75, 0.9, 0.9, 1.0], np.float32)
_BOTH_WAYS = np.array([0, 1, 0, 0, 0, 0, 0, 0], np.float32)


def _whole(x: Tensor, lowest: int) -> Tensor:
    """Activations as whole numbers of ACTIVATION_STEP."""
    return torch.clamp(torch.round(x * (1 / ACTIVATION_STEP)), lowest, TOP)
