"""Requests that hold their thread until a job ends, and how many of them may."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

SLOTS = 24  # of the server's threads (`deploy.services.API_THREADS`)
STREAM_SLOTS = 64  # more of them: for those who watch a job's events; the rest answer at once
LONGEST_S = 60  # of `Prefer: wait=N`


class FullHouseError(Exception):
    """As many requests wait for a job already as may."""


class Waiting:
    """Counts the requests that wait. Safe for many threads."""

    def __init__(self, slots: int = SLOTS) -> None:
        self._slots = threading.BoundedSemaphore(slots)

    @contextmanager
    def slot(self) -> Iterator[None]:
        """Hold one slot inside the block.

        Raises:
            FullHouseError: none is free.
        """
        if not self._slots.acquire(blocking=False):
            raise FullHouseError("Too many requests wait for a job already. Poll it meanwhile.")
        try:
            yield
        finally:
            self._slots.release()


def preferred_wait(prefer: str) -> int | None:
    """Seconds of the first `wait` in a Prefer header, at most LONGEST_S (RFC 7240, 2 and 4.3).

    What cannot be understood is ignored, as the RFC wants it: None.
    """
    for item in prefer.split(","):
        name, _, value = item.partition(";")[0].partition("=")
        seconds = value.strip().strip('"')
        if name.strip().lower() == "wait" and seconds.isascii() and seconds.isdigit():
            return LONGEST_S if len(seconds) > 2 else min(int(seconds), LONGEST_S)
    return None
