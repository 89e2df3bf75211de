"""The built-in generator: it hears, it idles, and the rig draws.

Frames are drawn in batches of one size on an absolute grid: batch b holds frames
8 b … 8 b + 7, whole, even where a chunk wants only some of them. Rows of mouth
parameters that a chunk's sound does not reach repeat their nearest neighbour;
no frame looks at another's row, so the frames that are kept are the same bytes.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice
from lipsync_engine.errors import CanceledError
from lipsync_engine.face import Face
from lipsync_engine.generator import AudioContext, Look
from lipsync_engine.timeline import FrameRange
from lipsync_engine.viseme import hearing, idle
from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.portrait import Portrait, portrait
from lipsync_engine.viseme.rig import Motion, draw

VERSION = 2  # raise it whenever rig or hearing would give other bytes for the same arguments
BATCH = 8  # frames of a photo drawn together; a video's pictures differ and are drawn one by one
KEPT_PORTRAITS = 4  # a portrait of a 400 px face is about 20 MB
BLOCK = 256  # frames heard at once, so that memory does not grow with a chunk's length


class VisemeGenerator:
    """Mouth parameters from the voice, and a rig that moves the photo's own pixels.

    A face video moves and blinks by itself: sway and blinks are for photos only.
    """

    name = "viseme"
    context: AudioContext = hearing.CONTEXT

    def __init__(self, device: str | None = None) -> None:
        """`device` is torch's name for it; None reads LIPCHORD_DEVICE ("cpu")."""
        self.device = torch.device(device or os.environ.get("LIPCHORD_DEVICE", "cpu"))
        self._portraits: OrderedDict[tuple[str, int], Portrait] = OrderedDict()

    def setup(self) -> None:
        """Draw one batch, blinking, of a plain face: kernels are loaded and memory is taken."""
        face = portrait(*_plain_face(), device=self.device, sharp=True)
        frames = np.arange(BATCH)
        rows = np.full((BATCH, K), 0.25, np.float32)
        draw(face, Motion(rows, np.full(BATCH, 0.5), idle.sway(0, frames, Fraction(25))))

    def fingerprint(self) -> str:
        """Changes with the rig, the hearing, and the kind of device that rounds its floats."""
        return f"viseme-{VERSION}-{self.device.type}"

    def render(
        self,
        face: Face,
        speech: AudioSlice,
        frames: FrameRange,
        fps: Fraction,
        look: Look,
        cancelled: Callable[[], bool],
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames in order, (b, H, W, 3) uint8 BGR, b <= BATCH.

        Raises:
            CanceledError: `cancelled()` was true.
            IndexError: `speech` lacks the context that `context` declares.
        """
        still = face.n_images == 1
        size = BATCH if still else 1
        heard = _Heard(speech, frames, fps)
        for first in range(frames.first - frames.first % size, frames.stop, size):
            if cancelled():
                raise CanceledError("Rendering was cancelled between two batches of frames.")
            numbers = np.arange(first, first + size)
            motion = Motion(
                heard.rows(numbers),
                idle.eyelids(look.seed, numbers, fps) * (still and look.blink),
                idle.sway(look.seed, numbers, fps).scaled(float(still and look.sway)),
            )
            drawn = draw(self._portrait(face, face.image_index(first)), motion)
            yield drawn[max(frames.first - first, 0) : frames.stop - first]

    def _portrait(self, face: Face, index: int) -> Portrait:
        key = (face.content_hash, index)
        if key not in self._portraits:
            still = face.n_images == 1
            self._portraits[key] = portrait(
                face.image(index), face.landmarks[index], self.device, sharp=still
            )
            while len(self._portraits) > KEPT_PORTRAITS:
                self._portraits.popitem(last=False)
        self._portraits.move_to_end(key)
        return self._portraits[key]


class _Heard:
    """The mouth parameters of a chunk, heard `BLOCK` frames at a time."""

    def __init__(self, speech: AudioSlice, frames: FrameRange, fps: Fraction) -> None:
        self._speech, self._frames, self._fps = speech, frames, fps
        self._first = frames.first
        self._rows = np.empty((0, K), np.float32)

    def rows(self, numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """(n, K) for rising absolute frame numbers; those outside the chunk repeat its ends."""
        wanted = np.clip(numbers, self._frames.first, self._frames.stop - 1)
        while wanted[-1] >= self._first + len(self._rows):
            self._hear_on(int(wanted[0]))
        return self._rows[wanted - self._first]

    def _hear_on(self, keep_from: int) -> None:
        stop = self._first + len(self._rows)
        count = min(BLOCK, self._frames.stop - stop)
        new = hearing.mouth_parameters(self._speech, FrameRange(stop, count), self._fps)
        self._rows = np.concatenate([self._rows[keep_from - self._first :], new])
        self._first = keep_from


def _plain_face() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A grey picture of 256 pixels and landmarks of average proportions, to warm up with."""

    def ring(n: int, x: float, y: float, width: float, height: float) -> NDArray[np.float64]:
        angle = np.pi + 2 * np.pi * np.arange(n) / n
        return np.stack([x + width * np.cos(angle), y + height * np.sin(angle)], 1)

    jaw = np.linspace(np.pi, 0, 17)
    marks = [
        np.stack([128 + 75 * np.cos(jaw), 110 + 95 * np.sin(jaw)], 1),
        np.array([[x, 85.0] for x in (70, 80, 90, 100, 110, 146, 156, 166, 176, 186)]),
        np.array([[128.0, y] for y in (100, 115, 130, 142)]),
        np.array([[x, 150.0] for x in (112, 120, 128, 136, 144)]),
        ring(6, 95, 105, 14, 6),
        ring(6, 161, 105, 14, 6),
        ring(12, 128, 175, 26, 10),
        ring(8, 128, 175, 22, 1),
    ]
    return np.full((256, 256, 3), 128, np.uint8), np.concatenate(marks).astype(np.float32)
