"""The job's record: what is true about a job. Every change is one atomic script.

    queued ──► running ( planning ──► rendering ──► merging ) ──► succeeded
       └──────────┴───────────────────┴─────────────┴──► failed | canceled | expired

Terminal states are for ever. Each script (`tasks/lua/`) is one compare-and-set
on the store's own clock and appends to the job's event stream. Rendering a
chunk and merging carry a fence: the number of the attempt. A commit with an
older fence is refused, so a worker that was thought dead cannot undo a later one.
"""

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.resources import files
from typing import Any, cast

import redis

from tasks.acceptance import Acceptance, Terms
from tasks.blueprint import Plan
from tasks.contract import Failure, Job, JobRequest, JobState, VideoInfo
from tasks.errors import StaleError, UnknownJobError
from tasks.snapshot import job_from
from tasks.stores import answering
from tasks.synced import Synced

STORE = "queue store"
MAX_ATTEMPTS = 3  # of one chunk: a fourth would only kill a fourth worker

SCRIPTS = (
    "begin_plan", "set_plan", "claim", "progress", "commit",
    "begin_merge", "finish", "terminate",
)  # fmt: skip


class PlanClaim(StrEnum):
    """What a planner that comes to a job should do."""

    PLAN = "plan"
    PLANNED = "planned"  # somebody has: publish the chord again, that is harmless
    STOP = "stop"


