"""Sound and face of a request as canonical blobs, each made once per content."""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from lipsync_engine import avatar, ingest, locate, speech
from lipsync_engine.face import Face
from lipsync_engine.script import Script
from lipsync_engine.sound import Sound
from lipsync_engine.timeline import parse_fps
from tasks.contract import JobRequest, MediaKind
from tasks.remembered import (
    StoredFace,
    StoredSound,
    face_name,
    recall_face,
    recall_sound,
    remember_face,
    remember_sound,
)
from tasks.settings import Settings
from tasks.storage import Storage, fetch


def sound_of(
    request: JobRequest,
    storage: Storage,
    settings: Settings,
    workdir: Path,
    on_progress: Callable[[float], None],
) -> tuple[StoredSound, Script]:
    """The request's sound: spoken from its text, or its upload made canonical; what it says when.

    Raises:
        InputError: it cannot be used, and what to do.
    """
    if request.speech is None:
        spoken = speech.synthesize(
            request.text or "", request.language, request.voice, request.rate, request.pitch,
            workdir, on_progress,
        )  # fmt: skip
        return _keep_sound(spoken, storage, settings), spoken.script
    if (known := recall_sound(storage, request.speech, settings)) is not None:
        return known, ()
    upload = fetch(storage, request.speech, workdir / "upload-speech")
    stored = _keep_sound(
        ingest.ingest_speech(upload, workdir, _limits(settings)), storage, settings
    )
    remember_sound(storage, request.speech, stored, settings)
    return stored, ()


def face_of(
    key: str | None, fps: Fraction, storage: Storage, settings: Settings, workdir: Path
) -> StoredFace:
    """The located face of upload `key`, or the shipped avatar.

    Raises:
        InputError: there is no usable face, and what to do.
    """
    if key is None:
        blob = storage.put(avatar.default_face().to_bytes(), settings.upload_ttl_s)
        return StoredFace(blob.key, ())
    name = face_name(key, fps, settings)
    if (known := recall_face(storage, name)) is not None:
        return known
    upload = fetch(storage, key, workdir / "upload-face")
    pictures = ingest.ingest_face(upload, workdir, _limits(settings), fps)
    face = locate.locate(pictures.images, fps)
    stored = put_face(face, (*pictures.warnings, *face.warnings), storage, settings)
    remember_face(storage, name, stored, settings)
    return stored


def put_face(
    face: Face, warnings: tuple[str, ...], storage: Storage, settings: Settings
) -> StoredFace:
    """Store a located face, with what the user should know of it."""
    return StoredFace(storage.put(face.to_bytes(), settings.upload_ttl_s).key, warnings)


def look_at(kind: MediaKind, key: str, fps: str, storage: Storage, settings: Settings) -> None:
    """Make an upload canonical now, so that a bad one is refused before it becomes a job.

    Raises:
        InputError: it cannot be used, and what to do.
    """
    with TemporaryDirectory(prefix="inspect-") as folder:
        if kind is MediaKind.FACE:
            face_of(key, parse_fps(fps), storage, settings, Path(folder))
        else:
            request = JobRequest(speech=key)
            sound_of(request, storage, settings, Path(folder), lambda _: None)


def _keep_sound(sound: Sound, storage: Storage, settings: Settings) -> StoredSound:
    with sound.pcm.open("rb") as pcm, sound.track.open("rb") as track:
        return StoredSound(
            pcm=storage.put(pcm, settings.upload_ttl_s).key,
            n_samples=sound.n_samples,
            track=storage.put(track, settings.upload_ttl_s).key,
            track_suffix=sound.track.suffix,
            warnings=sound.warnings,
        )


def _limits(settings: Settings) -> ingest.Limits:
    return ingest.Limits(max_audio_s=settings.max_audio_s, max_video_s=settings.max_video_s)
