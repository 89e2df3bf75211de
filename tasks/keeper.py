"""A lease is kept while its work goes on, and no longer: a thread renews it and sees a hang.

The work must say that it moves (`moved`). When it does not for `stall_s`, the
thread gives the piece back and ends the process: what hangs in native code
cannot be stopped otherwise. A hang that also keeps Python's lock, so that no
thread can run, is ended by faulthandler's timer, which needs no lock; the lease
lapses meanwhile, and the reaper gives the piece to another worker.
"""

import faulthandler
import os
import threading
import time
from collections.abc import Callable
from types import TracebackType

import structlog

from tasks.errors import StoreError

RENEWALS = 6  # in the time of one lease: several may be lost before it lapses
STDERR = 2  # its number: Celery puts an object without one in sys.stderr
ENDED = 70  # the exit code of a process that was ended by its own watch (EX_SOFTWARE)

log = structlog.get_logger()


class Keeper:
    """Renews from its entry to its exit.

    Attributes:
        lost: somebody else has the piece now, or its job is over: stop.
    """

    def __init__(
        self,
        renew: Callable[[], bool],
        lease_s: float,
        stall_s: float | None = None,
        on_stall: Callable[[], None] = lambda: None,
    ) -> None:
        """`stall_s`: how long the work may be silent, seconds; None: for ever."""
        self._renew, self._every_s, self._stall_s = renew, lease_s / RENEWALS, stall_s
        self._on_stall = on_stall
        self._ended = threading.Event()
        self._moved_at = time.monotonic()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self.lost = False

    def __enter__(self) -> "Keeper":
        self._moved_at = time.monotonic()
        self._watch_the_lock()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """No renewal is on the way any more when this returns."""
        self._ended.set()
        self._thread.join()
        if self._stall_s is not None:
            faulthandler.cancel_dump_traceback_later()

    def moved(self) -> None:
        """The work goes on."""
        self._moved_at = time.monotonic()

    def _keep(self) -> None:
        while not self._ended.wait(self._every_s):
            silent_s = time.monotonic() - self._moved_at
            if self._stall_s is not None and silent_s > self._stall_s:
                log.error("the work hangs; this process ends", silent_s=round(silent_s, 1))
                faulthandler.dump_traceback(file=STDERR)
                self._on_stall()
                os._exit(ENDED)
            self._watch_the_lock()
            try:
                self.lost = self.lost or not self._renew()
            except StoreError as error:
                log.warning("a lease was not renewed", error=str(error))

    def _watch_the_lock(self) -> None:
        """Have the process ended when this is not called again in time."""
        if self._stall_s is not None:
            faulthandler.dump_traceback_later(
                self._stall_s + 2 * self._every_s, exit=True, file=STDERR
            )
