"""Who works on what: leases and fences for planning, for each chunk, and for merging.

    queued ──claim──► in hand ──commit / finish──► done
      ▲                  │                           │
      ├──── give back ───┤  (fence + 1)              │
      ├──── lapse ───────┘  (nobody renewed)         │
      └──── reopen ──────────────────────────────────┘  (a chunk's video is gone; fence + 1)

A claim is a lease and a fence. The lease (30 s, renewed while the work goes on)
keeps others away; the fence is what commits go by: an older one is refused, so a
worker that was thought dead cannot undo a later one. Each claim is an attempt,
unless it was handed back unharmed; after `MAX_ATTEMPTS` the job fails with what
the last one said. A lease of the same worker *name* never keeps it waiting: a
worker does one thing at a time, so whoever asks in its name has replaced the
process that died with the lease.
"""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from tasks.contract import Failure
from tasks.errors import StaleError
from tasks.ledger import MAX_ATTEMPTS, MAX_REPLANS, Ledger

PLANNING, MERGING = "plan", "merge"  # pieces of work, beside the chunks' indices


class PlanClaim(StrEnum):
    """What a planner that comes to a job should do."""

    PLAN = "plan"
    PLANNED = "planned"  # somebody has: publish the chord again, that is harmless
    HELD = "held"  # another worker is at it
    STOP = "stop"
    EXHAUSTED = "exhausted"  # the job has failed


class ClaimOutcome(StrEnum):
    RENDER = "render"
    DONE = "done"
    HELD = "held"  # another worker is at it
    STOP = "stop"
    EXHAUSTED = "exhausted"  # the job has failed


class Returned(StrEnum):
    """What became of a piece that was given back."""

    QUEUED = "queued"
    EXHAUSTED = "exhausted"  # that was the last attempt: the job has failed
    STALE = "stale"  # it was somebody else's already, or the job is over


@dataclass(frozen=True, slots=True)
class Claim:
    """A chunk in hand: `fence` must come with its progress and its commit."""

    outcome: ClaimOutcome
    fence: int


