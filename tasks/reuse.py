"""Which frames of a new job are there already: the planner's side of reuse by content.

Known chunks of the same scene are tried on the new sound: what they heard must be
what this job has at the same frames. Of those that fit, the ones are taken that
leave the fewest frames to render, and each is read and counted before its use.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import structlog

from lipsync_engine import video
from lipsync_engine.audio import needed_samples, read_slice
from lipsync_engine.errors import UnreadableMediaError
from lipsync_engine.look import Look
from lipsync_engine.timeline import FrameRange
from tasks.errors import MissingBlobError
from tasks.known import Known, KnownChunks, heard_by, scene_of
from tasks.storage import Storage, read
from tasks.versions import Renderers

# Samples hashed for one job beyond twice its own: 64 MB, 35 ms at the 1.8 GB/s measured here.
SPARE_SAMPLES = 16_000_000

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Reuse:
    """Where a planner finds chunks: the index, and what they must have been rendered by."""

    renderers: Renderers
    known: KnownChunks

    def find(
        self, face: str, fps: Fraction, look: Look, pcm: bytes, n_frames: int, storage: Storage,
        workdir: Path,
    ) -> tuple[Known, ...]:  # fmt: skip
        """Chunks that can stand in this job as they are, in order, verified.

        Args:
            face: blob key.
            pcm: the job's canonical sound, s16le.
            n_frames: of the job.
            workdir: for one chunk at a time.
        """
        scene = scene_of(self.renderers.fingerprint, face, fps, look)
        fitting = self._fitting(self.known.of(scene), pcm, fps, n_frames)
        good: set[Known] = set()
        while True:
            taken = best_cover(fitting)
            bad = {one for one in taken if one not in good and not _whole(one, storage, workdir)}
            for one in bad:
                log.warning("a known chunk is gone or damaged", key=one.key)
                self.known.drop(scene, one)
            if not bad:
                return taken
            good.update(set(taken) - bad)
            fitting = [one for one in fitting if one not in bad]

    def _fitting(
        self, known: Sequence[Known], pcm: bytes, fps: Fraction, n_frames: int
    ) -> list[Known]:
        """Those that heard what this job's sound has at their frames."""
        n_samples = len(pcm) // 2
        left = 2 * n_samples + SPARE_SAMPLES
        heard: dict[FrameRange, str] = {}
        fitting = []
        context = self.renderers.context
        for one in known:
            frames = FrameRange(one.first_frame, one.n_frames)
            if frames.stop > n_frames:
                continue
            if frames not in heard:
                first, stop = needed_samples(frames, fps, context.before, context.after)
                left -= stop - first
                if left < 0:
                    break  # the rest is older, and rendering it is not wrong either
                heard[frames] = heard_by(read_slice(BytesIO(pcm), n_samples, first, stop))
            if heard[frames] == one.heard:
                fitting.append(one)
        return fitting


def best_cover(known: Iterable[Known]) -> tuple[Known, ...]:
    """Chunks without overlap that cover the most frames; of equal ones the fewest, in order.

    Weighted interval scheduling (Kleinberg and Tardos, Algorithm Design, 6.1).
    """
    ordered = sorted(known, key=lambda one: one.stop)
    stops = [one.stop for one in ordered]
    best = [(0, 0)]  # (frames, minus chunks) of the first k
    befores, taken = [], []
    for index, one in enumerate(ordered):
        before = bisect_right(stops, one.first_frame, 0, index)
        frames, chunks = best[before]
        with_it = (frames + one.n_frames, chunks - 1)
        befores.append(before)
        taken.append(with_it > best[index])
        best.append(max(with_it, best[index]))
    found, index = [], len(ordered)
    while index:
        if taken[index - 1]:
            found.append(ordered[index - 1])
            index = befores[index - 1]
        else:
            index -= 1
    return tuple(reversed(found))


def _whole(one: Known, storage: Storage, workdir: Path) -> bool:
    """Whether its blob is there with the bytes of its key, and a video of its frames."""
    try:
        data = read(storage, one.key)
        if f"blob_{hashlib.sha256(data).hexdigest()}" != one.key:
            storage.verify(one.key)  # finds the damaged part and forgets it
            return False
        path = workdir / "known.mp4"
        path.write_bytes(data)
        return video.count_frames(path) == one.n_frames
    except (MissingBlobError, UnreadableMediaError):
        return False
