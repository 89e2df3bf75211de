"""What of this machine decides how floats are rounded, and so the last bit of a pixel."""

import torch


def rounds_as(device: torch.device, threads: int | None = None) -> str:
    """Equal strings: the same kernels, and so the same frames.

    A CPU's instruction set chooses its kernels, and the number of threads how they
    split their sums; of a GPU it is the model.

    Args:
        threads: that a batch is computed by on a CPU; None: as many as torch uses.
    """
    if device.type == "cuda" and torch.cuda.is_available():
        kind = torch.cuda.get_device_name(device).replace(" ", "_")
    elif device.type == "cpu":
        kind = f"{torch.backends.cpu.get_cpu_capability()}x{threads or torch.get_num_threads()}"
    else:
        kind = "any"
    return f"{device.type}-{kind}-torch{torch.__version__}"
