"""What is told of a job while it goes on: its version, its events, the files of its stream.

Standard library only, as `tasks.contract`.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """In which of its states a job is: while `mark` is the same, so is all but times and estimates.

    Attributes:
        now: the store's clock, Unix time, seconds.
    """

    mark: str
    terminal: bool
    tenant: str
    now: float


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One thing that happened to a job.

    Attributes:
        id: its place among the job's events, "1732500000000-0"; later ones are larger.
        name: "dispatched", "planned", "progress", "chunk", "succeeded", …
        at: Unix time, seconds, by the store's clock.
        facts: which chunk, which worker, …
    """

    id: str
    name: str
    at: float
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class StreamPart:
    """One file of a job's stream (HLS).

    Attributes:
        final: these bytes are for ever, under this name; a playlist grows.
    """

    data: bytes
    mimetype: str
    final: bool
