"""A job before it is one: everything that a submit would check, and what the job would take.

Nothing is recorded and nothing rendered. Uploads are looked at as a submit looks at them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lipsync_engine.errors import InputError
from lipsync_engine.pulling import pulled
from lipsync_engine.timeline import SAMPLE_RATE, frame_count, parse_fps
from tasks import cost
from tasks.contract import JobRequest
from tasks.cutting import early_frames, wanted_lengths
from tasks.dispatch import Ahead
from tasks.errors import RejectedError
from tasks.house import WorkerInfo
from tasks.paces import chosen, paces
from tasks.remembered import face_name, recall_face, recall_sound
from tasks.settings import Settings
from tasks.speech_length import Length, SpeechLengths
from tasks.storage import Storage

NOBODY = "No render worker is ready with this generator: the job waits until one is."
FEWER = "Only {ready} of the {wanted} render workers that the job is planned for are ready."
GUESSED = (
    "No cpu worker has looked at the uploads yet, so the length is guessed from the size of the "
    "file, and the job may still be refused for what is in it."
)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a job would take.

    Attributes:
        n_frames: of the video.
        speech_seconds: length of the sound.
        exact: whether these two are counted; else they are estimates.
        chunks: that would be rendered.
        workers: render workers that would share them.
        render_seconds: of rendering; None where nobody is ready.
        wait_seconds: until it would start; None where nobody is ready.
        total_seconds: until its video would be there; None where nobody is ready.
        warnings: what the user should know, in plain sentences.
    """

    n_frames: int
    speech_seconds: float
    exact: bool
    chunks: int
    workers: int
    render_seconds: float | None
    wait_seconds: float | None
    total_seconds: float | None
    warnings: tuple[str, ...]


class Estimating:
    """Measures requests that a submit would accept. Safe for many threads."""

    def __init__(self, settings: Settings, storage: Storage) -> None:
        self._settings, self._storage = settings, storage
        self._lengths = SpeechLengths()

    def length(self, request: JobRequest, guessed_s: float) -> Length:
        """Of the job's sound.

        Args:
            guessed_s: of an upload that nobody has looked at, seconds.

        Raises:
            RejectedError: the text cannot be said, and what to do.
        """
        if request.speech is not None:
            known = recall_sound(self._storage, request.speech, self._settings)
            if known is not None:
                return Length(known.n_samples, True)
            return Length(round(guessed_s * SAMPLE_RATE), False)
        try:
            return self._lengths.of(request)
        except InputError as error:
            raise RejectedError(error.code, str(error), "text") from error

    def estimate(
        self, request: JobRequest, length: Length, ahead: Ahead, workers: Sequence[WorkerInfo],
        warnings: Sequence[str],
    ) -> Estimate:  # fmt: skip
        """Put numbers to it; `ahead`: what stands before it, `workers`: who lives."""
        fps, generator = parse_fps(request.fps), request.generator
        n_frames = frame_count(length.n_samples, fps)
        held = [w for w in workers if w.generator == generator and w.generator_ready]
        ready = len(held)
        # What is under way is in the wait, so that nobody has anything in hand when it starts.
        crew = chosen(paces(held, waiting=1), request.num_workers, generator)
        sizes = wanted_lengths(n_frames, fps, crew, early_frames(request, fps, self._settings))
        chunks, sharing = len(sizes), min(len(sizes), len(crew), max(1, ready))
        pace = cost.pace(workers, generator)
        said = [*self._of_uploads(request), *warnings]
        if not ready:
            said.append(NOBODY)
        elif request.num_workers and ready < min(request.num_workers, chunks):
            said.append(FEWER.format(ready=ready, wanted=request.num_workers))
        render_s = wait_s = total_s = None
        if pace:
            render_s = round(pulled(sizes, crew[:ready]), 2)
            wait_s = round(ahead.frames / pace, 2)
            total_s = round(wait_s + render_s + cost.AFTERWARDS_S, 2)
        return Estimate(
            n_frames, round(length.n_samples / SAMPLE_RATE, 3), length.exact, chunks, sharing,
            render_s, wait_s, total_s, tuple(said),
        )  # fmt: skip

    def _of_uploads(self, request: JobRequest) -> list[str]:
        """What is known of the sound and the face that were looked at."""
        said: list[str] = []
        if request.speech is not None:
            known = recall_sound(self._storage, request.speech, self._settings)
            said += known.warnings if known else [GUESSED]
        if request.face is not None and request.face_card is None:
            name = face_name(request.face, parse_fps(request.fps), self._settings)
            face = recall_face(self._storage, name)
            said += face.warnings if face else []
        return said
