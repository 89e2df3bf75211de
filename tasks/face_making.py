"""A face that is to be kept, looked at in a cpu worker: canonical, to look at, and with its card.

The card is a small blob that says how a face was at one moment: its upload, what the
locator found, what a person corrected. A job holds the card of its submit, so that
neither a later correction nor a deletion changes an accepted job. A video at another
frame rate is made from the upload again, with the same correction.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from lipsync_engine.correction import corrected, first_shown
from lipsync_engine.face import Face
from lipsync_engine.face_pictures import drawn, jpeg
from tasks.kept import MadeFace, Point
from tasks.media import face_of, put_face
from tasks.remembered import StoredFace, face_name, recall_face, remember_face
from tasks.settings import Settings
from tasks.storage import Storage, read

FPS = Fraction(25)  # at which a video is looked at
VERSION = 1  # of the card


@dataclass(frozen=True, slots=True)
class Card:
    """How a face was when a job took it.

    Attributes:
        source: blob key of the upload.
        canonical: blob key of the face at FPS, corrected.
        n_frames: its pictures.
        located: where the locator had the points of the first picture that shows the face.
        wanted: where a person put them; None: nobody corrected them.
        warnings: of the face at FPS.
    """

    source: str
    canonical: str
    n_frames: int
    located: tuple[Point, ...]
    wanted: tuple[Point, ...] | None
    warnings: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """As a blob."""
        return json.dumps(asdict(self) | {"version": VERSION}, sort_keys=True).encode()

    @classmethod
    def from_bytes(cls, blob: bytes) -> "Card":
        """Read what `to_bytes` wrote."""
        facts = json.loads(blob)
        del facts["version"]
        facts["located"] = _points(facts["located"])
        facts["wanted"] = None if facts["wanted"] is None else _points(facts["wanted"])
        facts["warnings"] = tuple(facts["warnings"])
        return cls(**facts)


def make_face(
    source: str, wanted: Sequence[Point] | None, storage: Storage, settings: Settings
) -> MadeFace:
    """Look at an upload, lay a correction onto it, and store all that a kept face has.

    Args:
        source: blob key of the upload.
        wanted: a person's landmarks of the first picture that shows the face; None: the locator's.

    Raises:
        InputError: there is no usable face, and what to do.
    """
    with TemporaryDirectory(prefix="face-") as folder:
        stored = face_of(source, FPS, storage, settings, Path(folder))
    face = found = Face.from_bytes(read(storage, stored.key))
    first = first_shown(found)
    located = found.landmarks[first].astype(np.float64)
    if wanted is not None:
        face, stored = _mended(stored, found, located, np.array(wanted), storage, settings)
    card = Card(
        source, stored.key, face.n_images, _listed(located),
        None if wanted is None else tuple(wanted), stored.warnings,
    )  # fmt: skip
    image = face.image(first)
    width, height = face.size

    def keep(data: bytes) -> str:
        return storage.put(data, settings.upload_ttl_s).key

    return MadeFace(
        source=source,
        card=keep(card.to_bytes()),
        canonical=stored.key,
        picture=keep(jpeg(image)),
        preview=keep(jpeg(drawn(image, face.landmarks[first]))),
        width=width,
        height=height,
        n_frames=face.n_images,
        landmarks=_listed(face.landmarks[first]),
        located=_listed(located),
        locator=found.located_by,
        warnings=stored.warnings,
    )


def face_by_card(
    card_key: str, fps: Fraction, storage: Storage, settings: Settings, workdir: Path
) -> StoredFace:
    """The located face of a job that took a kept one.

    Raises:
        InputError: the upload cannot be used at this frame rate, and what to do.
        MissingBlobError: the card is not there.
    """
    card = Card.from_bytes(read(storage, card_key))
    if card.n_frames == 1 or fps == FPS:
        return StoredFace(card.canonical, card.warnings)
    if card.wanted is None:
        return face_of(card.source, fps, storage, settings, workdir)
    name = face_name(card_key, fps, settings)
    if (known := recall_face(storage, name)) is not None:
        return known
    stored = face_of(card.source, fps, storage, settings, workdir)
    found = Face.from_bytes(read(storage, stored.key))
    _, mended = _mended(
        stored, found, np.array(card.located), np.array(card.wanted), storage, settings
    )
    remember_face(storage, name, mended, settings)
    return mended


def _mended(
    stored: StoredFace, found: Face, located: NDArray[np.float64], wanted: NDArray[np.float64],
    storage: Storage, settings: Settings,
) -> tuple[Face, StoredFace]:  # fmt: skip
    """A located face with a person's correction, (68, 2) and (68, 2) pixels, stored."""
    face = corrected(found, located, wanted)
    return face, put_face(face, _kept_warnings(stored, found, face), storage, settings)


def _kept_warnings(stored: StoredFace, found: Face, face: Face) -> tuple[str, ...]:
    """All warnings but those of the locator that the correction has made void."""
    void = set(found.warnings) - set(face.warnings)
    return tuple(text for text in stored.warnings if text not in void)


def _listed(points: NDArray[np.float64] | NDArray[np.float32]) -> tuple[Point, ...]:
    """To a hundredth of a pixel: finer than any locator or hand."""
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in points)


def _points(listed: Sequence[Sequence[float]]) -> tuple[Point, ...]:
    return tuple((x, y) for x, y in listed)