class ClaimOutcome(StrEnum):
    RENDER = "render"
    DONE = "done"
    STOP = "stop"
    EXHAUSTED = "exhausted"


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk in hand: `fence` must come with its progress and its commit."""

    outcome: ClaimOutcome
    fence: int


class Records:
    """Jobs in a Redis or Valkey that syncs its append-only file before it answers."""

    def __init__(self, client: "redis.Redis", job_ttl_s: int = 8 * 86400) -> None:
        self._redis, self._ttl = client, job_ttl_s
        lua = files("tasks") / "lua"
        prelude = (lua / "prelude.lua").read_text()
        self._scripts = {
            name: client.register_script(prelude + (lua / f"{name}.lua").read_text())
            for name in SCRIPTS
        }

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
        with answering(STORE):
            self._redis.hset(_job(job_id), "published", 1)

    # -- plan --------------------------------------------------------------------------

    def begin_plan(self, job_id: str) -> PlanClaim:
        return PlanClaim(self._run("begin_plan", [_job(job_id)], []).decode())

    def note_planning(self, job_id: str, fraction: float) -> None:
        """How far planning is, 0..1; shown, nothing else."""
        with answering(STORE):
            self._redis.hset(_job(job_id), "planning", f"{fraction:.3f}")

    def set_plan(self, job_id: str, plan: Plan) -> bool:
        """Record the plan; False when the job is over. An earlier plan stands."""
        cuts = [
            fact
            for chunk in plan.chunks
            for fact in (chunk.first_frame, chunk.n_frames, chunk.key or "")
        ]
        return bool(self._run("set_plan", [_job(job_id)], [plan.to_json(), *cuts]) >= 0)

    def plan(self, job_id: str) -> Plan:
        """Raises UnknownJobError: no such job, or it is not planned."""
        with answering(STORE):
            found = self._redis.hget(_job(job_id), "plan")
        if found is None:
            raise UnknownJobError(job_id)
        return Plan.from_json(cast(bytes, found).decode())

    # -- chunks ------------------------------------------------------------------------

    def claim(self, job_id: str, index: int, worker: str) -> Claim:
        outcome, fence = self._run(
            "claim", [_job(job_id)], [index, worker, MAX_ATTEMPTS, self._ttl, job_id]
        )
        return Claim(ClaimOutcome(outcome.decode()), int(fence))

    def note_progress(self, job_id: str, index: int, fence: int, frames_done: int) -> bool:
        """Frames done so far; False: stop, the job is over or another attempt has the chunk."""
        return bool(self._run("progress", [_job(job_id)], [index, fence, frames_done]))

    def commit(self, job_id: str, index: int, fence: int, key: str, n_frames: int) -> None:
        """The chunk's video is blob `key`; said twice is said once.

        Raises:
            StaleError: a newer attempt has the chunk, the job is over, or the count is wrong.
        """
        outcome = self._run("commit", [_job(job_id)], [index, fence, key, n_frames])
        if outcome < 0:
            raise StaleError(f"chunk {index} of {job_id}: commit refused ({outcome})")

    def chunk_keys(self, job_id: str) -> tuple[str, ...]:
        """Blob keys of the finished chunks, in order."""
        return tuple(chunk["key"] for chunk in self._chunks(job_id) if "key" in chunk)

    # -- end ---------------------------------------------------------------------------

    def begin_merge(self, job_id: str, n_chunks: int) -> int | None:
        """The merge's fence; None when the job is over.

        Raises:
            StaleError: chunks are missing.
        """
        fence = int(self._run("begin_merge", [_job(job_id)], [n_chunks]))
        if fence < 0:
            raise StaleError(f"{job_id}: not all of its {n_chunks} chunks are in")
        return fence or None

    def finish(self, job_id: str, fence: int, video: VideoInfo) -> bool:
        """The job has succeeded; True when this call made it so."""
        args = [job_id, fence, json.dumps(asdict(video)), self._ttl]
        return bool(self._run("finish", [_job(job_id)], args))

    def fail(self, job_id: str, failure: Failure) -> bool:
        return self._terminate(job_id, JobState.FAILED, json.dumps(asdict(failure)))

    def cancel(self, job_id: str) -> bool:
        """True when this call ended the job. Raises UnknownJobError."""
        return self._terminate(job_id, JobState.CANCELED, "")

    def expire(self, job_id: str, failure: Failure) -> bool:
        return self._terminate(job_id, JobState.EXPIRED, json.dumps(asdict(failure)))

    # -- look --------------------------------------------------------------------------

    def job(self, job_id: str) -> Job:
        """Raises UnknownJobError."""
        with answering(STORE):
            pipe = self._redis.pipeline(transaction=False)
            pipe.hgetall(_job(job_id))
            pipe.hgetall(_job(job_id) + ":chunks")
            pipe.time()
            raw, chunks, (seconds, micros) = pipe.execute()
        if not raw:
            raise UnknownJobError(job_id)
        record = {key.decode(): value.decode() for key, value in raw.items()}
        return job_from(record, _sorted(chunks), seconds + micros / 1e6)

    def state(self, job_id: str) -> JobState:
        """The state alone, for those who ask often. Raises UnknownJobError."""
        with answering(STORE):
            state = cast("bytes | None", self._redis.hget(_job(job_id), "state"))
        if state is None:
            raise UnknownJobError(job_id)
        return JobState(state.decode())

    def ids(self, limit: int, before: float | None) -> list[tuple[str, float]]:
        """(id, created at) of jobs, newest first, created before `before` (Unix time)."""
        top = f"({before:.6f}" if before else "+inf"
        with answering(STORE):
            found = self._redis.zrevrangebyscore(
                "lipchord:jobs", top, "-inf", start=0, num=limit, withscores=True
            )
        return [(name.decode(), score) for name, score in cast(list[tuple[bytes, float]], found)]

    def active(self) -> tuple[str, ...]:
        """Ids of jobs that are not over."""
        with answering(STORE):
            members = cast(set[bytes], self._redis.smembers("lipchord:jobs:active"))
        return tuple(sorted(member.decode() for member in members))

    def unpublished(self, job_id: str) -> bool:
        """Whether the job was dispatched (tasks/dispatch.py), and its planning not published."""
        with answering(STORE):
            marks = cast(
                "list[bytes | None]",
                self._redis.hmget(_job(job_id), ["dispatched_at", "published"]),
            )
        return marks[0] is not None and marks[1] is None

    def now(self) -> float:
        """The store's clock: Unix time, seconds. All times in records are by it."""
        with answering(STORE):
            seconds, micros = self._redis.time()
        return seconds + micros / 1e6

    def forget(self, job_id: str) -> None:
        """Take a job whose record has expired out of the list."""
        with answering(STORE):
            self._redis.zrem("lipchord:jobs", job_id)
            self._redis.srem("lipchord:jobs:active", job_id)

    def counters(self) -> dict[str, int]:
        with answering(STORE):
            raw = cast(dict[bytes, bytes], self._redis.hgetall("lipchord:counters"))
        return {name.decode(): int(count) for name, count in raw.items()}

    def _chunks(self, job_id: str) -> list[dict[str, Any]]:
        with answering(STORE):
            raw = cast(dict[bytes, bytes], self._redis.hgetall(_job(job_id) + ":chunks"))
        return _sorted(raw)

    def _terminate(self, job_id: str, state: JobState, failure: str) -> bool:
        outcome = self._run("terminate", [_job(job_id)], [job_id, state.value, failure, self._ttl])
        if outcome < 0:
            raise UnknownJobError(job_id)
        return bool(outcome)

    def _run(self, name: str, keys: list[str], args: list[Any]) -> Any:
        with answering(STORE):
            return self._scripts[name](keys=keys, args=args)


def _job(job_id: str) -> str:
    return f"lipchord:job:{job_id}"


def _sorted(raw: dict[bytes, bytes]) -> list[dict[str, Any]]:
    return [json.loads(raw[index]) for index in sorted(raw, key=int)]
