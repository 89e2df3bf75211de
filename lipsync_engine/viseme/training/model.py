"""The network as it is trained: whole-number arithmetic, imitated in floats.

`network` runs it with 8-bit whole numbers, so that sums are exact and a frame is the same
bytes on any number of threads. Here the same rounding is applied to weights and
activations going forward, and is passed through going back (straight-through estimator,
Bengio et al. 2013), so that training finds weights that survive it.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.numpy import save_file
from torch import Tensor, nn
from torch.nn import functional

from lipsync_engine.viseme.mel import N_FEATURES
from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.network import (
    ACTIVATION_STEP,
    CHANNELS,
    COLUMNS_A_STEP,
    DILATIONS,
    FEATURE_STEP,
    FIRST_KERNEL,
    POOLS,
    TOP,
    TRAITS,
    pooled,
)
from lipsync_engine.viseme.training.phones import CLASSES


class _Rounded(torch.autograd.Function):
    """Nearest multiples, clipped; the gradient passes where nothing was clipped."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, step: float | Tensor, lowest: int) -> Tensor:
        scaled = x / step
        whole = scaled.round().clamp_(lowest, TOP)
        ctx.save_for_backward((scaled - whole).abs_() <= 0.5)
        return whole.mul_(step)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        (inside,) = ctx.saved_tensors
        return gradient * inside, None, None


def rounded(x: Tensor, step: float | Tensor, lowest: int = -TOP) -> Tensor:
    """Nearest multiples of `step` between lowest and TOP of them; the gradient passes through."""
    result: Tensor = _Rounded.apply(x, step, lowest)  # type: ignore[no-untyped-call]
    return result


class _Pooled(torch.autograd.Function):
    """`network.pooled`; going back, means as they are before rounding."""

    @staticmethod
    def forward(_ctx: Any, traits: Tensor) -> Tensor:
        return pooled(traits.float())

    @staticmethod
    def backward(_ctx: Any, gradient: Tensor) -> Tensor:
        """The gradient of the means before rounding, which has none itself."""
        reach = POOLS[-1]
        parts = torch.split(gradient, TRAITS, 1)
        return torch.stack(
            [
                functional.avg_pool1d(
                    functional.pad(part, (reach + half, reach + half)), 2 * half + 1, 1
                )
                for half, part in zip((0, *POOLS), parts, strict=True)
            ]
        ).sum(0)


class Layer(nn.Module):
    """Convolution with 8-bit weights, batch normalisation behind it. No padding."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int = 1, dilation: int = 1):
        super().__init__()
        self.conv = nn.Conv1d(n_in, n_out, kernel, stride, dilation=dilation, bias=False)
        self.norm = nn.BatchNorm1d(n_out, momentum=0.05)

    def steps(self) -> Tensor:
        """Of the weights, per output channel, (n_out, 1, 1)."""
        return self.conv.weight.detach().abs().amax(dim=(1, 2), keepdim=True) / TOP + 1e-8

    def forward(self, x: Tensor) -> Tensor:
        weight = rounded(self.conv.weight, self.steps())
        y = functional.conv1d(x, weight, None, self.conv.stride, 0, self.conv.dilation)
        normed: Tensor = self.norm(y)
        return normed

    def exported(self, name: str, input_step: float) -> dict[str, np.ndarray]:
        """Weights as int8, and per channel what turns their sums into the layer's output."""
        steps = self.steps()
        whole = torch.round(self.conv.weight.detach() / steps).to(torch.int8)
        variance, mean = self.norm.running_var, self.norm.running_mean
        assert variance is not None  # noqa: S101 - it tracks them
        assert mean is not None  # noqa: S101
        gain = (self.norm.weight / torch.sqrt(variance + self.norm.eps)).detach()
        return {
            f"{name}.weight": whole.numpy(),
            f"{name}.scale": (gain * steps[:, 0, 0] * input_step).numpy().astype(np.float32),
            f"{name}.bias": (self.norm.bias.detach() - mean * gain).numpy().astype(np.float32),
        }


