"""The earlier service's Python names, on the same code.

Scripts written for the two-model service keep working: a service object whose
face is preloaded and never located again, and functions that split, render,
merge. New code had better use `tasks.client` or `tasks.local`.
"""

import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lipsync_engine import avatar, ingest, locate, registry, video
from lipsync_engine.audio import needed_samples, read_slice
from lipsync_engine.chunking import estimate_optimal_chunks, place_cuts
from lipsync_engine.face import Face
from lipsync_engine.generator import Look
from lipsync_engine.sound import Sound
from lipsync_engine.timeline import FrameRange, frame_count, parse_fps
from merge.concat import ChunkFile
from merge.mux import merge_chunks

__all__ = [
    "AudioChunk",
    "LipsyncService",
    "estimate_optimal_chunks",
    "merge_video_chunks",
    "parallel_lipsync_process",
    "process_chunk_with_service",
    "split_audio_file",
]


@dataclass(frozen=True, slots=True)
class AudioChunk:
    """A run of frames of one sound, to be rendered alone.

    Not a sound file of its own: a worker hears past the cut on both sides, which
    is what makes the joined video equal to the uncut one.
    """

    sound: Sound
    frames: FrameRange
    fps: Fraction


class LipsyncService:
    """A generator that is set up, and a face that is located once.

    Args:
        face: a picture or video file; None is the shipped avatar.
        generator: name of an installed generator.
        fps: frames a second of every video this service makes.
    """

    def __init__(
        self, face: str | Path | None = None, generator: str = "viseme", fps: str = "25"
    ) -> None:
        self.fps = parse_fps(fps)
        self.generator = registry.create(generator)
        self.generator.setup()
        self.face = _preload(face, self.fps)

    def process_with_preloaded(self, *, audio_path: str | Path, output_path: str | Path) -> str:
        """Make a whole video of a sound file with the preloaded face; returns `output_path`.

        Raises:
            InputError: the sound cannot be used, and what to do.
        """
        with TemporaryDirectory(prefix="service-") as folder:
            chunks = split_audio_file(audio_path, 1, folder, fps=str(self.fps))
            parts = [process_chunk_with_service(self, chunk, folder) for chunk in chunks]
            return merge_video_chunks(parts, audio_path, output_path)


def split_audio_file(
    audio_path: str | Path, num_chunks: int, workdir: str | Path, fps: str = "25"
) -> list[AudioChunk]:
    """Cut a sound file on the frame grid, in silence where there is some near.

    Args:
        num_chunks: how many are wanted; a very short sound gives fewer.
        workdir: an existing folder; the chunks refer to files in it.

    Raises:
        InputError: the sound cannot be used, and what to do.
    """
    rate = parse_fps(fps)
    sound = ingest.ingest_speech(Path(audio_path), Path(workdir), ingest.Limits())
    pcm = np.fromfile(sound.pcm, "<i2")
    cuts = place_cuts(pcm, frame_count(sound.n_samples, rate), rate, num_chunks)
    return [AudioChunk(sound, frames, rate) for frames in cuts]


def process_chunk_with_service(
    service: LipsyncService, chunk: AudioChunk, workdir: str | Path
) -> Path:
    """Render one chunk with the service's generator and face; returns the chunk's video file."""
    context = service.generator.context
    first, stop = needed_samples(chunk.frames, chunk.fps, context.before, context.after)
    with chunk.sound.pcm.open("rb") as pcm:
        heard = read_slice(pcm, chunk.sound.n_samples, first, stop)
    path = Path(workdir) / f"chunk-{chunk.frames.first:08d}.mp4"
    frames = service.generator.render(
        service.face, heard, chunk.frames, chunk.fps, Look(), lambda: False
    )
    video.encode_chunk(frames, path, chunk.fps)
    return path


def merge_video_chunks(
    chunk_paths: Sequence[str | Path], audio_path: str | Path, output_path: str | Path
) -> str:
    """Join chunk videos, in the given order, under the whole sound file; returns `output_path`.

    Raises:
        MergeError: the chunks are unlike, or do not have the sound's length.
        InputError: the sound cannot be used.
    """
    chunks = [ChunkFile(Path(path), video.count_frames(Path(path))) for path in chunk_paths]
    fps = video.frame_rate(chunks[0].path)
    with TemporaryDirectory(prefix="merge-") as folder:
        sound = ingest.ingest_speech(Path(audio_path), Path(folder), ingest.Limits())
        merge_chunks(chunks, sound.track, Path(output_path), fps)
    return str(output_path)


def parallel_lipsync_process(
    gan_service: LipsyncService,
    nogan_service: LipsyncService,
    audio_path: str | Path,
    output_path: str | Path,
    num_workers: int = 2,
) -> str:
    """Render the chunks of one sound on two services at once; returns `output_path`.

    The services take turns. With two different generators the look changes at
    every cut: allowed, as the earlier service allowed it, with a warning.

    Raises:
        ValueError: num_workers is not at least 1, or the services' frame rates differ.
        InputError: the sound cannot be used, and what to do.
    """
    services = (gan_service, nogan_service)
    _check_alike(services, num_workers)
    with TemporaryDirectory(prefix="parallel-") as folder:
        chunks = split_audio_file(audio_path, num_workers, folder, fps=str(gan_service.fps))
        # One thread per service, not per worker: a generator renders one chunk at a time.
        with ThreadPoolExecutor(1) as first, ThreadPoolExecutor(1) as second:
            pools = (first, second) if num_workers > 1 else (first,)
            parts = [
                pools[i % len(pools)].submit(
                    process_chunk_with_service, services[i % len(pools)], chunk, folder
                )
                for i, chunk in enumerate(chunks)
            ]
            paths = [part.result() for part in parts]
        return merge_video_chunks(paths, audio_path, output_path)


def _check_alike(services: tuple[LipsyncService, LipsyncService], num_workers: int) -> None:
    if num_workers < 1:
        raise ValueError(f"num_workers must be at least 1, not {num_workers}")
    one, other = services
    if one.fps != other.fps:
        raise ValueError(f"the services' frame rates differ: {one.fps} and {other.fps}")
    if num_workers > 1 and one.generator.fingerprint() != other.generator.fingerprint():
        warnings.warn(
            f"{one.generator.name} and {other.generator.name} are different generators: the "
            "look of the video will change where the chunks meet.",
            stacklevel=3,
        )


def _preload(face: str | Path | None, fps: Fraction) -> Face:
    if face is None:
        return avatar.default_face()
    with TemporaryDirectory(prefix="face-") as folder:
        pictures = ingest.ingest_face(Path(face), Path(folder), ingest.Limits(), fps)
        return locate.locate(pictures.images, fps)
