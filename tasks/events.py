"""What happened to a job, entry by entry: read again from any place, or as it happens.

Each script that moves a job appends to its stream in the queue store. All who watch jobs in one
process share one thread and one connection: it asks for the news of all those jobs at once.
"""

import threading
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import cast

import redis
import structlog

from tasks.errors import StoreError
from tasks.ledger import STORE, job_key
from tasks.live import JobEvent
from tasks.stores import answering

BLOCK_MS = 250  # how long one question waits; a job that is watched anew waits so long at most
PAUSE_S = 1.0  # after a store that did not answer
LIMIT = 10_000  # entries that a job's stream keeps, about (tasks/lua/prelude.lua)

log = structlog.get_logger()

Entry = tuple[bytes, dict[bytes, bytes]]


class Events:
    """The jobs' event streams. Safe for many threads."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        self._lock = threading.Lock()
        self._watched: dict[str, set[_Watch]] = {}
        self._seen: dict[str, str] = {}  # of each watched job, the id of its last entry
        self._thread: threading.Thread | None = None

    def last(self, job_id: str) -> str:
        """The id of the job's last entry; "0-0" where there is none. Raises StoreError."""
        with answering(STORE):
            found = cast(list[Entry], self._redis.xrevrange(_key(job_id), count=1))
        return found[0][0].decode() if found else "0-0"

    def since(self, job_id: str, after: str) -> tuple[JobEvent, ...]:
        """All entries after id `after` that are kept, in order. Raises StoreError."""
        with answering(STORE):
            found = cast(list[Entry], self._redis.xrange(_key(job_id), f"({after}"))
        return tuple(_events(found))

    @contextmanager
    def watch(self, job_id: str, after: str = "0-0") -> Iterator["Watch"]:
        """The job's entries after id `after`: first those that are there, then as they come.

        Raises:
            StoreError: the store does not answer now. Later it is asked again and again.
        """
        watch = _Watch()
        self._add(job_id, watch)
        try:
            watch.begin(self.since(job_id, after))
            yield watch
        finally:
            self._remove(job_id, watch)

    # -- the thread --------------------------------------------------------------------

    def _add(self, job_id: str, watch: "_Watch") -> None:
        """From now on `watch` hears of the job. What it hears twice it drops."""
        seen = self.last(job_id)
        with self._lock:
            self._watched.setdefault(job_id, set()).add(watch)
            self._seen.setdefault(job_id, seen)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="events", daemon=True)
                self._thread.start()

    def _remove(self, job_id: str, watch: "_Watch") -> None:
        with self._lock:
            self._watched[job_id].discard(watch)
            if not self._watched[job_id]:
                del self._watched[job_id], self._seen[job_id]

    def _listen(self) -> None:
        """Ask for news until nobody watches."""
        while True:
            with self._lock:
                wanted = {_key(job): seen for job, seen in self._seen.items()}
                if not wanted:
                    self._thread = None
                    return
            try:
                with answering(STORE):
                    news = self._redis.xread(wanted, block=BLOCK_MS)  # type: ignore[arg-type]
            except StoreError as error:
                log.warning("events are late", error=str(error))
                threading.Event().wait(PAUSE_S)
                continue
            for key, entries in cast(list[tuple[bytes, list[Entry]]], news):
                self._tell(key.decode().split(":")[2], list(_events(entries)))

    def _tell(self, job_id: str, events: list[JobEvent]) -> None:
        with self._lock:
            if job_id in self._seen:
                self._seen[job_id] = events[-1].id
            watching = list(self._watched.get(job_id, ()))
        for watch in watching:
            watch.put(events)


class Watch:
    """What one watcher has not taken yet."""

    def __init__(self) -> None:
        self._news: deque[JobEvent] = deque(maxlen=LIMIT)
        self._changed = threading.Condition()
        self._last, self._begun = (0, 0), False

    def take(self, timeout_s: float) -> tuple[JobEvent, ...]:
        """All that is new, as soon as there is something; nothing after `timeout_s`."""
        with self._changed:
            self._changed.wait_for(lambda: bool(self._news), timeout_s)
            taken = tuple(self._news)
            self._news.clear()
        return taken


class _Watch(Watch):
    """The other side: what puts the news in."""

    def begin(self, before: Iterable[JobEvent]) -> None:
        """Put what was there before what has come meanwhile, some of it once more."""
        with self._changed:
            meanwhile, self._begun = [*before, *self._news], True
            self._news.clear()
        self.put(meanwhile)

    def put(self, events: Iterable[JobEvent]) -> None:
        """Add events, but for those that were there."""
        with self._changed:
            for event in events:
                if not self._begun:
                    self._news.append(event)
                elif (number := _number(event.id)) > self._last:
                    self._last = number
                    self._news.append(event)
            self._changed.notify()


def _key(job_id: str) -> str:
    return f"{job_key(job_id)}:events"


def _number(entry_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def _events(entries: Iterable[Entry]) -> Iterator[JobEvent]:
    for name, raw in entries:
        facts = {key.decode(): value.decode() for key, value in raw.items()}
        kind, at = facts.pop("type"), float(facts.pop("at"))
        yield JobEvent(name.decode(), kind, at, facts)
