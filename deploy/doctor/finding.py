"""Finding: one line of the doctor's report."""

from collections.abc import Callable
from dataclasses import dataclass

from deploy.errors import DeployError
from tasks.errors import TasksError

UNUSABLE = (ImportError, OSError, RuntimeError, ValueError)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        good: whether Lipchord can work with it.
        found: what is there.
        advice: what to do; empty where nothing is to be done.
    """

    what: str
    good: bool
    found: str
    advice: str = ""


def guarded(what: str, look: Callable[[], str], advice: str = "") -> Finding:
    """A look that says what it found, or raises: then that is what was found.

    Args:
        advice: what to do where an error does not say it itself.
    """
    try:
        return Finding(what, True, look())
    except (DeployError, TasksError) as error:
        return Finding(what, False, "missing", str(error))
    except UNUSABLE as error:
        return Finding(what, False, f"not usable: {error}", advice)
