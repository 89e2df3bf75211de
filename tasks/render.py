"""The second step of a job: a run of frames becomes one stored H.264 chunk."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import structlog
from numpy.typing import NDArray

from lipsync_engine import video
from lipsync_engine.audio import AudioSlice, needed_samples, read_slice
from lipsync_engine.face import Face
from lipsync_engine.generator import Generator, SizesBatches
from lipsync_engine.timeline import FrameRange
from lipsync_engine.video import Encoder
from tasks import failpoints
from tasks.blueprint import Chunk, Plan
from tasks.errors import StoreError
from tasks.judgement import out_of_memory
from tasks.known import Known, KnownChunks, heard_by, scene_of
from tasks.look import look_of
from tasks.settings import Settings
from tasks.storage import Blob, Storage, read

log = structlog.get_logger()

FACES_KEPT = 4  # a face of one photo is 1-5 MB; a video's at most some 100 MB


class Renderer:
    """A generator that was set up once, and the store that it takes from and puts to."""

    def __init__(
        self,
        generator: Generator,
        storage: Storage,
        settings: Settings,
        known: KnownChunks | None = None,
    ) -> None:
        """`known`: where a rendered chunk is noted for later jobs; None: nowhere."""
        self.generator = generator
        self._storage, self._settings, self._known = storage, settings, known
        self._face = lru_cache(FACES_KEPT)(lambda key: Face.from_bytes(read(storage, key)))

    @property
    def fingerprint(self) -> str:
        """Of all in this process that determines a chunk's bytes: generator, weights, encoder."""
        return f"{self.generator.fingerprint()};{Encoder().fingerprint()}"

    def render(self, plan: Plan, chunk: Chunk, note: Callable[[int], bool]) -> Blob:
        """Render and store one chunk.

        Args:
            note: told the frames done so far after each batch; False means stop.

        Raises:
            CanceledError: `note` said stop.
            EncodeError: the encoder refused.
            MissingBlobError: sound or face have expired.
        """
        heard = self._heard(plan, FrameRange(chunk.first_frame, chunk.n_frames))
        with TemporaryDirectory(prefix="chunk-") as folder:
            path = Path(folder) / "chunk.mp4"
            try:
                self._encode(plan, chunk, heard, path, note)
                exact = True
            except RuntimeError as error:
                if not (out_of_memory(error) and isinstance(self.generator, SizesBatches)):
                    raise
                log.warning("the GPU's memory is full: once more, in half batches")
                with _half_batches(self.generator):
                    self._encode(plan, chunk, heard, path, note)
                exact = False
            with path.open("rb") as encoded:
                blob = self._storage.put(encoded, self._settings.chunk_ttl_s)
        if exact:  # other jobs get the very frames of whole batches
            self._note(plan, chunk, heard, blob)
        return blob

    def _encode(
        self,
        plan: Plan,
        chunk: Chunk,
        heard: AudioSlice,
        path: Path,
        note: Callable[[int], bool],
    ) -> None:
        progress = _Progress(note)
        frames = self._frames(plan, chunk, heard, progress.stopped)
        video.encode_chunk(frames, path, plan.fps, on_frames=progress.add)

    def _frames(
        self, plan: Plan, chunk: Chunk, heard: AudioSlice, cancelled: Callable[[], bool]
    ) -> Iterator[NDArray[np.uint8]]:
        frames = FrameRange(chunk.first_frame, chunk.n_frames)
        return self.generator.render(
            self._face(plan.face), heard, frames, plan.fps, look_of(plan.request), cancelled
        )

    def _heard(self, plan: Plan, frames: FrameRange) -> AudioSlice:
        context = self.generator.context
        first, stop = needed_samples(frames, plan.fps, context.before, context.after)
        with self._storage.open(plan.pcm) as pcm:
            return read_slice(pcm, plan.n_samples, first, stop)

    def _note(self, plan: Plan, chunk: Chunk, heard: AudioSlice, blob: Blob) -> None:
        """Tell later jobs of a chunk, under the fingerprint that really rendered it."""
        if self._known is None:
            return
        scene = scene_of(self.fingerprint, plan.face, plan.fps, look_of(plan.request))
        known = Known(chunk.first_frame, chunk.n_frames, heard_by(heard), blob.key)
        try:
            self._known.add(scene, known)
        except StoreError as error:  # the chunk itself is stored: only its reuse is lost
            log.warning("a chunk was not noted for reuse", error=str(error))


@contextmanager
def _half_batches(generator: SizesBatches) -> Iterator[None]:
    """Frames may then round differently in their last bit: better than no frames."""
    whole = generator.batch
    generator.batch = max(1, whole // 2)
    try:
        yield
    finally:
        generator.batch = whole


class _Progress:
    """Adds up frames; remembers that somebody said stop."""

    def __init__(self, note: Callable[[int], bool]) -> None:
        self._note, self._done, self._stop = note, 0, False

    def add(self, frames: int) -> None:
        failpoints.hit("chunk:mid")
        self._done += frames
        self._stop = self._stop or not self._note(self._done)

    def stopped(self) -> bool:
        return self._stop
