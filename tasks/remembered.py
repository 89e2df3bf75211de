"""What is remembered about an upload that was looked at: its canonical blobs, its warnings.

Light on purpose: the API process asks too, and loads neither OpenCV nor torch with it.
"""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction

from tasks.errors import MissingBlobError
from tasks.settings import Settings
from tasks.storage import Storage, read

VERSION = "2"  # raise it when ingest or locating changes


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


def recall_sound(storage: Storage, key: str, settings: Settings) -> StoredSound | None:
    """The canonical sound of upload `key`, while its blobs are there."""
    known = _recall(storage, _sound_name(key, settings))
    if known is None:
        return None
    return StoredSound(**known | {"warnings": tuple(known["warnings"])})


def remember_sound(storage: Storage, key: str, sound: StoredSound, settings: Settings) -> None:
    """Remember the canonical sound of upload `key` while uploads are kept."""
    _remember(storage, _sound_name(key, settings), asdict(sound), settings)


def face_name(key: str, fps: Fraction, settings: Settings) -> str:
    """Under which the face of upload `key`, or of a card, is remembered."""
    return f"{settings.max_video_s}:{fps}:{key}"


def recall_face(storage: Storage, name: str) -> StoredFace | None:
    """The face that was remembered under `name`, while its blob is there."""
    known = _recall(storage, f"face:{VERSION}:{name}")
    return None if known is None else StoredFace(known["key"], tuple(known["warnings"]))


def remember_face(storage: Storage, name: str, face: StoredFace, settings: Settings) -> None:
    """Let `name` mean this face while uploads are kept."""
    _remember(storage, f"face:{VERSION}:{name}", asdict(face), settings)


def _sound_name(key: str, settings: Settings) -> str:
    return f"speech:{VERSION}:{settings.max_audio_s}:{key}"


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
