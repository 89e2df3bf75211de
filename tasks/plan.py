"""The first step of a job: from a request to sound, face and cuts, all in the blob store."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lipsync_engine.face import Face
from lipsync_engine.look import parse_box
from lipsync_engine.pulling import Pace
from lipsync_engine.timeline import frame_count, parse_fps
from lipsync_engine.wav2lip.box import fixed
from tasks import captions
from tasks.blueprint import Plan
from tasks.contract import JobRequest
from tasks.cutting import cut, early_frames
from tasks.face_making import face_by_card
from tasks.look import look_of
from tasks.media import face_of, sound_of
from tasks.paces import chosen
from tasks.remembered import StoredFace
from tasks.reuse import Reuse
from tasks.settings import Settings
from tasks.storage import Storage, read


@dataclass(frozen=True)
class Capacity:
    """Who is there to render.

    Attributes:
        workers: the render workers' paces; without any, as many are planned for as the request
            names, or one.
        busy: at least as many other jobs as workers are under way.
    """

    workers: Sequence[Pace] = ()
    busy: bool = False


def make_plan(
    request: JobRequest,
    storage: Storage,
    settings: Settings,
    capacity: Capacity,
    on_progress: Callable[[float], None],
    reuse: Reuse | None = None,
) -> Plan:
    """Make or fetch the sound and the face, and cut the frames.

    Args:
        on_progress: told how far it is, 0..1.
        reuse: where chunks of earlier jobs are found; None: all is rendered.

    Raises:
        InputError: the sound or the face cannot be used, and what to do.
    """
    fps = parse_fps(request.fps)
    with TemporaryDirectory(prefix="plan-") as folder:
        workdir = Path(folder)
        with ThreadPoolExecutor(1) as beside:  # both are mostly other processes' work
            spoken = beside.submit(sound_of, request, storage, settings, workdir, on_progress)
            face = _face(request, fps, storage, settings, workdir)
            _check_box(request, storage, face.key)
            sound, script = spoken.result()
        n_frames = frame_count(sound.n_samples, fps)
        pcm = read(storage, sound.pcm)
        known = () if reuse is None else reuse.find(
            face.key, fps, look_of(request), pcm, n_frames, storage, workdir
        )  # fmt: skip
    crew = chosen(capacity.workers, request.num_workers, request.generator)
    early = early_frames(request, fps, settings)
    busy = capacity.busy and request.num_workers is None
    return Plan(
        request=request,
        fps=fps,
        n_frames=n_frames,
        n_samples=sound.n_samples,
        chunks=cut(np.frombuffer(pcm, "<i2"), n_frames, fps, crew, known, early, busy),
        pcm=sound.pcm,
        track=sound.track,
        track_suffix=sound.track_suffix,
        face=face.key,
        warnings=(*sound.warnings, *face.warnings),
        captions=captions.keep(script, n_frames / fps, storage, settings),
    )


def _face(
    request: JobRequest, fps: Fraction, storage: Storage, settings: Settings, workdir: Path
) -> StoredFace:
    if request.face_card is not None:
        return face_by_card(request.face_card, fps, storage, settings, workdir)
    return face_of(request.face, fps, storage, settings, workdir)


def _check_box(request: JobRequest, storage: Storage, face_key: str) -> None:
    """Raises FaceError: the face was to be in a box that the picture does not have."""
    if request.box is not None:
        fixed(parse_box(request.box), *Face.from_bytes(read(storage, face_key)).size)
