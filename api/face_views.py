"""Registered faces in the words of the API: what is sent, and what is answered."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.queries import JobsQuery
from api.schemas import BlobKey
from api.views import moment
from tasks.kept import FacePage, KeptFace, Point

FACES = "/api/v1/faces"
N_LANDMARKS = 68
EXAMPLE_ID = "face_" + "1f0a2b3c" * 4

PointPair = Annotated[
    tuple[float, float], Field(description="x and y, pixels.", examples=[[412.5, 603.25]])
]
Landmarks = Annotated[
    list[PointPair],
    Field(
        min_length=N_LANDMARKS,
        max_length=N_LANDMARKS,
        description="68 points [x, y] in pixels of `picture`, as iBUG 300-W numbers them: 0-16 jaw "
        "from the picture's left over the chin to its right, 17-26 brows, 27-35 nose, 36-41 the "
        "eye on the left, 42-47 the one on the right, 48-59 outer lips, 60-67 inner lips.",
    ),
]


class FaceBody(BaseModel):
    """A face to keep."""

    model_config = ConfigDict(extra="forbid")

    face: BlobKey | None = Field(
        None,
        description="A picture (PNG, JPEG, WebP) or a video of one person: in a form, the file; "
        "anywhere, the key of one that was sent before (`request.face` of its job).",
    )


class FaceCorrection(BaseModel):
    """Where a person says that the landmarks are."""

    model_config = ConfigDict(extra="forbid")

    landmarks: Landmarks


class FacesQuery(JobsQuery):
    """Which faces to list."""


class BoxView(BaseModel):
    """The smallest upright rectangle around the landmarks, in pixels of `picture`."""

    left: float = Field(description="Of its left edge, pixels from the picture's left.")
    top: float = Field(description="Of its upper edge, pixels from the picture's top.")
    width: float = Field(description="From edge to edge, pixels.")
    height: float = Field(description="From edge to edge, pixels.")


class FaceLinksView(BaseModel):
    """Where to go from here."""

    here: str = Field(serialization_alias="self", description="This face.")
    picture: str = Field(description="JPEG in the pixels that `landmarks` counts.")
    preview: str = Field(description="The same JPEG with the landmarks drawn on it.")


class FaceView(BaseModel):
    """A registered face."""

    id: str = Field(description="Name it as `face` of a job.", examples=[EXAMPLE_ID])
    created_at: datetime = Field(description="When it was registered, UTC.")
    kind: Literal["picture", "video"] = Field(
        description="A video is shown forwards and backwards by turns."
    )
    width: int = Field(description="Of the picture as it is kept, pixels.")
    height: int = Field(description="Of the picture as it is kept, pixels.")
    n_frames: int = Field(description="Pictures of a video at 25 a second; 1 of a picture.")
    landmarks: Landmarks
    box: BoxView = Field(description="Around the landmarks.")
    locator: str = Field(
        description="Who found the landmarks.", examples=["built-in", "face-alignment"]
    )
    corrected: bool = Field(description="Whether a person has moved landmarks since.")
    warnings: list[str] = Field(description="What you should know of it, in sentences.")
    links: FaceLinksView = Field(description="Addresses at this service.")


class FacesView(BaseModel):
    """Faces, newest first."""

    faces: list[FaceView] = Field(description="At most `limit`.")
    next_cursor: str | None = Field(description="For the page after this one; null at the end.")


def face_view(face: KeptFace) -> FaceView:
    """A registered face as it is now."""
    made, here = face.made, f"{FACES}/{face.id}"
    # ?revision lets a browser fetch it anew after a correction, and has no other meaning.
    version = f"?revision={face.revision}"
    return FaceView(
        id=face.id,
        created_at=moment(face.created_at),
        kind="video" if made.n_frames > 1 else "picture",
        width=made.width,
        height=made.height,
        n_frames=made.n_frames,
        landmarks=list(made.landmarks),
        box=_box(made.landmarks),
        locator=made.locator,
        corrected=made.landmarks != made.located,
        warnings=list(made.warnings),
        links=FaceLinksView(
            here=here, picture=f"{here}/picture", preview=f"{here}/preview{version}"
        ),
    )


def faces_view(page: FacePage) -> FacesView:
    """A page of faces."""
    return FacesView(faces=[face_view(face) for face in page.faces], next_cursor=page.next_cursor)


def _box(points: tuple[Point, ...]) -> BoxView:
    columns, rows = [x for x, _ in points], [y for _, y in points]
    left, top = min(columns), min(rows)
    return BoxView(
        left=left, top=top, width=round(max(columns) - left, 2), height=round(max(rows) - top, 2)
    )
