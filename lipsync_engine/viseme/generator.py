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

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.avatar import default_face
from lipsync_engine.errors import CanceledError
from lipsync_engine.face import Face
from lipsync_engine.generator import AudioContext, Look
from lipsync_engine.rounding import rounds_as
from lipsync_engine.timeline import FrameRange
from lipsync_engine.viseme import hearing, idle, network
from lipsync_engine.viseme.mouth import K
from lipsync_engine.viseme.portrait import Portrait, portrait
from lipsync_engine.viseme.rig import Motion, draw

VERSION = 12  # raise it whenever rig or hearing would give other bytes for the same arguments
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
        self.batch = BATCH
        self._portraits: OrderedDict[tuple[str, int], Portrait] = OrderedDict()

    def setup(self) -> None:
        """Load the network that hears."""
        network.layers()

    def warm_up(self) -> None:
        """Hear and draw the shipped avatar, eyes shut and open: kernels are loaded, memory is
        taken, and the most frequent face is ready before the first chunk comes."""
        face, fps, frames = default_face(), Fraction(25), FrameRange(0, 2 * BATCH)
        first, stop = needed_samples(frames, fps, self.context.before, self.context.after)
        silence = AudioSlice(np.zeros(stop - first, np.float32), first)
        for _ in self.render(face, silence, frames, fps, Look(), lambda: False):
            pass
        rows = np.full((BATCH, K), 0.25, np.float32)
        still = idle.sway(0, np.arange(BATCH), fps)
        draw(self._portrait(face, 0), Motion(rows, np.full(BATCH, 0.5), still))

    def fingerprint(self) -> str:
        """Changes with the rig, the network's weights, and what rounds the floats."""
        return f"viseme-{VERSION}-{network.digest()}~{rounds_as(self.device)}"

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
        if self.device.type == "cpu":  # its steps are small: two threads would mostly wait
            torch.set_num_threads(1)
        still = face.n_images == 1
        size = self.batch if still else 1
        heard = _Heard(speech, frames, fps)
        for first in range(frames.first - frames.first % size, frames.stop, size):
            if cancelled():
                raise CanceledError("Rendering was cancelled between two batches of frames.")
            numbers = np.arange(first, first + size)
            rows = heard.rows(numbers)  # of every frame: hearing goes on where no face is seen
            if not still and not face.shows(index := face.image_index(first)):
                yield face.image(index)[None]
                continue
            motion = Motion(
                rows,
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
