"""What an error means for the piece of work that raised it: once more, elsewhere, or never again.

| error | then |
|---|---|
| cancelled, or somebody else has the piece, or there is no such job | STOP: leave it |
| a store does not answer, or is full | WAIT: hand the piece on unharmed; no attempt |
| the job is for workers of another version | PASS: the same, to one of them |
| the input is bad; a blob of the plan has gone; a sound track that does not fit | FINAL |
| the GPU does not work any more | DEVICE: an attempt; the process ends, for only a new one can |
| anything else: a crash in a kernel, a full disk, an encoder | AGAIN: an attempt |
"""

import sys
from enum import Enum, auto

from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from lipsync_engine.errors import CanceledError, EngineError, InputError
from merge.errors import MergeError, WriteError
from tasks.contract import Failure
from tasks.errors import (
    MissingBlobError,
    StaleError,
    StoreError,
    UnknownJobError,
    UnlikeRenderersError,
)


class Verdict(Enum):
    """See the table above."""

    STOP = auto()
    WAIT = auto()
    PASS = auto()
    FINAL = auto()
    DEVICE = auto()
    AGAIN = auto()


VERDICTS: tuple[tuple[tuple[type[Exception], ...], Verdict], ...] = (  # the first that fits
    ((CanceledError, StaleError, UnknownJobError), Verdict.STOP),
    ((StoreError, OperationalError, RedisError), Verdict.WAIT),  # the latter two: Celery's own
    ((UnlikeRenderersError,), Verdict.PASS),
    ((WriteError,), Verdict.AGAIN),
    ((InputError, MissingBlobError, MergeError), Verdict.FINAL),
)


def judge(error: Exception) -> Verdict:
    """What follows from an error."""
    if device_is_lost(error):
        return Verdict.DEVICE
    fitting = (verdict for kinds, verdict in VERDICTS if isinstance(error, kinds))
    return next(fitting, Verdict.AGAIN)


def failure_of(error: Exception) -> Failure:
    """An error in words for the user."""
    if isinstance(error, MissingBlobError):
        return Failure(error.code, f"{error} Send the job again.")
    if isinstance(error, EngineError | MergeError | StoreError | UnlikeRenderersError):
        return Failure(error.code, str(error))
    if judge(error) is Verdict.WAIT:
        return Failure(StoreError.code, f"The queue store does not take messages: {error}")
    if out_of_memory(error):
        return Failure(
            "out-of-memory",
            "The GPU has too little free memory for this face, even in half batches. Free some, "
            "or send a smaller picture.",
        )
    if device_is_lost(error):
        return Failure("device-lost", f"The GPU stopped working ({_first_line(error)}).")
    return Failure(
        "internal",
        f"Something broke that is not your input's fault ({type(error).__name__}: "
        f"{_first_line(error)}).",
    )


def out_of_memory(error: BaseException) -> bool:
    """Whether the GPU had too little memory: the same in smaller batches may pass."""
    return _is_torch(error, "OutOfMemoryError")


def device_is_lost(error: BaseException) -> bool:
    """Whether CUDA is unusable in this process from now on (a "sticky" error).

    Torch 2.8 and later say `AcceleratorError`; before, a RuntimeError that begins so.
    """
    if out_of_memory(error):
        return False
    sticky = isinstance(error, RuntimeError) and str(error).startswith("CUDA error")
    return sticky or _is_torch(error, "AcceleratorError")


def _is_torch(error: BaseException, name: str) -> bool:
    torch = sys.modules.get("torch")  # where it was never loaded, nothing of it was raised
    kind = getattr(torch, name, None)
    return kind is not None and isinstance(error, kind)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else "no more is known"
