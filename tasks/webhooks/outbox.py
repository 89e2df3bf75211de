"""The outbox in the queue store: which webhooks are due, who has them, what became of them.

An entry is made by the script that ends the job (`post_webhook` in `lua/prelude.lua`), so
there is one for each ending and none without. Taking one is a lease: a taker that dies
gives it back by doing nothing. So a webhook arrives at least once, always with one id.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

import redis

from tasks.stores import answering
from tasks.webhooks.signing import new_secret

STORE = "queue store"
SECRET = "lipchord:webhooks:secret"  # noqa: S105 - where it is, not what it is
GONE = "lipchord:webhooks:gone:"  # then the URL; as in lua/prelude.lua
GONE_S = 3600  # s; long enough to spare a receiver that said 410, short enough to mend a mistake

SCRIPTS = ("take", "body", "note")


class Outcome(StrEnum):
    """What an attempt means for its webhook."""

    DELIVERED = "delivered"
    RETRY = "retry"
    FAILED = "failed"  # for good
    DISABLED = "disabled"  # 410 Gone: nothing more goes to this URL


@dataclass(frozen=True, slots=True)
class Entry:
    """A webhook in hand.

    Attributes:
        host: whose queue it stands in: name and port, as the URL says them.
        fence: number of this taking; a failure noted with an older one is not counted.
        attempts: calls that have ended before.
        body: what earlier attempts have said, None before the first.
    """

    job_id: str
    url: str
    host: str
    fence: int
    attempts: int
    body: bytes | None

    @property
    def webhook_id(self) -> str:
        """The same over all attempts and crashes, for a job ends once."""
        return "msg_" + self.job_id.removeprefix("job_")


class Outbox:
    """Every method may raise StoreError."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client
        lua = files("tasks") / "lua"
        prelude = (lua / "prelude.lua").read_text()
        self._scripts = {
            name: client.register_script(prelude + (lua / f"webhook_{name}.lua").read_text())
            for name in SCRIPTS
        }

    def take(self, lease_s: float, busy: Iterable[str] = ()) -> Entry | None:
        """An entry that is due, for `lease_s` seconds; None when there is none.

        Args:
            busy: hosts whose entries are to wait.
        """
        found = self._run("take", [], [lease_s, *busy])
        if found is None:
            return None
        job_id, url, host, fence, attempts, body = found
        return Entry(job_id.decode(), url.decode(), host.decode(), fence, attempts, body or None)

    def keep_body(self, job_id: str, body: bytes) -> bytes | None:
        """The body that all attempts say: the first that was kept. None: the job is forgotten."""
        return self._run("body", [_job(job_id)], [body]) or None

    def note(
        self,
        entry: Entry,
        outcome: Outcome,
        status: int | None = None,
        trouble: str = "",
        delay_s: float = 0,
    ) -> bool:
        """Note how an attempt ended; False when a later one has the entry.

        Args:
            status: HTTP status, None where there was no answer.
            trouble: in words, for the job's owner.
            delay_s: until the next attempt, with RETRY.
        """
        args = [entry.job_id, entry.host, entry.fence, outcome.value,
                "" if status is None else status, trouble, f"{delay_s:.3f}", GONE_S]  # fmt: skip
        return bool(self._run("note", [_job(entry.job_id)], args))

    def gone(self, url: str) -> bool:
        """Whether the receiver has lately said 410 Gone."""
        with answering(STORE):
            return bool(self._redis.exists(GONE + url))

    def secret(self) -> str:
        """What webhooks are signed with; made at first use."""
        with answering(STORE):
            self._redis.set(SECRET, new_secret(), nx=True)
            return cast(bytes, self._redis.get(SECRET)).decode()

    def set_secret(self, secret: str) -> None:
        """From now on sign with this one, in every worker."""
        with answering(STORE):
            self._redis.set(SECRET, secret)

    def _run(self, name: str, keys: list[str], args: list[Any]) -> Any:
        with answering(STORE):
            return self._scripts[name](keys=keys, args=args)


def _job(job_id: str) -> str:
    return f"lipchord:job:{job_id}"
