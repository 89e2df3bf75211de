"""The queue store's epoch: ids of jobs tell whether the store still is the one that took them.

An id is `job_`, the epoch's 8 hex digits, 20 random ones, and 4 that check the others. A store
that comes back without its data begins another epoch, so a job of an earlier one is reported
as lost, not as one that never was; an id with a slip of the pen is neither.
"""

import hashlib
import re
import secrets
from typing import cast

import redis

from tasks.errors import LostJobError, UnknownJobError
from tasks.stores import answering

KEY = "lipchord:epoch"
JOB_ID = re.compile(r"job_([0-9a-f]{8})([0-9a-f]{20})([0-9a-f]{4})")
NO_EPOCH = "0" * 8


def new_job_id(epoch: str = NO_EPOCH) -> str:
    """An id that nobody can guess: 80 random bits."""
    digits = epoch + secrets.token_hex(10)
    return f"job_{digits}{_check(digits)}"


class Epoch:
    """What the queue store says of itself."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def now(self) -> str:
        """The epoch's 8 hex digits; an empty store begins one. Raises StoreError."""
        with answering("queue store"):
            pipe = self._redis.pipeline()
            pipe.set(KEY, secrets.token_hex(4), nx=True)
            pipe.get(KEY)
            return cast(bytes, pipe.execute()[1]).decode()

    def why_unknown(self, job_id: str) -> UnknownJobError:
        """Of a job without a record: was it lost with its store? Raises StoreError."""
        parts = JOB_ID.fullmatch(job_id)
        if parts is None or _check(parts[1] + parts[2]) != parts[3] or parts[1] == self.now():
            return UnknownJobError(job_id)
        return LostJobError(job_id)


def _check(digits: str) -> str:
    return hashlib.sha256(digits.encode()).hexdigest()[:4]
