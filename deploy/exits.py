"""What the command line ends with: one table of exit codes, and which error gets which."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from deploy.errors import DeployError

if TYPE_CHECKING:
    from lipchord_client import LipchordError


class Exit(IntEnum):
    """Exit codes; scripts rely on them. Codes 3 to 6 are those of `deploy.errors`."""

    DONE = 0
    UNEXPECTED = 1
    WRONG_USAGE = 2
    NO_STORE_SERVER = 3
    PORT_TAKEN = 4
    UP_ALREADY = 5
    PROCESS_DIES = 6
    NO_API = 7
    REFUSED = 8
    NO_VIDEO = 9
    BUSY = 10
    NOT_WELL = 11
    INTERRUPTED = 130


MEANINGS = {
    Exit.DONE: "done",
    Exit.UNEXPECTED: "unexpected error",
    Exit.WRONG_USAGE: "wrong usage",
    Exit.NO_STORE_SERVER: "no store server",
    Exit.PORT_TAKEN: "port taken",
    Exit.UP_ALREADY: "up already",
    Exit.PROCESS_DIES: "a process does not stay up",
    Exit.NO_API: "no API answers",
    Exit.REFUSED: "the input was refused",
    Exit.NO_VIDEO: "no video was made",
    Exit.BUSY: "the API is busy: try later",
    Exit.NOT_WELL: "the doctor has found something",
    Exit.INTERRUPTED: "interrupted",
}


def in_words() -> str:
    """The table as a sentence, for `--help`."""
    return "Exit codes: " + ", ".join(f"{code:d} {what}" for code, what in MEANINGS.items()) + "."


def told(error: Exception) -> tuple[str, Exit]:
    """An error in words for the user, and the exit code."""
    # Here, not above: `--help` needs none of these rooms.
    from lipchord_client import LipchordError
    from lipsync_engine.errors import EngineError, InputError
    from merge.errors import MergeError
    from tasks.errors import RejectedError, SettingError, TasksError

    if isinstance(error, LipchordError):
        return _said(error), _code(error)
    if isinstance(error, DeployError):
        return str(error), Exit(error.exit_code)
    plain: tuple[tuple[type[Exception] | tuple[type[Exception], ...], Exit], ...] = (
        (SettingError, Exit.WRONG_USAGE),
        ((InputError, RejectedError), Exit.REFUSED),
        ((EngineError, MergeError, TasksError), Exit.NO_VIDEO),
        (OSError, Exit.UNEXPECTED),
    )
    for kinds, code in plain:
        if isinstance(error, kinds):
            return str(error), code
    return (
        f"{type(error).__name__}: {error}. This is a defect; `lipchord --debug …` shows where.",
        Exit.UNEXPECTED,
    )


def _code(error: LipchordError) -> Exit:
    from lipchord_client import ApiError, BusyError, UnreachableError

    if isinstance(error, BusyError):
        return Exit.BUSY
    if isinstance(error, UnreachableError):
        return Exit.NO_API
    if isinstance(error, ApiError):
        return Exit.REFUSED if 400 <= error.status < 500 else Exit.NO_API
    return Exit.NO_VIDEO


def _said(error: LipchordError) -> str:
    """Its own sentence; of a missing or unknown key, where this command looks for one."""
    from lipchord_client import UnauthorizedError

    where = " This command sends the one in LIPCHORD_API_KEY."
    return f"{error}{where}" if isinstance(error, UnauthorizedError) else str(error)