class Leases(Ledger):
    """Claims, and how they end."""

    def begin_plan(self, job_id: str, worker: str = "") -> PlanClaim:
        """Take a job's planning; see `claim_plan`."""
        return self.claim_plan(job_id, worker)[0]

    def claim_plan(self, job_id: str, worker: str) -> tuple[PlanClaim, int]:
        """Take a job's planning: what to do, and the fence."""
        args = [worker, self.lease_s, MAX_ATTEMPTS, self._ttl, job_id]
        outcome, fence = self._run("begin_plan", job_id, *args)
        return PlanClaim(outcome.decode()), int(fence)

    def claim(self, job_id: str, index: int, worker: str) -> Claim:
        """Take a chunk."""
        args = [index, worker, self.lease_s, MAX_ATTEMPTS, self._ttl, job_id]
        outcome, fence = self._run("claim", job_id, *args)
        return Claim(ClaimOutcome(outcome.decode()), int(fence))

    def begin_merge(self, job_id: str, n_chunks: int, worker: str = "") -> int | None:
        """The merge's fence; None when the job is over.

        Raises:
            StaleError: chunks are missing, or another worker is at it.
        """
        args = [n_chunks, worker, self.lease_s, MAX_ATTEMPTS, self._ttl, job_id]
        fence = int(self._run("begin_merge", job_id, *args))
        if fence == -1:
            raise StaleError(f"{job_id}: not all of its {n_chunks} chunks are in")
        if fence < 0:
            raise StaleError(f"{job_id}: another worker joins its chunks")
        return fence or None

    # -- in hand -----------------------------------------------------------------------

    def renew(self, job_id: str, piece: str, fence: int) -> bool:
        """Keep a piece for another `lease_s`; False: stop, it is no longer this attempt's."""
        return bool(self._run("renew", job_id, piece, fence, self.lease_s))

    def mine(self, job_id: str, piece: str, fence: int) -> bool:
        """Whether a piece is still this attempt's and its job goes on; only looks."""
        return bool(self._run("mine", job_id, piece, fence))

    def note_progress(self, job_id: str, index: int, fence: int, frames_done: int) -> bool:
        """Frames done so far; False: stop, the job is over or another attempt has the chunk."""
        return bool(self._run("progress", job_id, index, fence, frames_done, self.lease_s))

    # -- how it ends -------------------------------------------------------------------

    def commit(
        self, job_id: str, index: int, fence: int, key: str, n_frames: int, in_chord: bool = True
    ) -> bool:
        """The chunk's video is blob `key`; said twice is said once.

        Args:
            in_chord: whether the chord counts this task.

        Returns:
            Whether the merge is to be published: all is in, and the chord cannot know.

        Raises:
            StaleError: a newer attempt has the chunk, the job is over, or the count is wrong.
        """
        outcome = self._run("commit", job_id, index, fence, key, n_frames, int(not in_chord))
        if outcome < 0:
            raise StaleError(f"chunk {index} of {job_id}: commit refused ({outcome})")
        return bool(outcome == 2)

    def give_back(
        self, job_id: str, piece: str, fence: int, failure: Failure | None, delay_s: float = 0
    ) -> Returned:
        """End an attempt without a result.

        Args:
            failure: why it failed; None: it did not, and does not count as an attempt.
            delay_s: seconds until the piece's message comes again.
        """
        why = (failure.reason, failure.detail) if failure else ("", "")
        args = [piece, fence, *why, delay_s, MAX_ATTEMPTS, self._ttl, job_id]
        return Returned(self._run("give_back", job_id, *args).decode())

    def abandon(self, job_id: str, piece: str, worker: str) -> bool:
        """The process of `worker` died: its lease on the piece lapses now. True: it had one."""
        return bool(self._run("abandon", job_id, piece, worker))

    def reopen(self, job_id: str, index: int, merge_fence: int, failure: Failure) -> Returned:
        """A chunk's video is missing or damaged: it is to be rendered again, and merged later."""
        why = (failure.reason, failure.detail)
        args = [merge_fence, index, *why, MAX_ATTEMPTS, self._ttl, job_id]
        return Returned(self._run("reopen", job_id, *args).decode())

    def replan(self, job_id: str, index: int, fence: int, failure: Failure) -> Returned:
        """A chunk's plan is for workers that are gone: the job is to be planned anew.

        Args:
            failure: of the job, when that has been so too often.
        """
        why = json.dumps({"reason": failure.reason, "detail": failure.detail})
        args = [index, fence, MAX_REPLANS, why, self._ttl, job_id]
        return Returned(self._run("replan", job_id, *args).decode())

    # -- what nobody has in hand -------------------------------------------------------

    def look_after(
        self, job_id: str, deadline_s: float, too_late: Failure, grace_s: float
    ) -> "Overdue":
        """What the reaper is to publish of a job; see `tasks/lua/look_after.lua`.

        Args:
            deadline_s: a job older than this expires with `too_late`.
            grace_s: how long after its publication a message may be under way.
        """
        late = json.dumps({"reason": too_late.reason, "detail": too_late.detail})
        args = [job_id, self._ttl, deadline_s, late, grace_s, self.lease_s, MAX_ATTEMPTS]
        words = cast(list[bytes], self._run("look_after", job_id, *args))
        found = [word.decode() for word in words]
        if found and not found[0]:
            return Overdue(ended=found[1])
        return Overdue(generator=found[0], pieces=tuple(found[1:])) if found else Overdue()


@dataclass(frozen=True, slots=True)
class Overdue:
    """What is to be published of a job: "plan", "merge", or chunks by their index.

    Attributes:
        ended: "expired" or "failed" when this look ended the job, "gone" without a record.
    """

    generator: str = ""
    pieces: tuple[str, ...] = ()
    ended: str = ""
