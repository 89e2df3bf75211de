"""The job's record: what is true about a job. Every change is one atomic script.

    queued ──► running ( planning ──► rendering ◄──► merging ) ──► succeeded
       └──────────┴───────────────────┴──────────────┴──► failed | canceled | expired

Terminal states are for ever. Each script (`tasks/lua/`) is one compare-and-set
on the store's own clock and appends to the job's event stream. Who works on
which piece of a job is in `tasks.leases`; looks at jobs are in `tasks.reading`.
From merging back to rendering goes a job whose merge found a chunk damaged;
from rendering back to planning one whose workers' version is gone (`tasks.versions`).
"""

import json
from dataclasses import asdict, replace
from typing import Any, cast

from tasks.acceptance import Acceptance, Terms
from tasks.blueprint import Chunk, Plan
from tasks.contract import Failure, JobRequest, JobState, VideoInfo
from tasks.errors import UnknownJobError
from tasks.leases import MERGING, PLANNING, Claim, ClaimOutcome, Leases, PlanClaim, Returned
from tasks.ledger import MAX_ATTEMPTS, STORE, job_key
from tasks.reading import Reading
from tasks.stores import answering
from tasks.synced import Synced

__all__ = [
    "MAX_ATTEMPTS",
    "MERGING",
    "PLANNING",
    "Claim",
    "ClaimOutcome",
    "PlanClaim",
    "Records",
    "Returned",
]


class Records(Leases, Reading):
    """Jobs in a Redis or Valkey that syncs its append-only file before it answers."""

    # -- accept ------------------------------------------------------------------------

    def submit(self, job_id: str, request: JobRequest, idempotency_key: str | None) -> str:
        """Record a job of everybody's, without estimate or quota; see `tasks.acceptance`.

        Raises:
            StaleError: the key was used with another request.
        """
        terms = Terms(idempotency_key=idempotency_key)
        return Acceptance(self._redis, Synced(self._redis)).submit(job_id, request, terms)

    def mark_published(self, job_id: str) -> None:
        """Remember that the job's planning is on the queue."""
        self._run("mark", job_id, "published")

    # -- plan --------------------------------------------------------------------------

    def note_planning(self, job_id: str, fraction: float) -> bool:
        """How far planning is, 0..1; False: stop, the job is over."""
        return bool(self._run("note_planning", job_id, f"{fraction:.3f}"))

    def set_plan(self, job_id: str, plan: Plan) -> bool:
        """Record the plan; False when the job is over. An earlier plan stands."""
        cuts = [
            fact
            for chunk in plan.chunks
            for fact in (chunk.first_frame, chunk.n_frames, chunk.key or "")
        ]
        head = replace(plan, chunks=())  # they lie in a hash: who wants one need not read all
        return bool(self._run("set_plan", job_id, head.to_json(), *cuts) >= 0)

    def mark_chord(self, job_id: str) -> None:
        """Remember that the job's chunks are on the queue: planning is done."""
        self._run("mark", job_id, "chord_at")

    def note_sound(self, job_id: str, key: str) -> bool:
        """The sound is blob `key`: the finished beginning can be played. True: said just now."""
        return bool(self._run("note_sound", job_id, key))

    def plan(self, job_id: str) -> Plan:
        """Raises UnknownJobError: no such job, or it is not planned."""
        with answering(STORE):
            pipe = self._redis.pipeline()  # whole: a job may be planned anew in between
            pipe.hget(job_key(job_id), "plan")
            pipe.hgetall(job_key(job_id) + ":chunks")
            found, raw = pipe.execute()
        if found is None:
            raise UnknownJobError(job_id)
        chunks = (_chunk(int(index), raw[index]) for index in sorted(raw, key=int))
        return replace(Plan.from_json(found.decode()), chunks=tuple(chunks))

    def plan_of_chunk(self, job_id: str, index: int) -> tuple[Plan, Chunk]:
        """The plan without its list of chunks, and one of them: as quick in a long job.

        Raises:
            UnknownJobError: no such job, or it is not planned, or has no such chunk.
        """
        with answering(STORE):
            pipe = self._redis.pipeline()  # whole: a job may be planned anew in between
            pipe.hget(job_key(job_id), "plan")
            pipe.hget(job_key(job_id) + ":chunks", str(index))
            found, raw = pipe.execute()
        if found is None or raw is None:
            raise UnknownJobError(job_id)
        return Plan.from_json(found.decode()), _chunk(index, raw)

    def renderers(self, job_id: str, fingerprint: str) -> str:
        """The fingerprint that all of a job's chunks are rendered by: the first that is said."""
        with answering(STORE):
            pipe = self._redis.pipeline()
            pipe.hsetnx(job_key(job_id), "renderers", fingerprint)
            pipe.hget(job_key(job_id), "renderers")
            return cast(bytes, pipe.execute()[1]).decode()

    # -- end ---------------------------------------------------------------------------

    def finish(self, job_id: str, fence: int, video: VideoInfo) -> bool:
        """The job has succeeded; True when this call made it so."""
        args = [job_id, fence, json.dumps(asdict(video)), self._ttl]
        return bool(self._run("finish", job_id, *args))

    def fail(self, job_id: str, failure: Failure) -> bool:
        """True when this call ended the job. Raises UnknownJobError."""
        return self._terminate(job_id, JobState.FAILED, json.dumps(asdict(failure)))

    def cancel(self, job_id: str) -> bool:
        """True when this call ended the job. Raises UnknownJobError."""
        return self._terminate(job_id, JobState.CANCELED, "")

    def expire(self, job_id: str, failure: Failure) -> bool:
        """True when this call ended the job. Raises UnknownJobError."""
        return self._terminate(job_id, JobState.EXPIRED, json.dumps(asdict(failure)))

    def forget(self, job_id: str) -> None:
        """Take a job whose record has expired out of the lists."""
        with answering(STORE):
            self._redis.zrem("lipchord:jobs", job_id)
            self._redis.srem("lipchord:jobs:active", job_id)

    def _terminate(self, job_id: str, state: JobState, failure: str) -> bool:
        outcome = self._run("terminate", job_id, job_id, state.value, failure, self._ttl)
        if outcome < 0:
            raise UnknownJobError(job_id)
        return bool(outcome)

    def _run_on(self, name: str, keys: list[str], args: list[Any]) -> Any:
        with answering(STORE):
            return self._scripts[name](keys=keys, args=args)


def _chunk(index: int, raw: bytes) -> Chunk:
    facts = json.loads(raw)
    known = facts["key"] if facts.get("reused") else None
    return Chunk(index, facts["first_frame"], facts["n_frames"], known)
