"""A GPU's steps side by side: copying while it draws, drawing while another thread encodes."""

import threading
from collections.abc import Iterator
from queue import Queue

import numpy as np
import torch
from numpy.typing import NDArray

Frames = NDArray[np.uint8]


def copied(rois: Iterator[torch.Tensor]) -> Iterator[Frames]:
    """On the host, each copied while the next is drawn; without CUDA as they come."""
    waiting: tuple[torch.Tensor, torch.cuda.Event] | None = None
    stream = torch.cuda.Stream() if torch.cuda.is_available() else None
    for roi in rois:
        if stream is None or not roi.is_cuda:
            yield roi.cpu().numpy()
            continue
        host = torch.empty(roi.shape, dtype=roi.dtype, pin_memory=True)
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            host.copy_(roi, non_blocking=True)
            roi.record_stream(stream)
            done = stream.record_event()
        if waiting:
            waiting[1].synchronize()
            yield waiting[0].numpy()
        waiting = host, done
    if waiting:
        waiting[1].synchronize()
        yield waiting[0].numpy()


def beside(frames: Iterator[Frames]) -> Iterator[Frames]:
    """Drawn by another thread, two batches ahead of who takes them."""
    ahead: Queue[Frames | None] = Queue(2)

    def draw() -> None:
        for batch in frames:
            ahead.put(batch)
        ahead.put(None)

    threading.Thread(target=draw, daemon=True).start()
    while (batch := ahead.get()) is not None:
        yield batch
