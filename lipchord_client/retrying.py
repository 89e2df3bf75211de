"""When a request is sent again: nobody answered, the connection broke, or the API said "later"."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from lipchord_client.errors import BusyError, LipchordError

FIRST_S, LONGEST_S = 0.25, 8.0  # the wait doubles from one to the other

T = TypeVar("T")
OnRetry: TypeAlias = Callable[[LipchordError, float], None]


class LostError(Exception):
    """No whole answer came, and the request may be sent again.

    Attributes:
        told: what the user reads when patience is over.
        hopeless: nothing was ever heard from this address, so that waiting would not help.
    """

    def __init__(self, told: LipchordError, hopeless: bool = False) -> None:
        super().__init__(str(told))
        self.told, self.hopeless = told, hopeless


@dataclass(frozen=True)
class Retrying:
    """How long, and who is told.

    Attributes:
        patience_s: seconds from the first try until an error is given on; 0: one try.
        on_retry: called before each wait with the error and the seconds of the wait.
        sleep: replaced by tests.
    """

    patience_s: float = 60.0
    on_retry: OnRetry | None = None
    sleep: Callable[[float], None] = time.sleep

    def __call__(self, ask: Callable[[], T], when_busy: bool = True) -> T:
        """The answer of `ask`, which can safely be called again.

        Args:
            when_busy: whether a busy API is asked again too.

        Raises:
            UnreachableError, BusyError: patience is over.
        """
        deadline, tries = time.monotonic() + self.patience_s, 0
        while True:
            try:
                return ask()
            except LostError as lost:
                error: LipchordError = lost.told
                wait = float("inf") if lost.hopeless else backoff_s(tries)
            except BusyError as busy:
                if not when_busy:
                    raise
                # A wait shorter than what the API has said would only meet the same answer.
                error, wait = busy, max(busy.retry_after_s or 0.0, backoff_s(tries))
            if time.monotonic() + wait > deadline:
                raise error
            if self.on_retry:
                self.on_retry(error, wait)
            self.sleep(wait)
            tries += 1


def backoff_s(tries: int) -> float:
    """Seconds before the next try: doubled each time, and spread, so that clients part."""
    doubled: float = FIRST_S * 2 ** min(tries, 16)
    return min(LONGEST_S, doubled) * random.uniform(0.5, 1.0)  # noqa: S311
