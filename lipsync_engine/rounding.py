"""What of this machine decides how floats are rounded, and so the last bit of a pixel."""

import torch


def rounds_as(device: torch.device) -> str:
    """Equal strings: the same kernels, and so the same frames.

    A CPU's instruction set chooses its kernels; of a GPU it is the model. The number of
    threads would decide how sums are split, so on a CPU a batch is always one thread's.
    """
    if device.type == "cuda" and torch.cuda.is_available():
        kind = torch.cuda.get_device_name(device).replace(" ", "_")
    elif device.type == "cpu":
        kind = torch.backends.cpu.get_cpu_capability()
    else:
        kind = "any"
    return f"{device.type}-{kind}-torch{torch.__version__}"
