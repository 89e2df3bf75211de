"""The scripts behind a job's record: where they lie, how they are run, what keys they touch."""

from typing import Any

import redis

from tasks.scripts import script
from tasks.stores import answering

STORE = "queue store"
MAX_ATTEMPTS = 3  # of one piece of work: a fourth would only kill a fourth worker
MAX_REPLANS = 3  # of one job: a fleet that changes faster than that renders nothing
LEASE_S = 30.0

SCRIPTS = (
    "begin_plan", "set_plan", "mark", "claim", "renew", "mine", "progress", "commit",
    "give_back", "abandon", "note_planning", "begin_merge", "reopen", "replan", "finish",
    "terminate", "look_after", "note_sound",
)  # fmt: skip


class Ledger:
    """Runs the scripts of `tasks/lua/` on a store that syncs its append-only file first."""

    def __init__(
        self, client: "redis.Redis", job_ttl_s: int = 8 * 86400, lease_s: float = LEASE_S
    ) -> None:
        """`lease_s`: how long a worker that is not heard keeps its piece of work, seconds."""
        self._redis, self._ttl, self.lease_s = client, job_ttl_s, lease_s
        self._scripts = {name: script(client, "prelude", "leases", name) for name in SCRIPTS}

    def _run(self, name: str, job_id: str, *args: Any) -> Any:
        with answering(STORE):
            return self._scripts[name](keys=[job_key(job_id)], args=args)


def job_key(job_id: str) -> str:
    """The hash that holds the job; `:chunks` and `:events` lie beside it."""
    return f"lipchord:job:{job_id}"
