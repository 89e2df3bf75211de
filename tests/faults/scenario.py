"""A scenario: its name, what it does to a house, and what kind of house it needs."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.faults.house import Build
from tests.faults.trial import Trial


class Skipped(Exception):  # noqa: N818 - no error: the machine may be so
    """This machine does not allow the scenario; the text says why."""


@dataclass(frozen=True)
class Scenario:
    """`play` submits jobs and breaks something; healing and judging come after it."""

    name: str
    play: Callable[[Trial], None]
    build: Build = field(default_factory=Build)
