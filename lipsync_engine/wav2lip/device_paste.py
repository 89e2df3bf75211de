"""The same crop and paste on the network's device: only bytes of the box cross the bus.

For CUDA. Torch and OpenCV sample alike and round differently: by at most one
step of 255. On a CPU `paste` is quicker and is the published code to the bit.
"""

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from lipsync_engine.wav2lip.network import SIDE
from lipsync_engine.wav2lip.paste import Plate


def network_input(face: Tensor) -> Tensor:
    """(h, w, 3) uint8 BGR -> (6, 96, 96) float32 0..1: its upper half, then all of it."""
    small = _resized(face[None], SIDE, SIDE)[0].permute(2, 0, 1) / 255
    masked = small.clone()
    masked[:, SIDE // 2 :] = 0
    return torch.cat([masked, small])


def pasted(faces: Tensor, rests: Tensor, plate: Plate) -> Tensor:
    """Faces in the box of one picture.

    Args:
        faces: (B, 96, 96, 3) uint8 BGR, on the device.
        rests: (B,) float32, 0 shows the drawn mouth, 1 the photo's own.

    Returns:
        (B, h, w, 3) uint8 BGR, on the device: the pixels of the plate's box.
    """
    width, height = plate.box.size
    drawn = _resized(faces, width, height)
    own = torch.from_numpy(plate.face.copy()).to(faces.device).float()
    weight = (1 - rests).to(faces.device).view(-1, 1, 1, 1)
    if plate.weight is not None:
        weight = weight * torch.from_numpy(plate.weight).to(faces.device)[None, :, :, None]
    return (own + (drawn - own) * weight).round_().clamp_(0, 255).to(torch.uint8)


def _resized(images: Tensor, width: int, height: int) -> Tensor:
    """Bilinear, pixel centres aligned, rounded: (b, h, w, 3) uint8 -> (b, height, width, 3)."""
    first = images.permute(0, 3, 1, 2).float()
    made = interpolate(first, (height, width), mode="bilinear", align_corners=False)
    return made.permute(0, 2, 3, 1).round()
