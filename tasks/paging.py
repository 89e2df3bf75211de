"""Cursors of lists that are newest first: the time at which the last one shown was created."""

import re

from tasks.errors import RejectedError

CURSOR = re.compile(r"[0-9]{1,12}\.[0-9]{6}", re.ASCII)  # Unix time, as we write it


def parse_cursor(cursor: str | None) -> float | None:
    """Unix time, seconds; None: from the newest on. Raises RejectedError("bad-cursor")."""
    if not cursor:
        return None
    if CURSOR.fullmatch(cursor):
        return float(cursor)
    raise RejectedError(
        "bad-cursor", "The cursor is not one of ours. Use next_cursor of the page before."
    )
