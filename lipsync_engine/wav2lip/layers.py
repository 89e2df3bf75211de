"""The layers of Wav2Lip, as a table: what its checkpoint holds and what its forward pass does.

Prajwal et al., "A Lip Sync Expert Is All You Need", 2020. Names are those of
the published checkpoints; shapes follow from the table.
"""

from collections.abc import Iterator
from dataclasses import dataclass

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution with bias, batch norm and ReLU; residual ones add their input before ReLU.

    Attributes:
        name: prefix of its entries in a checkpoint.
        inputs, outputs: channels.
        transposed: a ConvTranspose2d, whose weights lie (inputs, outputs, k, k).
    """

    name: str
    inputs: int
    outputs: int
    kernel: int
    stride: Pair = (1, 1)
    padding: int = 0
    output_padding: int = 0
    residual: bool = False
    transposed: bool = False


def _conv(name: str, i: int, o: int, k: int, s: int | Pair = 1, p: int = 0) -> Layer:
    return Layer(name, i, o, k, (s, s) if isinstance(s, int) else s, p)


def _residual(name: str, channels: int) -> Layer:
    return Layer(name, channels, channels, 3, (1, 1), 1, residual=True)


def _up(name: str, i: int, o: int) -> Layer:
    return Layer(name, i, o, 3, (2, 2), 1, output_padding=1, transposed=True)


def _encoder() -> Iterator[tuple[Layer, ...]]:
    prefix = "face_encoder_blocks"
    yield (_conv(f"{prefix}.0.0", 6, 16, 7, 1, 3),)
    widths = (16, 32, 64, 128, 256, 512)
    for block, n_residual in enumerate((2, 3, 2, 2, 1), start=1):
        first = _conv(f"{prefix}.{block}.0", widths[block - 1], widths[block], 3, 2, 1)
        rest = (_residual(f"{prefix}.{block}.{k + 1}", widths[block]) for k in range(n_residual))
        yield (first, *rest)
    yield (_conv(f"{prefix}.6.0", 512, 512, 3), _conv(f"{prefix}.6.1", 512, 512, 1))


def _decoder() -> Iterator[tuple[Layer, ...]]:
    prefix = "face_decoder_blocks"
    yield (_conv(f"{prefix}.0.0", 512, 512, 1),)
    first = Layer(f"{prefix}.1.0", 1024, 512, 3, transposed=True)
    yield (first, _residual(f"{prefix}.1.1", 512))
    for block, (i, o) in enumerate(
        ((1024, 512), (768, 384), (512, 256), (320, 128), (160, 64)), start=2
    ):
        name = f"{prefix}.{block}"
        yield (_up(f"{name}.0", i, o), _residual(f"{name}.1", o), _residual(f"{name}.2", o))


# Seven blocks; each one's result is also an input of the decoder block that has its size.
FACE_ENCODER: tuple[tuple[Layer, ...], ...] = tuple(_encoder())
AUDIO_ENCODER: tuple[Layer, ...] = (
    _conv("audio_encoder.0", 1, 32, 3, 1, 1),
    _residual("audio_encoder.1", 32),
    _residual("audio_encoder.2", 32),
    _conv("audio_encoder.3", 32, 64, 3, (3, 1), 1),
    _residual("audio_encoder.4", 64),
    _residual("audio_encoder.5", 64),
    _conv("audio_encoder.6", 64, 128, 3, 3, 1),
    _residual("audio_encoder.7", 128),
    _residual("audio_encoder.8", 128),
    _conv("audio_encoder.9", 128, 256, 3, (3, 2), 1),
    _residual("audio_encoder.10", 256),
    _conv("audio_encoder.11", 256, 512, 3),
    _conv("audio_encoder.12", 512, 512, 1),
)
FACE_DECODER: tuple[tuple[Layer, ...], ...] = tuple(_decoder())
OUTPUT = _conv("output_block.0", 80, 32, 3, 1, 1)
LAST = "output_block.1"  # a plain 1 x 1 convolution, 32 -> 3, before the sigmoid


def layers() -> Iterator[Layer]:
    """All layers that have a batch norm, in the order of the checkpoint."""
    for block in FACE_ENCODER:
        yield from block
    yield from AUDIO_ENCODER
    for block in FACE_DECODER:
        yield from block
    yield OUTPUT


def shapes() -> dict[str, tuple[int, ...]]:
    """Name and shape of each of the 352 entries of a checkpoint's `state_dict`."""
    found: dict[str, tuple[int, ...]] = {}
    for layer in layers():
        ends = (layer.inputs, layer.outputs) if layer.transposed else (layer.outputs, layer.inputs)
        conv, norm = f"{layer.name}.conv_block.0", f"{layer.name}.conv_block.1"
        found[f"{conv}.weight"] = (*ends, layer.kernel, layer.kernel)
        found[f"{conv}.bias"] = (layer.outputs,)
        for entry in ("weight", "bias", "running_mean", "running_var"):
            found[f"{norm}.{entry}"] = (layer.outputs,)
        found[f"{norm}.num_batches_tracked"] = ()
    found[f"{LAST}.weight"] = (3, OUTPUT.outputs, 1, 1)
    found[f"{LAST}.bias"] = (3,)
    return found
