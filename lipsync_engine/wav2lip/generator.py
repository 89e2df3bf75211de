"""The generators `wav2lip` and `wav2lip_gan`: the published network with the user's checkpoint.

Frames are drawn in batches of BATCH on an absolute grid, whole, even where a
chunk wants only some of them. On a CPU each batch is drawn by one thread: the
libraries below round differently for another number of threads, and several
batches at once use the cores better than one batch on all of them. So a frame
is the same bytes however the job is cut and however many cores draw it.
"""

import os
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.avatar import default_face
from lipsync_engine.errors import CanceledError, WeightsError
from lipsync_engine.face import Face
from lipsync_engine.generator import AudioContext, Look
from lipsync_engine.look import MAX_AV_OFFSET
from lipsync_engine.rounding import rounds_as
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange
from lipsync_engine.wav2lip import checkpoint, silence
from lipsync_engine.wav2lip.mel import HOP, N_FFT, WINDOW, Mel, windows
from lipsync_engine.wav2lip.network import Network
from lipsync_engine.wav2lip.painter import Painter

VERSION = 2  # raise it whenever the same arguments would give other bytes
BATCH = 8  # frames drawn together, always; larger batches are not quicker, and cuts lie on 8
KEPT_FACES = 4
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}

# At one frame a second, which is the least; the background of a pause reaches furthest.
_REACH = (MAX_AV_OFFSET + 2) * SAMPLE_RATE + (silence.BACKGROUND + WINDOW) * HOP + N_FFT
_LICENCE = "The published weights are for non-commercial use only (they learnt from LRS2)."


class Wav2LipGenerator:
    """Wav2Lip without its GAN: the more exact lips."""

    name = "wav2lip"
    setting = "LIPCHORD_WAV2LIP_CHECKPOINT"
    context = AudioContext(before=_REACH, after=_REACH)

    def __init__(self, device: str | None = None, threads: int | None = None) -> None:
        """`device` is torch's name for it; None reads LIPCHORD_DEVICE ("cpu").

        `threads` is how many batches a CPU draws at once; None: torch's number of threads.
        """
        self.device = torch.device(device or os.environ.get("LIPCHORD_DEVICE", "cpu"))
        self._precision = os.environ.get("LIPCHORD_WAV2LIP_PRECISION", "float32")
        self._threads = (threads or torch.get_num_threads()) if self.device.type == "cpu" else 1
        self.batch = BATCH
        self._digest = ""
        self._network: Network | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._painters: OrderedDict[tuple[str, Look], Painter] = OrderedDict()

    def setup(self) -> None:
        """Load the checkpoint.

        Raises:
            WeightsError: what is wrong with the checkpoint or its setting, and what to do.
        """
        if self._precision not in PRECISIONS:
            raise WeightsError(
                f"LIPCHORD_WAV2LIP_PRECISION is {self._precision!r}. "
                f"Set it to one of {', '.join(PRECISIONS)}."
            )
        state = checkpoint.load(self._path())
        self._digest = checkpoint.digest(state)
        self._pool = ThreadPoolExecutor(
            self._threads, "wav2lip", initializer=torch.set_num_threads, initargs=(1,)
        )
        precision = PRECISIONS[self._precision]
        self._network = self._pool.submit(Network, state, self.device, precision).result()

    def warm_up(self) -> None:
        """Draw the shipped avatar, a batch on every thread."""
        frames, fps = FrameRange(0, BATCH * self._threads), Fraction(25)
        first, stop = needed_samples(frames, fps, self.context.before, self.context.after)
        quiet = AudioSlice(np.zeros(stop - first, np.float32), first)
        look = Look(rest_in_silence=False)
        for _ in self.render(default_face(), quiet, frames, fps, look, lambda: False):
            pass

    def fingerprint(self) -> str:
        """Changes with the weights, the precision, and what rounds the floats."""
        rounding = rounds_as(self.device)
        parts = (self.name, VERSION, self._digest, self._precision)
        return f"{'-'.join(map(str, parts))}~{rounding}"

    def render(
        self,
        face: Face,
        speech: AudioSlice,
        frames: FrameRange,
        fps: Fraction,
        look: Look,
        cancelled: Callable[[], bool],
    ) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames in order, one by one, (1, H, W, 3) uint8 BGR each.

        Raises:
            CanceledError: `cancelled()` was true.
            FaceError: the look's box lies outside the picture.
            IndexError: `speech` lacks the context that `context` declares.
        """
        first, stop = needed_samples(frames, fps, self.context.before, self.context.after)
        speech.window(first, stop - first)
        painter, mel = self._painter(face, look), Mel(speech)
        drawing: deque[_Drawing] = deque()
        size = self.batch
        for number in range(frames.first - frames.first % size, frames.stop, size):
            if cancelled():
                raise CanceledError("Rendering was cancelled between two batches of frames.")
            drawing.append(self._drawing(painter, mel, number, frames, fps, look))
            if len(drawing) > self._threads:
                yield from drawing.popleft().frames(painter, frames)
        while drawing:
            yield from drawing.popleft().frames(painter, frames)

    def _drawing(
        self,
        painter: Painter,
        mel: Mel,
        first: int,
        frames: FrameRange,
        fps: Fraction,
        look: Look,
    ) -> "_Drawing":
        """Begin batch `first` … `first + batch - 1`."""
        assert self._pool is not None  # noqa: S101 - the painter exists, so setup() ran
        numbers = np.arange(first, first + self.batch)
        # A chunk's sound does not reach the frames outside it: they repeat the nearest, and go.
        wanted = np.clip(numbers, frames.first, frames.stop - 1)
        heard = wanted - look.av_offset_frames
        rests = np.zeros(self.batch, np.float32)
        if look.rest_in_silence:
            own = silence.rests(mel, np.unique(heard), fps)
            rests = own[wanted - wanted[0]]
        faces = self._pool.submit(painter.draw, windows(mel, heard, fps), rests, numbers)
        return _Drawing(first, rests, faces)

    def _painter(self, face: Face, look: Look) -> Painter:
        if self._network is None:
            raise RuntimeError("setup() comes before render()")
        key = (face.content_hash, Look(paste=look.paste, box=look.box))
        if key not in self._painters:
            self._painters[key] = Painter(face, look, self._network)
            while len(self._painters) > KEPT_FACES:
                self._painters.popitem(last=False)
        self._painters.move_to_end(key)
        return self._painters[key]

    def _path(self) -> Path:
        path = os.environ.get(self.setting, "")
        if not path:
            raise WeightsError(
                f"{self.setting} is not set: set it to the path of your {self.name}.pth. {_LICENCE}"
            )
        return Path(path)


class Wav2LipGanGenerator(Wav2LipGenerator):
    """Wav2Lip trained with its GAN: the sharper picture."""

    name = "wav2lip_gan"
    setting = "LIPCHORD_WAV2LIP_GAN_CHECKPOINT"


@dataclass(frozen=True)
class _Drawing:
    """A batch in the making: its first frame's number, its rests, and its faces."""

    first: int
    rests: NDArray[np.float32]
    faces: "Future[torch.Tensor | None]"

    def frames(self, painter: Painter, wanted: FrameRange) -> Iterator[NDArray[np.uint8]]:
        """Those of its frames that are wanted."""
        faces = self.faces.result()
        for k, rest in enumerate(self.rests):
            number = self.first + k
            if wanted.first <= number < wanted.stop:
                yield painter.frame(None if faces is None else faces[k], float(rest), number)
