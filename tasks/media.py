"""Sound and face of a request as canonical blobs, each made once per content."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

from lipsync_engine import avatar, ingest, locate, speech
from lipsync_engine.sound import Sound
from lipsync_engine.timeline import parse_fps
from tasks.contract import JobRequest, MediaKind
from tasks.errors import MissingBlobError
from tasks.settings import Settings
from tasks.storage import Storage, fetch, read

VERSION = "2"  # of what is remembered about an upload: raise it when ingest or locating changes


@dataclass(frozen=True, slots=True)
class StoredSound:
    """A canonical sound in the blob store; see `tasks.plan.Plan` for the keys."""

    pcm: str
    n_samples: int
    track: str
    track_suffix: str
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredFace:
    """A located face in the blob store."""

    key: str
    warnings: tuple[str, ...]


def sound_of(
    request: JobRequest,
    storage: Storage,
    settings: Settings,
    workdir: Path,
    on_progress: Callable[[float], None],
) -> StoredSound:
    """The request's sound: spoken from its text, or its upload made canonical.

    Raises:
        InputError: it cannot be used, and what to do.
    """
    if request.speech is None:
        spoken = speech.synthesize(
            request.text or "", request.language, request.voice, request.rate, request.pitch,
            workdir, on_progress,
        )  # fmt: skip
        return _keep_sound(spoken, storage, settings)
    name = f"speech:{VERSION}:{settings.max_audio_s}:{request.speech}"
    if (known := _recall(storage, name)) is not None:
        return StoredSound(**known | {"warnings": tuple(known["warnings"])})
    upload = fetch(storage, request.speech, workdir / "upload-speech")
    stored = _keep_sound(
        ingest.ingest_speech(upload, workdir, _limits(settings)), storage, settings
    )
    _remember(storage, name, asdict(stored), settings)
    return stored


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
    name = f"face:{VERSION}:{settings.max_video_s}:{fps}:{key}"
    if (known := _recall(storage, name)) is not None:
        return StoredFace(known["key"], tuple(known["warnings"]))
    upload = fetch(storage, key, workdir / "upload-face")
    pictures = ingest.ingest_face(upload, workdir, _limits(settings), fps)
    face = locate.locate(pictures.images, fps)
    warnings = (*pictures.warnings, *face.warnings)
    stored = StoredFace(storage.put(face.to_bytes(), settings.upload_ttl_s).key, warnings)
    _remember(storage, name, asdict(stored), settings)
    return stored


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


def _recall(storage: Storage, name: str) -> dict | None:  # type: ignore[type-arg]
    """What was remembered under `name`, if it and every blob it speaks of are still there."""
    key = storage.resolve(name)
    if key is None:
        return None
    try:
        facts: dict[str, object] = json.loads(read(storage, key))
        for blob in facts.values():
            if isinstance(blob, str) and blob.startswith("blob_"):
                storage.stat(blob)
    except MissingBlobError:
        return None
    return facts


def _remember(storage: Storage, name: str, facts: dict[str, object], settings: Settings) -> None:
    ttl = settings.upload_ttl_s
    storage.link(name, storage.put(json.dumps(facts).encode(), ttl).key, ttl)
