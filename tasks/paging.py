"""Cursors of lists that are newest first: the time at which the last one shown was created."""

from contextlib import suppress
from math import isfinite

from tasks.errors import RejectedError


def parse_cursor(cursor: str | None) -> float | None:
    """Unix time, seconds; None: from the newest on. Raises RejectedError("bad-cursor")."""
    if not cursor:
        return None
    with suppress(ValueError):
        if isfinite(created_at := float(cursor)):
            return created_at
    raise RejectedError(
        "bad-cursor", "The cursor is not one of ours. Use next_cursor of the page before."
    )