class Block(nn.Module):
    """x + W2 relu(W1 x): W1 looks `dilation` steps to both sides."""

    def __init__(self, dilation: int):
        super().__init__()
        self.dilation = dilation
        self.wide = Layer(CHANNELS, CHANNELS, 3, dilation=dilation)
        self.mix = Layer(CHANNELS, CHANNELS, 1)

    def forward(self, x: Tensor) -> Tensor:
        heard = self.wide(rounded(x, ACTIVATION_STEP))
        heard = rounded(functional.relu(heard), ACTIVATION_STEP, 0)
        added: Tensor = x[:, :, self.dilation : -self.dilation] + self.mix(heard)
        return added


class Hearer(nn.Module):
    """(batch, N_FEATURES, columns) -> mouth and phone classes for the columns in the middle."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Layer(N_FEATURES, CHANNELS, FIRST_KERNEL, stride=COLUMNS_A_STEP)
        self.blocks = nn.ModuleList(Block(dilation) for dilation in DILATIONS)
        self.last = Layer(CHANNELS, CHANNELS, 1)
        self.mouth = nn.Conv1d(CHANNELS, COLUMNS_A_STEP * K, 1)
        self.phone = nn.Conv1d(CHANNELS, COLUMNS_A_STEP * len(CLASSES), 1)
        self.traits = Layer(CHANNELS, TRAITS, 1)
        self.join = Layer(TRAITS * (1 + len(POOLS)), TRAITS, 1)
        self.odds = Layer(TRAITS, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mouth, (batch, K, n), not yet clipped to its ranges; classes' logits, (batch, C, n);
        the odds that somebody speaks, (batch, n - 2 * VOICE_REACH)."""
        x = functional.relu(self.first(x * FEATURE_STEP))
        for block in self.blocks:
            x = block(x)
        x = rounded(x, ACTIVATION_STEP)
        voice = self.voice(x)
        x = rounded(functional.relu(self.last(x)), ACTIVATION_STEP, 0)
        steps = self.mouth.weight.detach().abs().amax(dim=(1, 2), keepdim=True) / TOP + 1e-8
        mouth = functional.conv1d(x, rounded(self.mouth.weight, steps), self.mouth.bias)
        return _columns(mouth), _columns(self.phone(x)), voice

    def voice(self, x: Tensor) -> Tensor:
        """Odds that somebody speaks, from the trunk's whole activations, two columns a step."""
        traits = rounded(functional.relu(self.traits(x)), ACTIVATION_STEP, 0)
        means = _Pooled.apply(traits / ACTIVATION_STEP) * ACTIVATION_STEP  # type: ignore[no-untyped-call]
        seen = rounded(functional.relu(self.join(means)), ACTIVATION_STEP, 0)
        odds: Tensor = self.odds(seen)[:, 0].repeat_interleave(COLUMNS_A_STEP, 1)
        return odds

    def export(self, path: Path) -> None:
        """Write what `network` reads; the phone classes stay behind."""
        tensors = self.first.exported("first", FEATURE_STEP)
        for i, block in enumerate(self.blocks):
            assert isinstance(block, Block)  # noqa: S101
            tensors |= block.wide.exported(f"{i}.wide", ACTIVATION_STEP)
            tensors |= block.mix.exported(f"{i}.mix", ACTIVATION_STEP)
        tensors |= self.last.exported("last", ACTIVATION_STEP)
        weight, bias = self.mouth.weight.detach(), self.mouth.bias
        assert bias is not None  # noqa: S101
        steps = weight.abs().amax(dim=(1, 2)) / TOP + 1e-8
        whole = torch.round(weight / steps[:, None, None]).to(torch.int8)
        for name, layer in (("traits", self.traits), ("voice.join", self.join)):
            tensors |= layer.exported(name, ACTIVATION_STEP)
        tensors |= self.odds.exported("voice.odds", ACTIVATION_STEP)
        tensors["mouth.weight"] = whole.numpy()
        tensors["mouth.scale"] = (steps * ACTIVATION_STEP).numpy().astype(np.float32)
        tensors["mouth.bias"] = bias.detach().numpy().astype(np.float32)
        save_file(tensors, path)


def _columns(steps: Tensor) -> Tensor:
    """(batch, 2 * m, steps) -> (batch, m, 2 * steps): each step speaks for two columns."""
    batch, n, length = steps.shape
    split = steps.reshape(batch, COLUMNS_A_STEP, n // COLUMNS_A_STEP, length)
    return split.permute(0, 2, 3, 1).reshape(batch, n // COLUMNS_A_STEP, COLUMNS_A_STEP * length)
