"""A GPU whose memory is full: the chunk comes once more in half batches."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lipsync_engine.avatar import default_face
from lipsync_engine.video import count_frames
from tasks.blueprint import Chunk, Plan
from tasks.contract import JobRequest
from tasks.render import Renderer
from tasks.settings import Settings
from tasks.storage import MemoryStorage, fetch
from tests.generators import Stamp


class Greedy(Stamp):
    """Has memory for `room` frames at once."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.batch, self.room = 8, room

    def render(self, *args: object) -> Iterator[NDArray[np.uint8]]:  # type: ignore[override]
        """Stamp's frames, where a batch finds room."""
        if self.batch > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.")
        yield from super().render(*args)  # type: ignore[arg-type]


def rendered(generator: Greedy, folder: Path) -> int:
    """How many frames the chunk has in the end."""
    storage = MemoryStorage()
    pcm = storage.put(np.zeros(16_000, "<i2").tobytes(), 60).key
    face = storage.put(default_face().to_bytes(), 60).key
    plan = Plan(
        request=JobRequest(text="a"), fps=Fraction(25), n_frames=20, n_samples=12_800,
        chunks=(Chunk(0, 0, 20),), pcm=pcm, track=pcm, track_suffix=".wav", face=face,
    )  # fmt: skip
    blob = Renderer(generator, storage, Settings()).render(plan, plan.chunks[0], lambda _n: True)
    return count_frames(fetch(storage, blob.key, folder / "chunk.mp4"))


def test_half_a_batch_is_tried_once_and_the_next_chunk_has_whole_ones(tmp_path: Path) -> None:
    generator = Greedy(room=4)

    assert rendered(generator, tmp_path) == 20

    assert generator.batch == 8


def test_where_that_does_not_fit_either_the_error_is_said(tmp_path: Path) -> None:
    with pytest.raises(torch.OutOfMemoryError):
        rendered(Greedy(room=3), tmp_path)
