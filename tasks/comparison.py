"""A comparison: one request rendered in one piece and in parallel, and what both came to.

    running ( waiting ──► preparing ──► sequential ──► parallel ──► comparing ) ──► succeeded
       └──────────────────────┴───────────────┴─────────────┴──► failed | canceled

Standard library only: this is what the rooms say to each other about comparisons.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tasks.contract import Failure, JobRequest


class ComparisonState(StrEnum):
    """The last three are for ever."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"

    @property
    def terminal(self) -> bool:
        return self is not ComparisonState.RUNNING


class ComparisonStage(StrEnum):
    """What a running comparison is doing."""

    WAITING = "waiting"  # for an earlier comparison: two at once would spoil each other
    PREPARING = "preparing"  # sound and face, once for both jobs
    SEQUENTIAL = "sequential"
    PARALLEL = "parallel"
    COMPARING = "comparing"


class Outcome(StrEnum):
    """What came of working in parallel."""

    FASTER = "faster"
    EVEN = "even"
    SLOWER = "slower"
    UNMEASURED = "unmeasured"  # the parallel job used frames of earlier jobs: no time to compare


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker did of a job: chunks, frames, and seconds spent on them."""

    worker: str
    n_chunks: int
    n_frames: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Side:
    """What one of the two jobs came to; all of it from its record.

    Attributes:
        seconds: from the start of its planning to its end.
        wait_seconds: before that, from its acceptance.
        timings: seconds by stage: "plan", "render", "merge".
        workers: those that rendered for it, by name.
        n_reused: chunks that were there already.
        n_retried: attempts at chunks beyond the first of each.
        other_jobs: jobs of others, or of the same tenant, that ran meanwhile.
    """

    seconds: float
    wait_seconds: float
    timings: Mapping[str, float]
    n_chunks: int
    n_frames: int
    workers: tuple[Share, ...]
    n_reused: int
    n_retried: int
    other_jobs: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """How alike the two finished videos are, decoded.

    Attributes:
        rendered_equal: whether all pictures were the same bytes before they were encoded; None:
            a digest is missing.
        file_equal: whether the two MP4s are the same bytes.
        n_frames: decoded, of the sequential and the parallel video.
        n_different: frames that differ, in any value.
        max_difference: the largest of one value, 0..255, over all planes (Y, U, V).
        first_different, most_different: frame numbers; None where none differs.
        psnr_db: over all values of all frames; None where none differs.
        sound_equal: whether both sound tracks are the same packets.
        n_samples: of the sound, of one channel.
    """

    rendered_equal: bool | None
    file_equal: bool
    n_frames: tuple[int, int]
    n_different: int
    max_difference: int
    first_different: int | None
    most_different: int | None
    psnr_db: float | None
    sound_equal: bool
    n_samples: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the figures are what they are: a stable code, and the facts for its sentence."""

    code: str
    facts: Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Result:
    """What was found.

    Attributes:
        speedup: sequential seconds / parallel seconds, of whole jobs; None: not measured.
        render_speedup: the same of the render stage alone.
        efficiency: speedup / workers that took part.
        reasons: what held the parallel job up, or spoiled the measuring, the weightiest first.
        spoiled: something else went on at the time: measure again.
    """

    sequential: Side
    parallel: Side
    likeness: Likeness
    outcome: Outcome
    speedup: float | None
    render_speedup: float | None
    efficiency: float | None
    reasons: tuple[Reason, ...]
    spoiled: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison as its record has it.

    Attributes:
        version: of the record: each change makes it one more; 0: not yet kept.
        request: of both jobs; `num_workers` is the parallel one's.
        sequential, parallel: ids of the two jobs, which may not have been sent yet.
        of_job: whether the parallel job was there before, and is only checked.
        created_at, finished_at: Unix time, seconds, by the store's clock.
        prepare_seconds: what sound and face took, before both jobs.
        fleet: the render workers that were ready before both, as "name pid".
        attempts: at the piece of work in hand.
        published_at: when its message was last put on the queue.
    """

    id: str
    tenant: str
    request: JobRequest
    created_at: float
    sequential: str
    parallel: str
    of_job: bool = False
    state: ComparisonState = ComparisonState.RUNNING
    stage: ComparisonStage | None = ComparisonStage.WAITING
    finished_at: float | None = None
    n_frames: int | None = None
    speech_seconds: float | None = None
    prepare_seconds: float | None = None
    fleet: tuple[str, ...] = ()
    attempts: int = 0
    published_at: float | None = None
    failure: Failure | None = None
    result: Result | None = None
    version: int = 0


@dataclass(frozen=True, slots=True)
class ComparisonPage:
    """Comparisons, newest first; `next_cursor` asks for the page after this one."""

    comparisons: tuple[Comparison, ...]
    next_cursor: str | None


def new_comparison_id() -> str:
    """An id that nobody can guess."""
    return f"cmp_{secrets.token_hex(16)}"
