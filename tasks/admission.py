"""What is checked before a request becomes a job: a bad one costs no render time."""

from collections.abc import Sequence
from typing import BinaryIO, Protocol

from lipsync_engine import registry, speech
from lipsync_engine.errors import InputError
from lipsync_engine.timeline import parse_fps
from tasks.contract import JobRequest, MediaKind
from tasks.errors import BusyError, RejectedError
from tasks.house import WorkerInfo
from tasks.inspection import Inspections
from tasks.kept import Point
from tasks.look import look_of
from tasks.settings import Settings

START_S = 30  # Retry-After: as long as somebody needs to start a worker with another generator


class Publisher(Protocol):
    """Puts work on the queue; the Celery one is `tasks.chord.CeleryPublisher`."""

    def plan(self, job_id: str) -> None:
        """Publish the planning of an accepted job. Raises StoreError."""

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        """Publish a look at an uploaded blob. Raises StoreError."""

    def compare(self, comparison_id: str) -> None:
        """Publish the piece of work that a comparison is at. Raises StoreError."""

    def make_face(self, ticket: str, source: str, wanted: Sequence[Point] | None) -> None:
        """Publish the work on a face that is to be kept. Raises StoreError."""


class Admission:
    """Checks requests; uploads are looked at by a cpu worker, for hostile bytes end there."""

    def __init__(self, settings: Settings, publisher: Publisher, inspections: Inspections) -> None:
        self._settings, self._publisher, self._inspections = settings, publisher, inspections

    def check(self, request: JobRequest, workers: Sequence[WorkerInfo]) -> None:
        """Raises RejectedError (what is wrong, what to do) or StoreError; `workers`: who lives."""
        if (request.text is None) == (request.speech is None):
            raise RejectedError(
                "invalid-request", "Give either a text or a sound file: one of them, not both."
            )
        if request.generator not in registry.names():
            raise RejectedError(
                "unknown-generator",
                f"There is no generator {request.generator!r}. "
                f"Installed: {', '.join(registry.names())}.",
            )
        _refuse_unheld(request.generator, workers)
        try:
            parse_fps(request.fps)
            look_of(request)
            if request.text is not None:
                speech.check_text(
                    request.text, request.language, request.voice, request.rate, request.pitch,
                    self._settings.max_text_chars,
                )  # fmt: skip
        except InputError as error:
            raise RejectedError(error.code, str(error)) from error
        except ValueError as error:
            raise RejectedError("invalid-request", f"{error}.") from error
        if request.speech is not None:
            self._inspect(MediaKind.SPEECH, request.speech, request.fps, workers)
        if request.face is not None and request.face_card is None:
            self._inspect(MediaKind.FACE, request.face, request.fps, workers)

    def _inspect(self, kind: MediaKind, key: str, fps: str, workers: Sequence[WorkerInfo]) -> None:
        """Have a cpu worker look at an upload; where none can soon, planning will look."""
        there, failure = self._inspections.known(kind, key, fps)
        if not there and any(worker.kind == "cpu" for worker in workers):
            self._publisher.inspect(kind, key, fps)
            failure = self._inspections.wait(kind, key, fps, self._settings.inspect_timeout_s)
        if failure is not None:
            raise RejectedError(failure.reason, failure.detail)


def _refuse_unheld(generator: str, workers: Sequence[WorkerInfo]) -> None:
    """Where render workers live and all hold something else, a job would wait in vain."""
    held = {worker.generator for worker in workers if worker.kind == "render"}
    if held and generator not in held:
        raise BusyError(
            "generator-not-held",
            f"No render worker here holds {generator!r}; they hold "
            f"{', '.join(sorted(filter(None, held)))}. Choose one of these, or have a worker "
            f"started with `lipchord worker --generator {generator}`.",
            START_S,
        )


class Limited:
    """A stream that refuses to be longer than `limit` bytes."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self._stream, self._limit, self._seen = stream, limit, 0

    def read(self, size: int = -1) -> bytes:
        """Raises RejectedError("upload-too-large") as soon as the limit is passed."""
        piece = self._stream.read(size)
        self._seen += len(piece)
        if self._seen > self._limit:
            raise RejectedError(
                "upload-too-large",
                f"The file is larger than {self._limit // 2**20} MiB. Send a shorter or more "
                "compressed one, or raise LIPCHORD_MAX_UPLOAD_BYTES.",
            )
        return piece
