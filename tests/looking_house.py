"""A house whose cpu worker looks at uploads and faces at once, in this process, by its own code.

What Celery adds, messages and another process, has tests of its own.
"""

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import cv2
from werkzeug.test import TestResponse

from lipsync_engine.errors import InputError
from tasks.contract import Failure, MediaKind
from tasks.face_findings import FaceFindings
from tasks.face_making import make_face
from tasks.kept import MadeFace, Point
from tasks.media import look_at
from tasks.stores import connect
from tests.api_house import House, Outbox
from tests.faces import avatar_view

FACES = "/api/v1/faces"


class Looking(Outbox):
    """A publisher that does what a cpu worker would; `asked` are the faces that it was given."""

    house: "LookingHouse"

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        failure = None
        try:
            look_at(kind, key, fps, self.house.storage, self.house.settings)
        except InputError as error:
            failure = Failure(error.code, str(error))
        self.house.inspections.put(kind, key, fps, failure)

    def make_face(self, ticket: str, source: str, wanted: Sequence[Point] | None) -> None:
        self.asked.append(source)
        found: MadeFace | Failure
        try:
            found = make_face(source, wanted, self.house.storage, self.house.settings)
        except InputError as error:
            found = Failure(error.code, str(error))
        FaceFindings(connect(self.house.settings.queue_url)).put(ticket, found)


class LookingHouse(House):
    """The API, the real stores, and a cpu worker in the same process."""

    outbox_class = Looking
    outbox: Looking

    def __init__(self, queue_url: str, blob_url: str, **settings: Any) -> None:
        super().__init__(queue_url, blob_url, **settings)
        self.outbox.house = self
        self.beat("cpu0", "cpu")

    def kept(self, data: bytes | None = None) -> dict[str, Any]:
        """A face registered through the API."""
        answer = self.sent(photo() if data is None else data)
        assert answer.status_code == 201, answer.text
        return dict(answer.get_json())

    def sent(self, data: bytes, name: str = "me.png") -> TestResponse:
        """The answer to a registration."""
        self.beat("cpu0", "cpu")
        return self.http.post(FACES, data={"face": (io.BytesIO(data), name)})


@lru_cache
def photo(width: int = 400, scale: float = 0.6) -> bytes:
    """A PNG of the avatar's face, `scale` of its size, in a square of `width` pixels."""
    encoded: bytes = cv2.imencode(".png", avatar_view(width, width, scale)[0])[1].tobytes()
    return encoded
