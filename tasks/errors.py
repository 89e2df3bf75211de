"""Why a request was refused or a job could not go on.

TasksError
├── RejectedError        the request cannot become a job; nothing was kept
│   ├── ManyFaultsError  for several reasons at once
│   └── BusyError        not now: the house is full, or this tenant has its share
├── UnknownJobError      no such id, or its record has expired
│   └── LostJobError         the queue store came back without its data
├── UnknownComparisonError  as UnknownJobError, of a comparison
├── UnknownFaceError     no such registered face
├── UnknownPartError     a stream has no file of this name
├── NoCaptionsError      a job that nobody's text was spoken for
├── NotReadyError        the job has no video yet
├── GoneError            the job ended without a video, or the video has expired
├── StoreError           the queue store or the blob store did not answer
├── SettingError         a LIPCHORD_* variable has a value that cannot be used
├── UnlikeRenderersError the render workers changed while a job ran
├── MissingBlobError     a blob's manifest or one of its parts is not there
└── StaleError           a compare-and-set was refused: somebody else moved the job on
"""

from collections.abc import Sequence
from math import ceil
from typing import ClassVar

LONGEST_RETRY_S = 3600  # an estimate that is further off than this is no estimate


class TasksError(Exception):
    """The root; `code` is stable and ends up in the `type` of an HTTP problem."""

    code: ClassVar[str] = "tasks-error"


class RejectedError(TasksError):
    """The request cannot become a job.

    Attributes:
        reason: a stable word, such as "no-face" or "unknown-language".
        detail: what is wrong and what to do next, for the user.
        field: of the request, where one field alone is to blame.
    """

    code = "rejected"

    def __init__(self, reason: str, detail: str, field: str | None = None) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.field = field


class ManyFaultsError(RejectedError):
    """Several things are wrong with the request; named after the first.

    Attributes:
        faults: each by itself.
    """

    def __init__(self, faults: Sequence[RejectedError]) -> None:
        super().__init__(faults[0].reason, " ".join(fault.detail for fault in faults))
        self.faults = tuple(faults)


class BusyError(RejectedError):
    """Nothing is wrong with the request: the same one may pass later.

    Attributes:
        retry_after_s: when it is worth to try again, whole seconds.
    """

    code = "busy"

    def __init__(self, reason: str, detail: str, retry_after_s: float) -> None:
        super().__init__(reason, detail)
        self.retry_after_s = min(LONGEST_RETRY_S, max(1, ceil(retry_after_s)))


class UnknownJobError(TasksError):
    """No job has this id, or it is another tenant's, or it was forgotten in time."""

    code = "unknown-job"

    def __init__(self, job_id: str) -> None:
        super().__init__(
            f"There is no job {job_id!r}. Ids look like job_ and 32 hex digits; "
            "a finished job is forgotten when its time to live is over."
        )
        self.job_id = job_id


class UnknownComparisonError(TasksError):
    """No comparison has this id, or not any more."""

    code = "unknown-comparison"

    def __init__(self, comparison_id: str) -> None:
        super().__init__(
            f"There is no comparison {comparison_id!r}. Ids look like cmp_ and 32 hex digits; one "
            "that is over is forgotten when its time to live is, or 200 later ones have come."
        )


class LostJobError(UnknownJobError):
    """The job was accepted by a store that has lost its data since."""

    code = "job-lost"

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.args = (
            f"{job_id} is lost: the queue store came back without its data after the job was "
            "accepted (or the id is of another installation). Send the job again.",
        )


class UnknownFaceError(TasksError):
    """No registered face has this id, or it is another tenant's, or it was deleted."""

    code = "unknown-face"

    def __init__(self, face_id: str) -> None:
        super().__init__(
            f"There is no face {face_id!r}. Ids look like face_ and 32 hex digits; "
            "GET /api/v1/faces lists those there are."
        )
        self.face_id = face_id


class UnknownPartError(TasksError):
    """A job's stream has no file of this name."""

    code = "not-found"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The stream has no file {name[:40]!r}. Open stream.m3u8, and follow what it names."
        )


class NoCaptionsError(TasksError):
    """Nobody knows the words of a job that speaks with an uploaded sound."""

    code = "no-captions"

    def __init__(self) -> None:
        super().__init__(
            "The job speaks with a sound that was sent, and nobody knows its words: only a job "
            "that is sent with `text` has captions."
        )


class NotReadyError(TasksError):
    code = "not-ready"


class GoneError(TasksError):
    code = "gone"


class StoreError(TasksError):
    code = "store-unavailable"


class SettingError(TasksError, ValueError):
    """The text names the variable; it holds no secret."""

    code = "wrong-setting"


class MissingBlobError(TasksError):
    code = "missing-blob"

    def __init__(self, key: str) -> None:
        super().__init__(f"The blob {key} is not in the store: it has expired or was never whole.")
        self.key = key


class UnlikeRenderersError(TasksError):
    """A worker of another version came to a job whose frames must look alike."""

    code = "renderers-changed"

    def __init__(self) -> None:
        super().__init__(
            "The render workers got another generator, other weights or another encoder again and "
            "again while this job ran, and frames by both would not look alike. Send the job again "
            "when the fleet is at rest."
        )


class StaleError(TasksError):
    code = "stale"
