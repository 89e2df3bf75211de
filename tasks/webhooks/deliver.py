"""The thread in every cpu worker that brings due webhooks to their receivers.

At most `SLOTS` calls at a time, and `PER_HOST` of them to one host, each in a thread of
its own: a receiver that is dead or slow holds up neither the others nor the reaper.
Several workers do this side by side; the outbox gives each entry to one.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version

import structlog

from tasks import failpoints
from tasks.errors import StoreError, UnknownJobError
from tasks.records import Records
from tasks.settings import Settings
from tasks.stores import connect
from tasks.webhooks import signing
from tasks.webhooks.call import TOTAL_S, Answer, Caller
from tasks.webhooks.outbox import Entry, Outbox, Outcome
from tasks.webhooks.payload import body_of
from tasks.webhooks.target import Policy

POLL_S = 0.5  # between two looks at the outbox
SLOTS, PER_HOST = 8, 4  # calls at a time, in this worker
LEASE_S = 2 * TOTAL_S  # a taker that has not noted its attempt by then is dead
# s to wait after the first, second, … attempt: the example of the specification, 76 h in all.
SCHEDULE: tuple[float, ...] = (
    5, 300, 1800, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600,
)  # fmt: skip
JITTER = 0.25  # of a wait, at most, added: those who failed together do not come back together
MOST_RETRY_AFTER_S = 86400  # a receiver's wish that is heeded

log = structlog.get_logger()


class Deliverer:
    """Takes what is due and calls, until its process ends.

    Args:
        schedule: seconds to wait after each failed attempt; after one more it is given up.
        jitter: from a wait in seconds to the one that is taken.
    """

    def __init__(
        self,
        outbox: Outbox,
        records: Records,
        caller: Caller,
        public_url: str = "",
        schedule: Sequence[float] = SCHEDULE,
        jitter: Callable[[float], float] = lambda wait: wait * (1 + random.uniform(0, JITTER)),  # noqa: S311
        lease_s: float = LEASE_S,
    ) -> None:
        self._outbox, self._records, self._caller = outbox, records, caller
        self._public_url, self._schedule, self._jitter = public_url, schedule, jitter
        self._lease_s = lease_s
        self._lock = threading.Lock()
        self._calling: Counter[str] = Counter()  # calls in hand, by host
        self._wake, self._stopped = threading.Event(), threading.Event()

    def for_ever(self) -> None:
        """Deliver, until `stop`; a store that is away is waited for."""
        while not self._stopped.is_set():
            self._wake.clear()
            try:
                while self.start_one():
                    pass
            except StoreError as error:
                log.warning("webhooks not looked at", error=str(error))
            except Exception:
                log.error("webhooks not looked at", exc_info=True)  # a defect: go on all the same
            self._wake.wait(POLL_S)

    def stop(self) -> None:
        """Begin no more calls."""
        self._stopped.set()
        self._wake.set()

    def start_one(self) -> bool:
        """Begin one call that is due, in a thread; False: none is due, or hands are full."""
        with self._lock:
            if self._calling.total() >= SLOTS:
                return False
            busy = [host for host, calls in self._calling.items() if calls >= PER_HOST]
        entry = self._outbox.take(self._lease_s, busy)
        if entry is None:
            return False
        with self._lock:
            self._calling[entry.host] += 1
        threading.Thread(target=self._attend, args=(entry,), name="webhook", daemon=True).start()
        return True

    @property
    def calling(self) -> int:
        """Calls in hand."""
        with self._lock:
            return self._calling.total()

    def _attend(self, entry: Entry) -> None:
        try:
            self.attempt(entry)
        except StoreError as error:
            # Nothing is noted: the lease runs out and the entry is taken again.
            log.warning("webhook's attempt not noted", job=entry.job_id, error=str(error))
        finally:
            with self._lock:
                self._calling -= Counter([entry.host])  # drops those at 0
            self._wake.set()

    def attempt(self, entry: Entry) -> None:
        """Call once and note what came of it. Raises StoreError."""
        failpoints.hit("webhook:taken")
        try:
            body = self._body(entry)
            if body is None:
                return
            answer = self._caller.post(entry.url, self._headers(entry, body), body)
        except StoreError:
            raise
        except Exception:
            # Counted as an attempt: a defect of ours must not call for ever.
            log.error("webhook's attempt broke", job=entry.job_id, exc_info=True)
            answer = Answer(None, "Something broke on our side. The worker's log says more.")
        failpoints.hit("webhook:called")
        self._note(entry, answer)

    def _note(self, entry: Entry, answer: Answer) -> None:
        outcome, delay = self._outcome(entry, answer), 0.0
        if outcome is Outcome.RETRY:
            asked = min(answer.retry_after_s, MOST_RETRY_AFTER_S)
            delay = self._jitter(max(self._schedule[entry.attempts], asked))
        self._outbox.note(entry, outcome, answer.status, answer.trouble, delay)
        log.info("webhook", job=entry.job_id, attempt=entry.attempts + 1, outcome=outcome.value,
                 status=answer.status, trouble=answer.trouble, next_s=round(delay))  # fmt: skip

    def _outcome(self, entry: Entry, answer: Answer) -> Outcome:
        if answer.good:
            return Outcome.DELIVERED
        if answer.status == 410:  # Gone
            return Outcome.DISABLED
        return Outcome.RETRY if entry.attempts < len(self._schedule) else Outcome.FAILED

    def _body(self, entry: Entry) -> bytes | None:
        """The same bytes at every attempt; None when the job has been forgotten meanwhile."""
        if entry.body is not None:
            return entry.body
        try:
            job = self._records.job(entry.job_id)
        except UnknownJobError:
            return None
        return self._outbox.keep_body(entry.job_id, body_of(job, self._public_url))

    def _headers(self, entry: Entry, body: bytes) -> dict[str, str]:
        keys = signing.parse_secrets(self._secrets_of(entry))
        return {
            "Content-Type": "application/json",
            "User-Agent": f"Lipchord/{version('lipchord')} (webhooks)",
            **signing.headers(keys, entry.webhook_id, int(time.time()), body),
        }

    def _secrets_of(self, _entry: Entry) -> str:
        """The service's; with tenants, the place to ask for the one of the job's tenant."""
        return self._outbox.secret()


def start(settings: Settings) -> Deliverer:
    """Start the thread of a cpu worker.

    Raises:
        SystemExit: a setting is wrong. (Celery swallows any other error here.)
    """
    client = connect(settings.queue_url)
    outbox, records = Outbox(client), Records(client, settings.job_ttl_s)
    try:
        caller = Caller(Policy.of(settings.webhook_allow))
        if settings.webhook_secret:
            signing.parse_secrets(settings.webhook_secret)
    except ValueError as error:
        raise SystemExit(f"lipchord worker cannot start: {error}") from error
    deliverer = Deliverer(outbox, records, caller, settings.public_url)

    def run() -> None:
        _keep_secret(outbox, settings.webhook_secret)
        deliverer.for_ever()

    threading.Thread(target=run, name="webhooks", daemon=True).start()
    return deliverer


def _keep_secret(outbox: Outbox, secret: str) -> None:
    """Have the whole fleet sign with the secret of this worker's settings, if it has one."""
    while secret:
        try:
            outbox.set_secret(secret)
        except StoreError as error:
            log.warning("webhook secret not kept yet", error=str(error))
            time.sleep(POLL_S)
        else:
            return
