"""Faces that the API keeps: sent once, located once, used by id."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lipchord_client.form import form, json_body
from lipchord_client.pages import pages
from lipchord_client.transport import Transport
from lipchord_client.views import FaceView

FACES = "/api/v1/faces"


class Face:
    """A face that is kept.

    Attributes:
        view: as the API's JSON has it.
    """

    def __init__(self, transport: Transport, view: FaceView) -> None:
        self._transport, self.view = transport, view

    def __repr__(self) -> str:
        return f"<Face {self.id}: {self.view['kind']}, {self.view['width']}×{self.view['height']}>"

    @property
    def id(self) -> str:
        """What a job takes as its `face`."""
        return self.view["id"]

    @property
    def landmarks(self) -> list[list[float]]:
        """68 points (x, y), in pixels of the picture as kept."""
        return self.view["landmarks"]

    @property
    def _path(self) -> str:
        return f"{FACES}/{self.id}"

    def correct(self, landmarks: Sequence[Sequence[float]]) -> Face:
        """Say where the 68 landmarks really are. Raises RefusedError."""
        body = json_body({"landmarks": [list(point) for point in landmarks]})
        self.view = self._transport.ask("PATCH", self._path, body).json()
        return self

    def preview(self, path: str | Path) -> Path:
        """Save the picture with its landmarks drawn, a JPEG."""
        return self._save("preview", path)

    def picture(self, path: str | Path) -> Path:
        """Save the picture as it is kept, a JPEG."""
        return self._save("picture", path)

    def delete(self) -> None:
        """Forget it. Jobs that have it go on."""
        self._transport.ask("DELETE", self._path)

    def _save(self, what: str, path: str | Path) -> Path:
        out = Path(path)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(self._transport.ask("GET", f"{self._path}/{what}").body)
        return out


class Faces:
    """All faces of this tenant: `client.faces`. Iterating gives them, newest first."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def add(self, face: str | Path | bytes) -> Face:
        """Keep a picture or a short video of a face, and find its landmarks.

        Raises:
            RefusedError: no face is found, or the file cannot be used.
        """
        content = face if isinstance(face, bytes) else Path(face)
        return self._face(self._transport.ask("POST", FACES, form({}, {"face": content})).json())

    def get(self, face_id: str) -> Face:
        """Raises NotFoundError."""
        return self._face(self._transport.ask("GET", f"{FACES}/{face_id}").json())

    def __iter__(self) -> Iterator[Face]:
        return map(self._face, pages(self._transport, FACES, "faces"))

    def _face(self, view: Any) -> Face:
        return Face(self._transport, view)
