"""Checkpoints of random weights for the tests and benchmarks: the real shapes, lively pictures."""

import math
from functools import lru_cache
from pathlib import Path

import torch

from lipsync_engine.wav2lip.layers import layers, shapes

State = dict[str, torch.Tensor]


def random_state(seed: int = 0) -> State:
    """A copy of a checkpoint's tensors that may be emptied; the tensors themselves are shared."""
    return dict(_random_state(seed))


@lru_cache(1)
def _random_state(seed: int) -> State:
    """Weights that keep the signal's size from layer to layer, and batch norms that do something.

    The last layer is scaled up so that the drawn faces use most of 0..255.
    """
    random = torch.Generator().manual_seed(seed)
    residual = {layer.name: layer.residual for layer in layers()}
    state: State = {}
    for name, shape in shapes().items():
        layer = name.partition(".conv_block")[0]
        if name.endswith("num_batches_tracked"):
            state[name] = torch.tensor(1)
        elif name.endswith("running_var"):
            state[name] = torch.rand(shape, generator=random) + 0.5
        elif name.endswith("conv_block.1.weight"):
            state[name] = (torch.rand(shape, generator=random) + 0.5) * (
                0.5 if residual[layer] else 1.0
            )
        elif len(shape) == 4:
            fan = shape[1] * math.prod(shape[2:])
            gain = 12.0 if name.startswith("output_block.1") else math.sqrt(2)
            state[name] = torch.randn(shape, generator=random) * gain / math.sqrt(fan)
        else:
            state[name] = torch.randn(shape, generator=random) * 0.1
    return state


def write_checkpoint(path: Path, seed: int = 0) -> Path:
    """A file as the authors' training writes it, without its optimizer."""
    state = {f"module.{name}": tensor for name, tensor in random_state(seed).items()}
    torch.save({"state_dict": state, "optimizer": None, "global_step": 1, "global_epoch": 1}, path)
    return path
