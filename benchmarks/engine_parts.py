"""What `benchmarks.engine` times: one photo, one sound, rendered whole and in parts."""

import wave
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.stopwatch import Stopwatch
from lipsync_engine import planes, video
from lipsync_engine.audio import AudioSlice, needed_samples, read_slice
from lipsync_engine.avatar import default_face
from lipsync_engine.face import Face
from lipsync_engine.generator import Look
from lipsync_engine.ingest import Limits, ingest_speech
from lipsync_engine.timeline import FrameRange, frame_count
from lipsync_engine.viseme import generator, hearing, interior, mesh, rig
from lipsync_engine.viseme.geometry import Box
from lipsync_engine.viseme.sampling import spread
from merge import concat, mux

FPS = Fraction(25)
KEPT_FRAMES = 200  # drawn before for the encoder alone: 150 MB at 512 x 512
STAGES = (
    "audio", "network", "splines", "warp", "lips", "interior", "lids", "other drawing",
    "colour", "encode", "mux",
)  # fmt: skip


def avatar_at(width: int, height: int) -> Face:
    """The shipped avatar, resized to fill the height and padded to the width by its edges."""
    face = default_face()
    scale = height / face.size[1]
    picture = cv2.resize(face.image(0), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    left = (width - picture.shape[1]) // 2
    picture = cv2.copyMakeBorder(
        picture, 0, 0, left, width - picture.shape[1] - left, cv2.BORDER_REPLICATE
    )
    landmarks = face.landmarks * scale + np.array([left, 0], np.float32)
    return Face((cv2.imencode(".png", picture)[1].tobytes(),), landmarks, "shipped")


class Work:
    """A chunk's work, and its parts alone."""

    def __init__(self, width: int, height: int, sound: Path, folder: Path, repeat_to: int = 0):
        self.face, self.folder = avatar_at(width, height), folder
        self.sound = sound
        with wave.open(str(sound)) as source:
            seconds = repeat_to or source.getnframes() // source.getframerate()
        self.canonical = ingest_speech(sound, folder, Limits())
        self.frames = FrameRange(0, frame_count(seconds * 16_000, FPS))
        self.generator = generator.VisemeGenerator("cpu")
        self.chunk = folder / f"{width}x{height}.mp4"
        self._kept: list[NDArray[np.uint8]] = []

    def heard(self) -> AudioSlice:
        """The sound with its context, repeated to the length of the frames."""
        context = self.generator.context
        first, stop = needed_samples(self.frames, FPS, context.before, context.after)
        with self.canonical.pcm.open("rb") as pcm:
            once = read_slice(pcm, self.canonical.n_samples, 0, self.canonical.n_samples)
        samples = np.resize(once.samples, stop - first)
        return AudioSlice(samples, first)

    def render(self) -> None:
        """Sound to a chunk's file, as a render worker does it."""
        drawn = self.generator.render(
            self.face, self.heard(), self.frames, FPS, Look(), lambda: False
        )
        video.encode_chunk(drawn, self.chunk, FPS)

    def stages(self) -> dict[str, float]:
        """Seconds of each stage of `render`, and of merging its chunk with the sound."""
        watch = Stopwatch()
        with watch.on(
            (self, "heard", "audio"),
            (hearing, "mouth_parameters", "network"),
            (rig, "pose", "splines"),
            (rig, "_splines", "splines"),
            (mesh.Mesh, "field", "splines"),
            (rig, "paint", "warp"),
            (rig, "draw_lips", "lips"),
            (interior, "draw", "interior"),
            (rig, "close", "lids"),
            (generator, "draw", "other drawing"),
            (planes.Bt709Planes, "update", "colour"),
            (video, "encode_chunk", "encode"),
        ):
            self.render()
        with watch.stage("mux"):
            chunk = concat.ChunkFile(self.chunk, self.frames.count)
            mux.merge_chunks([chunk], self.canonical.track, self.folder / "whole.mp4", FPS)
        return {name: watch.seconds[name] for name in STAGES}

    def remap_alone(self) -> None:
        """cv2.remap of the region of interest, once a frame, by a map that is ready."""
        face = self.generator._portrait(self.face, 0)
        rows, columns = face.roi.inside(Box(0, 0, *self.face.size))
        at = spread(face.still, face.roi, face.roi)[0].numpy() + np.float32(0.37)
        frame = face.picture.copy()
        for _ in range(self.frames.count):
            frame[rows, columns] = cv2.remap(face.texture.array, at, None, cv2.INTER_LINEAR)

    def encoder_alone(self) -> None:
        """The encoder and the colour conversion, on pictures drawn before."""
        video.encode_chunk(self._drawn(), self.folder / "again.mp4", FPS)

    def _drawn(self) -> Iterator[NDArray[np.uint8]]:
        if not self._kept:
            few = FrameRange(0, min(KEPT_FRAMES, self.frames.count))
            self._kept = list(
                self.generator.render(self.face, self.heard(), few, FPS, Look(), lambda: False)
            )
        n = len(self._kept)
        for k in range(-(-self.frames.count // generator.BATCH)):
            turn = k % (2 * n)  # back and forth, so that no picture jumps
            batch = self._kept[min(turn, 2 * n - 1 - turn)]
            yield batch if turn < n else batch[::-1]
