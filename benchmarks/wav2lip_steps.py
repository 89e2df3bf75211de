"""One arrangement of Wav2Lip's forward pass: `python -m benchmarks.wav2lip_steps STEP WEIGHTS`.

Prints frames a second. Each step runs in a process of its own (`benchmarks/wav2lip.py` starts
them), because malloc's settings and the number of threads are read at a process's start.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from lipsync_engine.wav2lip import checkpoint, network
from lipsync_engine.wav2lip.layers import AUDIO_ENCODER, FACE_DECODER, FACE_ENCODER, OUTPUT, Layer
from tests import wav2lip_reference as reference

FRAMES = 64
PLAIN_BATCH, BATCH = 128, 8
Draw = Callable[[Tensor], object]


def eager(state: checkpoint.State, batch: int) -> tuple[Draw, int]:
    """The published modules, one call after another."""
    faces = torch.rand(1, 6, 96, 96).expand(batch, -1, -1, -1).contiguous()
    return lambda mel: reference.forward(state, mel, faces), batch


def folded(state: checkpoint.State) -> tuple[Draw, int]:
    """Batch norms folded, channels last, nothing computed once."""
    last = state["output_block.1.weight"], state["output_block.1.bias"]
    blocks = [*FACE_ENCODER, AUDIO_ENCODER, *FACE_DECODER, (OUTPUT,)]
    weights = {layer.name: _folded(state, layer) for block in blocks for layer in block}
    faces = torch.rand(BATCH, 6, 96, 96).contiguous(memory_format=torch.channels_last)

    def run(x: Tensor, block: tuple[Layer, ...]) -> Tensor:
        """One block, (b, c, h, w) to (b, c', h', w')."""
        for layer in block:
            weight, bias = weights[layer.name]
            if layer.transposed:
                ends = layer.stride, layer.padding, layer.output_padding
                made = conv_transpose2d(x, weight, bias, *ends)
            else:
                made = conv2d(x, weight, bias, layer.stride, layer.padding)
            x = (made.add_(x) if layer.residual else made).relu_()
        return x

    def draw(mel: Tensor) -> Tensor:
        """(b, 1, 80, 16) to (b, 3, 96, 96), 0..1."""
        skips, x = [], faces
        for block in FACE_ENCODER:
            x = run(x, block)
            skips.append(x)
        x = run(mel.contiguous(memory_format=torch.channels_last), AUDIO_ENCODER)
        for block in FACE_DECODER:
            x = torch.cat((run(x, block), skips.pop()), 1)
        return torch.sigmoid(conv2d(run(x, (OUTPUT,)), *last))

    return draw, BATCH


def _folded(state: checkpoint.State, layer: Layer) -> tuple[Tensor, Tensor]:
    weight, bias = network.folded(state, layer)
    return weight.contiguous(memory_format=torch.channels_last), bias


def split(
    state: checkpoint.State, precision: torch.dtype = torch.float32, winograd: bool = True
) -> tuple[Draw, int]:
    """Ours: what the photo alone decides is computed once; with Winograd's convolutions or not."""
    if not winograd:
        network._WINOGRAD.clear()
    made = network.Network(state, torch.device("cpu"), precision)
    behind = made.backdrop(torch.rand(1, 6, 96, 96))
    return lambda mel: made.draw(mel, behind), BATCH


STEPS: dict[str, Callable[[checkpoint.State], tuple[Draw, int]]] = {
    "eager-128": lambda state: eager(state, PLAIN_BATCH),
    "eager-8": lambda state: eager(state, BATCH),
    "folded": folded,
    "split": lambda state: split(state, winograd=False),
    "winograd": split,
    "bfloat16": lambda state: split(state, torch.bfloat16),
}


def main(step: str, weights: str, streams: str = "0") -> None:
    """Print frames a second; with `streams`, so many threads that draw a batch each."""
    n = int(streams)
    state = checkpoint.load(Path(weights))
    with ThreadPoolExecutor(max(n, 1), initializer=_alone if n else None) as pool:
        draw, batch = pool.submit(_made, step, state).result()
        batches = max(n, 1, FRAMES // batch)
        list(pool.map(draw_once(draw, BATCH if batch == BATCH else batch), range(max(n, 1))))
        started = time.perf_counter()
        list(pool.map(draw_once(draw, batch), range(batches)))
        print(batches * batch / (time.perf_counter() - started))


def _alone() -> None:
    torch.set_num_threads(1)


def _made(step: str, state: checkpoint.State) -> tuple[Draw, int]:
    with torch.inference_mode():
        return STEPS[step](state)


def draw_once(draw: Draw, batch: int) -> Callable[[int], None]:
    """A call that draws one batch of mels made from its argument."""

    def once(seed: int) -> None:
        mel = torch.rand(batch, 1, 80, 16, generator=torch.Generator().manual_seed(seed)) * 8 - 4
        with torch.inference_mode():
            draw(mel)

    return once


if __name__ == "__main__":
    main(*sys.argv[1:])
