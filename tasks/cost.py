"""What a job will cost before anybody has looked at it, and how fast a fleet works.

An estimate orders jobs and says how long one waits; it never decides what is
rendered. It is put right when the job is planned (`tasks/dispatch.py`).
"""

from collections.abc import Iterable

from lipsync_engine.chunking import costs_of
from lipsync_engine.timeline import parse_fps
from tasks.contract import JobRequest
from tasks.house import WorkerInfo

# Seconds that espeak-ng speaks a character for at 165 words a minute: measured on sentences in
# English, Russian, Kazakh and German (0.059..0.075), Chinese (0.28), Japanese kana (0.14), and
# numbers, which are read out (0.2 a digit).
LETTER_S, KANA_S, IDEOGRAPH_S, DIGIT_S = 0.062, 0.14, 0.28, 0.2
USUAL_RATE = 165  # words a minute
UPLOAD_BYTES_A_SECOND = 16_000  # of an MP3 of 128 kbit/s; a WAV is shorter than this says
AFTERWARDS_S = 1.0  # planning and merging of a short job


def speech_seconds(request: JobRequest, upload_bytes: int, longest_s: float) -> float:
    """How long the job's sound will be, about; `upload_bytes` where it is an upload."""
    if request.text is not None:
        return min(longest_s, text_seconds(request.text, request.rate))
    return min(longest_s, upload_bytes / UPLOAD_BYTES_A_SECOND)


def text_seconds(text: str, rate: int) -> float:
    """How long a text will sound, about, by its characters; `rate`: words a minute."""
    return sum(map(_character_s, text)) * USUAL_RATE / rate


def frames(request: JobRequest, seconds: float) -> int:
    """Video frames of so much sound, at least 1."""
    return max(1, round(seconds * parse_fps(request.fps)))


def worker_seconds(generator: str, n_frames: float) -> float:
    """What so many frames take one worker, by the constants that chunking uses."""
    costs = costs_of(generator)
    return costs.fixed_s + costs.per_frame_s * n_frames


def pace(workers: Iterable[WorkerInfo], generator: str) -> float:
    """Frames a second that the fleet renders: measured where a worker has done some.

    0 when no worker with this generator is ready.
    """
    ready = [w for w in workers if w.generator == generator and w.generator_ready]
    return sum(_pace_of(worker, generator) for worker in ready)


def _pace_of(worker: WorkerInfo, generator: str) -> float:
    if worker.frames_done and worker.busy_seconds > 0:
        return worker.frames_done / worker.busy_seconds
    return 1 / costs_of(generator).per_frame_s


def _character_s(character: str) -> float:
    if character.isdigit():
        return DIGIT_S
    code = ord(character)
    if 0x3040 <= code <= 0x30FF:
        return KANA_S
    return IDEOGRAPH_S if 0x2E80 <= code <= 0xFFFF else LETTER_S
