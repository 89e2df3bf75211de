"""Wav2Lip's forward pass, arranged so that what does not change is computed once.

Batch norms are folded into the convolutions before them, pictures lie channels
last, and a decoder convolution over cat(x, skip) is conv(x) + conv(skip): the
second depends on the picture alone (`backdrop`), so that for a photo the face
encoder and a part of the decoder run once. Large 3 x 3 layers are done by
`winograd` on CPUs. Sums come in another order than in the published code; what
comes out differs by less than one step of 255 (tests/test_engine_wav2lip.py).
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import conv2d, conv_transpose2d

from lipsync_engine.wav2lip.checkpoint import State
from lipsync_engine.wav2lip.layers import (
    AUDIO_ENCODER,
    FACE_DECODER,
    FACE_ENCODER,
    LAST,
    OUTPUT,
    Layer,
)
from lipsync_engine.wav2lip.winograd import WinogradResidual

Step = Callable[[Tensor], Tensor]
Backdrop = tuple[Tensor, ...]

SIDE = 96  # pixels, of a face as the network sees and draws it
_NORM_EPSILON = 1e-5  # torch's default for BatchNorm2d

# By decoder block: side, outputs of a tile and rows of tiles at once; the quickest on one core of
# a Zen 4 by benchmarks/wav2lip.py. Smaller layers are quickest as plain convolutions.
_WINOGRAD = {2: (6, 2, 0), 3: (12, 4, 0), 4: (24, 4, 0), 5: (48, 4, 3), 6: (96, 4, 3)}


class Network:
    """The network of one checkpoint on one device."""

    def __init__(
        self, state: State, device: torch.device, precision: torch.dtype = torch.float32
    ) -> None:
        """Take the weights out of `state`: two copies would be 140 MB more.

        `precision` float32 is the published network; float16 and bfloat16 are quicker where the
        device has them, and coarser.
        """
        self.device, self._precision = device, precision
        self._encoder = [[self._step(state, layer) for layer in block] for block in FACE_ENCODER]
        self._hearing = [self._step(state, layer) for layer in AUDIO_ENCODER]
        self._first = self._step(state, FACE_DECODER[0][0])
        splits = [_Split(state, layer, self._put) for layer in _after_skips()]
        self._splits = splits
        self._rest = [self._residuals(state, number) for number in range(1, len(FACE_DECODER))]
        # Cloned: a view would keep the whole file mapped.
        ends = (state.pop(f"{LAST}.{part}").clone() for part in ("weight", "bias"))
        self._last_weight, self._last_bias = map(self._put, ends)

    def backdrop(self, faces: Tensor) -> Backdrop:
        """What pictures alone contribute to the decoder.

        Args:
            faces: (n, 6, 96, 96) float32 0..1: BGR with its lower half black, then BGR.

        Returns:
            One tensor (n, side, side, channels) for each of the seven places.
        """
        x = _channels_last(faces.to(self.device, self._precision))
        skips = []
        for block in self._encoder:
            for step in block:
                x = step(x)
            skips.append(x)
        return tuple(
            split.of_skip(skip) for split, skip in zip(self._splits, reversed(skips), strict=True)
        )

    def draw(self, mel: Tensor, backdrop: Backdrop) -> Tensor:
        """Draw the faces that say what `mel` holds.

        Args:
            mel: (B, 1, 80, 16) float32.
            backdrop: of one picture for all, or of B pictures.

        Returns:
            (B, 96, 96, 3) uint8 BGR on the device, truncated as the published code does.
        """
        x = _channels_last(mel.to(self.device, self._precision))
        for step in (*self._hearing, self._first):
            x = step(x)
        for split, behind, residuals in zip(
            self._splits[:-1], backdrop[:-1], self._rest, strict=True
        ):
            x = split.of_drawing(x, behind)
            for step in residuals:
                x = step(x)
        x = self._splits[-1].of_drawing(x, backdrop[-1])
        face = _to_last(conv2d(_to_first(x), self._last_weight, self._last_bias)).float().sigmoid_()
        return face.mul_(255).to(torch.uint8)

    def _put(self, tensor: Tensor) -> Tensor:
        return _packed(tensor.to(self.device, self._precision))

    def _step(self, state: State, layer: Layer) -> Step:
        weight, bias = (self._put(part) for part in folded(state, layer))
        if layer.transposed or layer.output_padding:
            raise AssertionError("transposed layers follow a skip: they are split")

        def step(x: Tensor) -> Tensor:
            made = conv2d(_to_first(x), weight, bias, layer.stride, layer.padding)
            made = made.add_(_to_first(x)) if layer.residual else made
            return _to_last(made.relu_())

        return step

    def _residuals(self, state: State, block: int) -> list[Step]:
        quick = self.device.type == "cpu" and self._precision == torch.float32
        layers = FACE_DECODER[block][1:]
        if not quick or block not in _WINOGRAD:
            return [self._step(state, layer) for layer in layers]
        return [WinogradResidual(*folded(state, layer), *_WINOGRAD[block]) for layer in layers]


class _Split:
    """A layer over cat(x, skip) as two: relu(conv(x) + (conv(skip) + bias))."""

    def __init__(self, state: State, layer: Layer, put: Step) -> None:
        weight, bias = folded(state, layer)
        channels = layer.inputs - _skip_channels(layer)
        axis = 0 if layer.transposed else 1
        of_x = weight.narrow(axis, 0, channels)
        of_skip = weight.narrow(axis, channels, layer.inputs - channels)
        self._layer = layer
        self._of_x, self._of_skip, self._bias = put(of_x), put(of_skip), put(bias)

    def of_skip(self, skip: Tensor) -> Tensor:
        return _to_last(self._conv(_to_first(skip), self._of_skip, self._bias))

    def of_drawing(self, x: Tensor, behind: Tensor) -> Tensor:
        return _to_last(self._conv(_to_first(x), self._of_x, None)).add_(behind).relu_()

    def _conv(self, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        layer = self._layer
        if layer.transposed:
            ends = (layer.stride, layer.padding, layer.output_padding)
            return conv_transpose2d(x, weight, bias, *ends)
        return conv2d(x, weight, bias, layer.stride, layer.padding)


def folded(state: State, layer: Layer) -> tuple[Tensor, Tensor]:
    """Weight and bias of a layer with its batch norm (running statistics) in them, float32.

    Takes the layer's entries out of `state`.
    """
    conv, norm = f"{layer.name}.conv_block.0", f"{layer.name}.conv_block.1"
    variance = state.pop(f"{norm}.running_var")
    scale = state.pop(f"{norm}.weight") / torch.sqrt(variance + _NORM_EPSILON)
    bias = (state.pop(f"{conv}.bias") - state.pop(f"{norm}.running_mean")) * scale
    along = (1, -1, 1, 1) if layer.transposed else (-1, 1, 1, 1)
    return state.pop(f"{conv}.weight") * scale.view(along), bias + state.pop(f"{norm}.bias")


def _after_skips() -> tuple[Layer, ...]:
    """The layers that hear an encoder's result beside the drawing, in order."""
    return (*(block[0] for block in FACE_DECODER[1:]), OUTPUT)


def _skip_channels(layer: Layer) -> int:
    place = _after_skips().index(layer)
    return FACE_ENCODER[-1 - place][-1].outputs


def _packed(tensor: Tensor) -> Tensor:
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.ndim == 4 else tensor


def _channels_last(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H, W, C), contiguous."""
    return x.permute(0, 2, 3, 1).contiguous()


def _to_first(x: Tensor) -> Tensor:
    """(B, H, W, C) -> (B, C, H, W), a view that torch knows as channels last."""
    return x.permute(0, 3, 1, 2)


def _to_last(x: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, H, W, C), contiguous: a view where torch kept channels last."""
    return x.permute(0, 2, 3, 1).contiguous()
