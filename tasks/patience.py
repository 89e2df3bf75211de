"""Waiting for a store that is away for a moment: again and again, with backoff and jitter."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from tasks.errors import StoreError

T = TypeVar("T")

FIRST_S, LONGEST_S = 0.1, 5.0  # between two tries; doubles from one to the other


def patiently(step: Callable[[], T], total_s: float) -> T:
    """Do a step that may be done twice, until it holds.

    Raises:
        StoreError: the store was away for `total_s` seconds.
    """
    until = time.monotonic() + total_s
    tries = 0
    while True:
        try:
            return step()
        except StoreError:
            pause = backoff_s(tries)
            if time.monotonic() + pause > until:
                raise
            time.sleep(pause)
            tries += 1


def backoff_s(tries: int, first_s: float = FIRST_S, longest_s: float = LONGEST_S) -> float:
    """Seconds before the next try: doubling, the half of it by chance ("equal jitter"), so that
    workers that lost the store together do not come back together."""
    full = min(longest_s, first_s * 2.0 ** min(tries, 16))
    return full / 2 + random.uniform(0, full / 2)  # noqa: S311 - no secret
