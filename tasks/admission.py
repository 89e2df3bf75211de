"""What is checked before a request becomes a job: a bad one costs no render time."""

from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, Protocol

from lipsync_engine import languages, registry, speech
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
        for fault in self.faults(request, workers):
            raise fault

    def faults(self, request: JobRequest, workers: Sequence[WorkerInfo]) -> Iterator[RejectedError]:
        """All that is wrong with it, one by one; what costs most to find out comes last.

        Raises:
            StoreError.
        """
        for field, look in self._looks(request, workers):
            try:
                look()
            except RejectedError as error:
                yield error
            except InputError as error:
                yield RejectedError(error.code, str(error), field)
            except ValueError as error:
                yield RejectedError("invalid-request", f"{error}.", field)

    def _looks(
        self, request: JobRequest, workers: Sequence[WorkerInfo]
    ) -> Iterator[tuple[str | None, Callable[[], object]]]:
        """What is looked at, each with the field that is to blame."""
        yield None, lambda: _one_source(request)
        yield "generator", lambda: _refuse_unheld(request.generator, workers)
        yield "fps", lambda: parse_fps(request.fps)
        yield "box", lambda: look_of(request)
        if (text := request.text) is not None:
            most = self._settings.max_text_chars
            yield "text", lambda: speech.check_text(text, "en", max_chars=most)
            yield "language", lambda: languages.resolve_language(request.language)
            yield "voice", lambda: request.voice and languages.resolve_voice(request.voice)
            how = (None, request.rate, request.pitch)
            yield None, lambda: speech.check_text("a", "en", *how)
        if (sound := request.speech) is not None:
            yield None, lambda: self._inspect(MediaKind.SPEECH, sound, request.fps, workers)
        if (face := request.face) is not None and request.face_card is None:
            yield None, lambda: self._inspect(MediaKind.FACE, face, request.fps, workers)

    def _inspect(self, kind: MediaKind, key: str, fps: str, workers: Sequence[WorkerInfo]) -> None:
        """Have a cpu worker look at an upload; where none can soon, planning will look."""
        field = "audio" if kind is MediaKind.SPEECH else "face"
        there, failure = self._inspections.known(kind, key, fps)
        if not there and any(worker.kind == "cpu" for worker in workers):
            self._publisher.inspect(kind, key, fps)
            failure = self._inspections.wait(kind, key, fps, self._settings.inspect_timeout_s)
        if failure is not None:
            raise RejectedError(failure.reason, failure.detail, field)


def _one_source(request: JobRequest) -> None:
    if (request.text is None) == (request.speech is None):
        raise RejectedError(
            "invalid-request", "Give either a text or a sound file: one of them, not both."
        )


def _refuse_unheld(generator: str, workers: Sequence[WorkerInfo]) -> None:
    """Where render workers live and all hold something else, a job would wait in vain."""
    if generator not in registry.names():
        raise RejectedError(
            "unknown-generator",
            f"There is no generator {generator!r}. Installed: {', '.join(registry.names())}.",
            "generator",
        )
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
