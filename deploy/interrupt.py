"""Ctrl-C, SIGTERM and a closed terminal, as a question that may be asked at a good moment."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def noticing() -> Iterator[Callable[[], bool]]:
    """Inside the block signals interrupt nothing; the function says whether one has come.

    An exception out of a signal handler could fall between the start of a child
    and the note of its pid.
    """
    came: list[int] = []
    before = {
        number: signal.signal(number, lambda n, _frame: came.append(n)) for number in STOP_SIGNALS
    }
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
