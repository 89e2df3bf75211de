"""The first step of a job: from a request to sound, face and cuts, all in the blob store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lipsync_engine.chunking import costs_of, estimate_optimal_chunks, place_cuts
from lipsync_engine.face import Face
from lipsync_engine.look import parse_box
from lipsync_engine.timeline import frame_count, parse_fps
from lipsync_engine.wav2lip.box import fixed
from tasks.blueprint import Chunk, Plan
from tasks.contract import JobRequest
from tasks.media import face_of, sound_of
from tasks.settings import Settings
from tasks.storage import Storage, read

MAX_CHUNK_FRAMES = 3000  # keeps a chunk on a slow generator (3 frames/s) within a task's time limit


def make_plan(
    request: JobRequest,
    storage: Storage,
    settings: Settings,
    ready_workers: int,
    on_progress: Callable[[float], None],
) -> Plan:
    """Make or fetch the sound and the face, and cut the frames.

    Args:
        ready_workers: to plan for where the request does not say how many.
        on_progress: told how far it is, 0..1.

    Raises:
        InputError: the sound or the face cannot be used, and what to do.
    """
    fps = parse_fps(request.fps)
    with TemporaryDirectory(prefix="plan-") as folder:
        workdir = Path(folder)
        with ThreadPoolExecutor(1) as beside:  # both are mostly other processes' work
            spoken = beside.submit(sound_of, request, storage, settings, workdir, on_progress)
            face = face_of(request.face, fps, storage, settings, workdir)
            _check_box(request, storage, face.key)
            sound = spoken.result()
    n_frames = frame_count(sound.n_samples, fps)
    return Plan(
        request=request,
        fps=fps,
        n_frames=n_frames,
        n_samples=sound.n_samples,
        chunks=_cuts(request, storage, sound.pcm, n_frames, fps, ready_workers),
        pcm=sound.pcm,
        track=sound.track,
        track_suffix=sound.track_suffix,
        face=face.key,
        warnings=(*sound.warnings, *face.warnings),
    )


def _check_box(request: JobRequest, storage: Storage, face_key: str) -> None:
    """Raises FaceError: the face was to be in a box that the picture does not have."""
    if request.box is not None:
        fixed(parse_box(request.box), *Face.from_bytes(read(storage, face_key)).size)


def _cuts(
    request: JobRequest, storage: Storage, pcm_key: str, n_frames: int, fps: Fraction, ready: int
) -> tuple[Chunk, ...]:
    workers = request.num_workers or max(1, ready)
    costs = costs_of(request.generator)
    wanted = estimate_optimal_chunks(float(n_frames / fps), workers, fps=fps, costs=costs)
    n_chunks = max(wanted, ceil(n_frames / MAX_CHUNK_FRAMES))
    pcm = np.frombuffer(read(storage, pcm_key), "<i2")
    cuts = place_cuts(pcm, n_frames, fps, n_chunks, workers)
    return tuple(Chunk(i, cut.first, cut.count) for i, cut in enumerate(cuts))
