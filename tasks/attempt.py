"""One attempt at a piece of work: its lease is kept, and whatever it raises ends it honestly.

Inside a Celery task, an attempt ends in one of these ways: it returns; `Ignore`
(the chord is left alone: somebody else has the piece, or the job is over);
`Retry` (the same message comes again, and is still the chord's); or the process
ends, and Celery brings the message to the next one.
"""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from traceback import format_exception
from types import FrameType
from typing import Any, TypeVar

import structlog
from celery.exceptions import Ignore, Retry

from tasks.contract import Failure
from tasks.errors import StoreError, UnknownJobError
from tasks.judgement import Verdict, failure_of, judge
from tasks.keeper import ENDED, Keeper
from tasks.patience import backoff_s, patiently
from tasks.records import Records, Returned

T = TypeVar("T")

STORE_PATIENCE_S = 60.0  # of a result that is ready: longer than a store takes to start again
WAITS = 12  # for a store, each up to WAIT_S: some five minutes, then the job fails with its words
WAIT_S = 30.0
AGAIN_S = 2.0  # at most, before a failed piece is tried again
TWICE_S = 1.0  # two SIGTERMs within it are one

log = structlog.get_logger()


class HandedBackError(SystemExit):
    """This process was asked to end (SIGTERM) in the middle of its work."""


@dataclass(frozen=True)
class Attempt:
    """A claimed piece.

    Attributes:
        piece: "plan", "merge", or a chunk's index.
        stall_s: how long it may be silent, seconds; None: up to the task's time limit.
        on_failure: told why the attempt failed, in words.
    """

    records: Records
    job_id: str
    piece: str
    fence: int
    stall_s: float | None = None
    on_failure: Callable[[str], None] = lambda _why: None

    def mine(self) -> bool:
        """Whether to go on. A store that does not answer is no reason to stop."""
        try:
            return self.records.mine(self.job_id, self.piece, self.fence)
        except StoreError:
            return True

    def give_back(self, failure: Failure | None, delay_s: float = 0) -> Returned:
        """Raises StoreError."""
        return self.records.give_back(self.job_id, self.piece, self.fence, failure, delay_s)

    def keeper(self) -> Keeper:
        """Renews the lease; ends a process that hangs."""
        return Keeper(
            lambda: self.records.renew(self.job_id, self.piece, self.fence),
            self.records.lease_s, self.stall_s, self._stalled,
        )  # fmt: skip

    def _stalled(self) -> None:
        with suppress(StoreError):
            self.give_back(Failure(
                "hung",
                f"No frame came for {self.stall_s:.0f} s, so the process was ended. A generator "
                "that needs longer for one batch wants a higher LIPCHORD_STALL_S.",
            ))  # fmt: skip


def carry_out(task: Any, attempt: Attempt, step: Callable[[Keeper], T]) -> T:
    """Do a claimed piece of work inside a Celery task.

    Args:
        task: the bound task, for its retries.
        step: told the keeper, whose `moved` it calls and whose `lost` it heeds.

    Raises:
        Ignore, Retry, SystemExit: see above.
    """
    try:
        with _terminable(), attempt.keeper() as keeper:
            return step(keeper)
    except Exception as error:
        _end(task, attempt, error)
        raise Ignore from error
    except HandedBackError:  # another worker takes the piece at once
        with suppress(StoreError):
            attempt.give_back(None)
        raise
    except BaseException as error:  # the work itself ends the process, as by sys.exit()
        with suppress(StoreError):
            attempt.give_back(Failure("worker-lost", f"It ended its process ({error!r})."))
        raise


def wait_for_store(task: Any, error: Exception) -> Retry:
    """The message comes again when the store may be back; to be raised.

    Where not even that can be said, the reaper says it later, from the record.

    Raises:
        Ignore.
    """
    try:
        delay_s = backoff_s(task.request.retries, 1.0, WAIT_S)
        return task.retry(countdown=delay_s, max_retries=WAITS, exc=error, throw=False)
    except Exception as again:
        log.warning("left to the reaper", error=str(again))
        raise Ignore from again


def _end(task: Any, attempt: Attempt, error: Exception) -> None:
    """What an error leads to; returns where the message is to be forgotten."""
    verdict, failure = judge(error), failure_of(error)
    if verdict is Verdict.STOP:
        return
    facts = {"job": attempt.job_id, "piece": attempt.piece, "reason": failure.reason}
    # As plain text: structlog's pretty one, with all locals, took seconds on a busy core.
    if verdict is not Verdict.PASS:
        log.error("an attempt failed", **facts, trace="".join(format_exception(error)))
        attempt.on_failure(failure.detail)
    if verdict is Verdict.FINAL or (verdict is Verdict.WAIT and task.request.retries >= WAITS):
        with suppress(UnknownJobError):
            patiently(lambda: attempt.records.fail(attempt.job_id, failure), STORE_PATIENCE_S)
        return
    if verdict is Verdict.WAIT:
        with suppress(StoreError):
            attempt.give_back(None, WAIT_S)
        raise wait_for_store(task, error)
    delay_s = 0.0 if verdict is Verdict.DEVICE else backoff_s(1, AGAIN_S / 2, AGAIN_S)
    counted = None if verdict is Verdict.PASS else failure
    returned = patiently(lambda: attempt.give_back(counted, delay_s), STORE_PATIENCE_S)
    if verdict is Verdict.DEVICE:
        os._exit(ENDED)  # Celery brings the message to the process that comes after this one
    if returned is Returned.QUEUED:
        raise _again(task, delay_s)


def _again(task: Any, delay_s: float) -> Retry:
    try:
        # Not counted by Celery: the record counts, over all messages of the piece.
        return task.retry(countdown=delay_s, max_retries=None, throw=False)
    except Exception as error:
        log.warning("left to the reaper", error=str(error))
        raise Ignore from error


@contextmanager
def _terminable() -> Iterator[None]:
    """A SIGTERM ends the work by an exception, so that the piece can be handed back.

    Celery sends two at once when it gives up waiting (`Request.cancel`); by the handler
    that it installs, the second would kill before the first has done anything. Native code
    that calls Python (PyAV's files) may swallow the exception: a later SIGTERM raises it again,
    and when the work has ended all the same, the process obeys the next one as before.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked_at, handing_back = -math.inf, False

    def end(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked_at
        if not handing_back and time.monotonic() - asked_at > TWICE_S:
            asked_at = time.monotonic()
            raise HandedBackError(ENDED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    except HandedBackError:
        handing_back = True
        raise
    finally:
        if not handing_back:
            signal.signal(signal.SIGTERM, before)
