"""Celery's Redis result backend, with a chord counter that outlives a blip of the store.

Celery 5.7 does not retry the script that counts a finished header task: one
lost connection there turns a chunk that succeeded into a chord that never
ends. (Faults 3 and 5 of docs/reliability.md.) Counting twice is harmless: the
script keys parts by task id.
"""

from typing import Any

from celery.backends.redis import RedisBackend, SentinelBackend
from redis.exceptions import RedisError

from tasks import failpoints

RETRIES = 120  # with at most 1 s between two: two minutes without a store
INTERVAL_MAX = 1  # s


class ChordBackend(RedisBackend):  # type: ignore[misc]
    """RedisBackend whose `on_chord_part_return` is retried."""

    def on_chord_part_return(
        self, request: Any, state: Any, result: Any, propagate: Any = None, **kwargs: Any
    ) -> None:
        """Count a finished header task, again and again until the store has taken it."""
        failpoints.hit("chord:before-part-return")
        once = super().on_chord_part_return

        def count() -> None:
            once(request, state, result, propagate, **kwargs)

        self.ensure(count, (), max_retries=RETRIES, interval_max=INTERVAL_MAX)

    def exception_safe_to_retry(self, exc: Exception) -> bool:
        """Whatever Redis answers that is an error of the connection or the server may pass."""
        return isinstance(exc, RedisError) or bool(super().exception_safe_to_retry(exc))


class SentinelChordBackend(ChordBackend, SentinelBackend):  # type: ignore[misc]
    """The same on the store that sentinels name: `super()` goes on to SentinelBackend."""
