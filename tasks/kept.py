"""What the rooms say to each other about registered faces. Standard library only."""

import secrets
from dataclasses import dataclass

MAKE_FACE = "lipchord.make_face"  # the Celery task that looks at a face to be kept

Point = tuple[float, float]  # x and y, pixels


def new_face_id() -> str:
    """An id that nobody can guess."""
    return f"face_{secrets.token_hex(16)}"


@dataclass(frozen=True, slots=True)
class MadeFace:
    """What a cpu worker made of an upload: facts, and keys of blobs.

    Attributes:
        source: blob key of the upload.
        card: blob key of what a job is planned from, see `tasks.face_making.Card`.
        canonical: blob key of a `lipsync_engine.face.Face`.
        picture: blob key of a JPEG, the first picture that shows the face.
        preview: blob key of the same JPEG with the landmarks drawn on it.
        width, height: of the picture, pixels.
        n_frames: pictures of a video at 25 a second; 1 of a photo.
        landmarks: 68 points on that picture, pixels.
        located: the same as the locator had them; another value only after a correction.
        locator: who located them, "built-in" or "face-alignment".
        warnings: what the user should know, in plain sentences.
    """

    source: str
    card: str
    canonical: str
    picture: str
    preview: str
    width: int
    height: int
    n_frames: int
    landmarks: tuple[Point, ...]
    located: tuple[Point, ...]
    locator: str
    warnings: tuple[str, ...]

    @property
    def blobs(self) -> tuple[str, ...]:
        """Keys of all that must stay while the face is kept."""
        return *self.of_a_job, self.picture, self.preview

    @property
    def of_a_job(self) -> tuple[str, ...]:
        """Keys of what a job with this face needs."""
        return self.source, self.card, self.canonical


@dataclass(frozen=True, slots=True)
class KeptFace:
    """A registered face as the outside sees it.

    Attributes:
        created_at: Unix time, seconds, by the store's clock.
        revision: counts corrections, from 1.
    """

    id: str
    tenant: str
    created_at: float
    revision: int
    made: MadeFace

    @property
    def holder(self) -> str:
        """Who holds the blobs of this revision; see `tasks.holds`."""
        return holder(self.id, self.revision)


@dataclass(frozen=True, slots=True)
class FacePage:
    """Faces, newest first; `next_cursor` asks for the page after this one, None at the end."""

    faces: tuple[KeptFace, ...]
    next_cursor: str | None


def holder(face_id: str, revision: int) -> str:
    """The name under which one revision of a face holds its blobs."""
    return f"{face_id}.{revision}"


def held_by(holder: str) -> tuple[str, int] | None:
    """(face's id, revision) of such a name; None of a job's."""
    face_id, _, revision = holder.partition(".")
    return (face_id, int(revision)) if face_id.startswith("face_") else None
