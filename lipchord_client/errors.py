"""Why the API could not do what was asked.

LipchordError            the text says what to do next
├── UnreachableError     nobody answers, or not for as long as the client is patient
├── ApiError             the API answered with a problem; the text is its own sentence
│   ├── RefusedError     400, 413, 415, 422…: what was sent cannot be used
│   ├── UnauthorizedError  401, 403: a key is needed, or this one is unknown
│   ├── NotFoundError    404: no such job, face or address
│   ├── NotReadyError    409: not yet
│   ├── GoneError        410: not any more
│   └── BusyError        429, 503: the same request may pass later
├── JobFailedError       a job ended without a video
├── StillRunningError    it has not ended in the time that was given; it goes on
└── DamagedError         what was downloaded is not the video that the API has
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lipchord_client.job import Job


class LipchordError(Exception):
    """The root of what this client raises."""


class UnreachableError(LipchordError):
    """Nobody answers at the API's address."""


class ApiError(LipchordError):
    """The API answered with a problem (RFC 9457).

    Attributes:
        status: HTTP status.
        type: stable name, such as "/problems/no-face"; "" where the answer is no problem+json.
        title: what happened, the same for every occurrence.
        problem: all that the API said, as its JSON has it.
        fields: complaints about single fields, by field name.
        instance: id of the request, for whoever runs the API.
        retry_after_s: seconds after which it is worth to ask again; None: not said.
    """

    def __init__(self, status: int, problem: Mapping[str, Any], retry_after_s: float | None = None):
        super().__init__(str(problem.get("detail") or problem.get("title") or f"HTTP {status}"))
        self.status, self.retry_after_s, self.problem = status, retry_after_s, dict(problem)
        self.type, self.title = str(problem.get("type", "")), str(problem.get("title", ""))
        self.instance = str(problem.get("instance", ""))
        complaints = problem.get("errors") or ()
        self.fields = {str(each["field"]): str(each["detail"]) for each in complaints}


class RefusedError(ApiError):
    pass


class UnauthorizedError(ApiError):
    pass


class NotFoundError(ApiError):
    pass


class NotReadyError(ApiError):
    pass


class GoneError(ApiError):
    pass


class BusyError(ApiError):
    pass


class JobFailedError(LipchordError):
    """Attributes: job, which is failed, canceled or expired."""

    def __init__(self, job: Job) -> None:
        error = job.view["error"]
        super().__init__(error["detail"] if error else f"The job {job.id} is {job.state}.")
        self.job = job


class StillRunningError(LipchordError):
    """Attributes: job, as it was last seen."""

    def __init__(self, job: Job, seconds: float) -> None:
        super().__init__(
            f"The job {job.id} has not ended in {seconds:g} s; it goes on. "
            "Wait again, or cancel it."
        )
        self.job = job


class DamagedError(LipchordError):
    pass


KINDS: Mapping[int, type[ApiError]] = {
    401: UnauthorizedError,
    403: UnauthorizedError,
    404: NotFoundError,
    409: NotReadyError,
    410: GoneError,
    429: BusyError,
    503: BusyError,
}


def api_error(
    status: int, problem: Mapping[str, Any], retry_after_s: float | None = None
) -> ApiError:
    """The error of a status."""
    kind = KINDS.get(status) or (RefusedError if 400 <= status < 500 else ApiError)
    return kind(status, problem, retry_after_s)
