"""Cursors of lists: where the next page begins, as the page before said it."""

from contextlib import suppress
from math import isfinite

from tasks.errors import RejectedError


def parse_cursor(cursor: str) -> float:
    """Unix time before which the page's entries were made. Raises RejectedError("bad-cursor")."""
    with suppress(ValueError):
        if isfinite(created_at := float(cursor)):
            return created_at
    raise RejectedError(
        "bad-cursor", "The cursor is not one of ours. Use next_cursor of the page before."
    )
