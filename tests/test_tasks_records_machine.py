"""The records against a model: no order of calls, deaths and silences makes an illegal move.

Two workers claim, die, fall silent, come back late, and merge twice, on the real
scripts and a real server. A lease of 0 s is one that has lapsed when the next
call comes. After every call the record, its event stream and the counters must
tell what the model says; at the end both workers die, and a third must be able
to bring the job to an end by what the reaper publishes.
"""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tasks.contract import JobState
from tasks.errors import StaleError
from tasks.ledger import MAX_REPLANS
from tasks.records import (
    MAX_ATTEMPTS,
    MERGING,
    PLANNING,
    ClaimOutcome,
    PlanClaim,
    Records,
    Returned,
)
from tasks.stores import connect
from tests.records import BROKEN, LATE, VIDEO, accepted, plan_of

LENGTHS = (3, 4)
WORKERS = ("w0", "w1")
YEAR_S = 3e7

workers = st.sampled_from(WORKERS)
leases = st.sampled_from((1000.0, 1000.0, 0.0))
indices = st.integers(0, len(LENGTHS) - 1)


@dataclass
class Piece:
    """What the model knows of planning, of a chunk, or of the merge."""

    state: str = "queued"  # queued, rendering (in hand), done
    attempts: int = 0
    fence: int = 0
    worker: str | None = None
    live: bool = False  # in hand on a lease that has not lapsed
    key: str | None = None

    def taken(self, worker: str, live: bool, fence: int) -> None:
        assert fence > self.fence, "a fence that was given before"
        self.state, self.worker, self.live, self.fence = "rendering", worker, live, fence
        self.attempts += 1

    def held_from(self, worker: str) -> bool:
        return self.state == "rendering" and self.live and self.worker != worker

    def has(self, fence: int) -> bool:
        return self.state != "done" and 0 < self.fence == fence

    def queued(self) -> None:
        self.state, self.live = "queued", False


@dataclass(frozen=True)
class Held:
    """What a worker believes to have; `fence` 0: it was refused."""

    piece: str
    fence: int


@dataclass
class Model:
    """One job."""

    state: str = "queued"
    is_planned: bool = False
    replans: int = 0
    pieces: dict[str, Piece] = field(
        default_factory=lambda: (
            {PLANNING: Piece(), MERGING: Piece()}
            | {str(index): Piece() for index in range(len(LENGTHS))}
        )
    )

    @property
    def over(self) -> bool:
        return JobState(self.state).terminal

    @property
    def chunks(self) -> list[Piece]:
        return [self.pieces[str(index)] for index in range(len(LENGTHS))]

    @property
    def all_in(self) -> bool:
        return self.is_planned and all(chunk.state == "done" for chunk in self.chunks)

    def ends(self, state: str) -> bool:
        """Whether a call that ends the job as `state` does so."""
        if self.over:
            return False
        self.state = state
        return True


def machine(url: str) -> type[RuleBasedStateMachine]:
    client = connect(url)
    by_lease = {lease: Records(client, 1000, lease) for lease in (1000.0, 0.0)}
    records = by_lease[1000.0]

    class Anybody(RuleBasedStateMachine):
        held = Bundle("held")

        @initialize(ready=st.sampled_from(((), (PLANNING,), (PLANNING, "0", "1"))))
        def a_job(self, ready: tuple[str, ...]) -> None:
            self.counted = records.counters()
            self.job_id = accepted(records)
            self.model = Model()
            for name in ready:  # so that the end is looked at as closely as the beginning
                self._bring_on(name)
            self.shown = 0.0
            self.finishes = 0

        # -- planning ------------------------------------------------------------------

        @precondition(lambda self: self.model.pieces[PLANNING].state != "done")
        @rule(target=held, worker=workers, lease=leases)
        def begin_plan(self, worker: str, lease: float) -> Held:
            outcome, fence = by_lease[lease].claim_plan(self.job_id, worker)
            work = self.model.pieces[PLANNING]
            if self.model.over or work.state == "done":
                assert outcome is PlanClaim.STOP
            elif work.held_from(worker):
                assert outcome is PlanClaim.HELD
            elif work.attempts >= MAX_ATTEMPTS:
                assert outcome is PlanClaim.EXHAUSTED
                self.model.state = "failed"
            else:
                expected = PlanClaim.PLANNED if self.model.is_planned else PlanClaim.PLAN
                assert outcome is expected
                work.taken(worker, lease > 0, fence)
                self.model.state = "running"
            return Held(PLANNING, fence)

        @precondition(lambda self: self.model.state != "queued" and not self.model.is_planned)
        @rule()
        def set_plan(self) -> None:
            assert records.set_plan(self.job_id, plan_of(*LENGTHS)) == (not self.model.over)
            self.model.is_planned = self.model.is_planned or not self.model.over

        @precondition(
            lambda self: self.model.is_planned and self.model.pieces[PLANNING].state != "done"
        )
        @rule()
        def mark_chord(self) -> None:
            if self.model.over:
                return
            records.mark_chord(self.job_id)
            self.model.pieces[PLANNING].state, self.model.pieces[PLANNING].live = "done", False

        # -- chunks --------------------------------------------------------------------

        @rule(target=held, index=indices, worker=workers, lease=leases)
        def claim(self, index: int, worker: str, lease: float) -> Held:
            claim = by_lease[lease].claim(self.job_id, index, worker)
            chunk = self.model.chunks[index]
            if self.model.over or not self.model.is_planned:
                assert claim.outcome is ClaimOutcome.STOP
            elif chunk.state == "done":
                assert claim.outcome is ClaimOutcome.DONE
            elif chunk.held_from(worker):
                assert claim.outcome is ClaimOutcome.HELD
            elif chunk.attempts >= MAX_ATTEMPTS:
                assert claim.outcome is ClaimOutcome.EXHAUSTED
                chunk.queued()
                self.model.state = "failed"
            else:
                assert claim.outcome is ClaimOutcome.RENDER
                chunk.taken(worker, lease > 0, claim.fence)
            return Held(str(index), claim.fence)

        @rule(mine=held, frames=st.integers(0, 3))
        def note(self, mine: Held, frames: int) -> None:
            if mine.piece in (PLANNING, MERGING):
                return
            before = {chunk.index: chunk.frames_done for chunk in records.job(self.job_id).chunks}
            goes_on = records.note_progress(self.job_id, int(mine.piece), mine.fence, frames)
            assert goes_on == self._has(mine)
            if goes_on and frames > before[int(mine.piece)]:
                piece = self.model.pieces[mine.piece]
                piece.state, piece.live = "rendering", True

        @rule(mine=held)
        def commit(self, mine: Held) -> None:
            if mine.piece in (PLANNING, MERGING):
                return
            index, chunk = int(mine.piece), self.model.pieces[mine.piece]
            key = f"blob_{index}_{mine.fence}"
            refused = self.model.over or not (chunk.state == "done" or chunk.has(mine.fence))
            if refused or not self.model.is_planned:
                with pytest.raises(StaleError):
                    records.commit(self.job_id, index, mine.fence, key, LENGTHS[index])
                return
            records.commit(self.job_id, index, mine.fence, key, LENGTHS[index])
            if chunk.state != "done":
                chunk.state, chunk.live, chunk.key = "done", False, key

        # -- any piece -----------------------------------------------------------------

        @rule(mine=held, lease=leases)
        def renew(self, mine: Held, lease: float) -> None:
            renewed = by_lease[lease].renew(self.job_id, mine.piece, mine.fence)
            assert renewed == self._has(mine) == records.mine(self.job_id, mine.piece, mine.fence)
            if renewed:
                piece = self.model.pieces[mine.piece]
                piece.state, piece.live = "rendering", lease > 0

        @rule(mine=held, unharmed=st.booleans())
        def give_back(self, mine: Held, unharmed: bool) -> None:
            failure = None if unharmed else BROKEN
            returned = records.give_back(self.job_id, mine.piece, mine.fence, failure)
            if not self._has(mine):
                assert returned is Returned.STALE
                return
            piece = self.model.pieces[mine.piece]
            piece.queued()
            piece.fence += 1
            piece.attempts -= unharmed
            exhausted = piece.attempts >= MAX_ATTEMPTS
            assert returned is (Returned.EXHAUSTED if exhausted else Returned.QUEUED)
            self.model.state = "failed" if exhausted else self.model.state

        @rule(mine=held, worker=workers)
        def die(self, mine: Held, worker: str) -> None:
            held = self.model.pieces[mine.piece]
            had = not self.model.over and held.state == "rendering" and held.worker == worker
            assert records.abandon(self.job_id, mine.piece, worker) == had
            if had:
                held.queued()

        @rule()
        def reap(self) -> None:
            found = records.look_after(self.job_id, YEAR_S, LATE, grace_s=YEAR_S)
            self._lapse(found.ended)

        # -- the end -------------------------------------------------------------------

        @precondition(lambda self: self.model.is_planned)
        @rule(target=held, worker=workers, lease=leases)
        def begin_merge(self, worker: str, lease: float) -> Held:
            work = self.model.pieces[MERGING]
            refused = not self.model.over and (not self.model.all_in or work.held_from(worker))
            if refused:
                with pytest.raises(StaleError):
                    by_lease[lease].begin_merge(self.job_id, len(LENGTHS), worker)
                return Held(MERGING, 0)
            fence = by_lease[lease].begin_merge(self.job_id, len(LENGTHS), worker)
            if self.model.over:
                assert fence is None
            elif work.attempts >= MAX_ATTEMPTS:
                assert fence is None
                self.model.state = "failed"
            else:
                assert fence is not None
                work.taken(worker, lease > 0, fence)
            return Held(MERGING, fence or 0)

        @rule(mine=held)
        def finish(self, mine: Held) -> None:
            if mine.piece != MERGING:
                return
            expected = self._has(mine)
            finished = records.finish(self.job_id, mine.fence, VIDEO)
            assert finished == expected
            self.finishes += finished
            if finished:
                self.model.state = "succeeded"

        @rule(mine=held, index=indices)
        def reopen(self, mine: Held, index: int) -> None:
            if mine.piece != MERGING:
                return
            work, chunk = self.model.pieces[MERGING], self.model.chunks[index]
            returned = records.reopen(self.job_id, index, mine.fence, BROKEN)
            if not self._has(mine) or chunk.state != "done":
                assert returned is Returned.STALE
                return
            for piece in (work, chunk):
                piece.queued()
                piece.fence += 1
            work.attempts, chunk.key = work.attempts - 1, None
            exhausted = chunk.attempts >= MAX_ATTEMPTS
            assert returned is (Returned.EXHAUSTED if exhausted else Returned.QUEUED)
            self.model.state = "failed" if exhausted else self.model.state

        @rule(mine=held)
        def replan(self, mine: Held) -> None:
            if mine.piece in (PLANNING, MERGING):
                return
            returned = records.replan(self.job_id, int(mine.piece), mine.fence, BROKEN)
            if not self._has(mine):
                assert returned is Returned.STALE
                return
            self.model.replans += 1
            if self.model.replans > MAX_REPLANS:
                assert returned is Returned.EXHAUSTED
                self.model.state = "failed"
                return
            assert returned is Returned.QUEUED
            self.model.is_planned = False
            for piece in (self.model.pieces[PLANNING], self.model.pieces[MERGING]):
                piece.queued()
                piece.attempts, piece.fence = 0, piece.fence + 1
            for index in range(len(LENGTHS)):
                self.model.pieces[str(index)] = Piece(fence=1000 * self.model.replans)

        @precondition(lambda self: self.model.over or self.model.is_planned)
        @rule(how=st.sampled_from(("canceled", "failed", "expired")), times=st.integers(0, 5))
        def end(self, how: str, times: int) -> None:
            if times:  # most jobs live on
                return
            call = {
                "canceled": lambda: records.cancel(self.job_id),
                "failed": lambda: records.fail(self.job_id, BROKEN),
                "expired": lambda: records.look_after(self.job_id, -1, LATE, 0).ended == "expired",
            }[how]
            assert call() == self.model.ends(how)

        # -- what must be true after every call ----------------------------------------

        @invariant()
        def the_record_is_as_the_model(self) -> None:
            if not hasattr(self, "model"):
                return
            job, model = records.job(self.job_id), self.model
            assert job.state == model.state
            assert job.progress >= self.shown
            self.shown = job.progress
            assert self.finishes == (job.state is JobState.SUCCEEDED)
            assert (self.job_id in records.active()) == (not model.over)
            assert [(c.state, c.attempts) for c in job.chunks] == (
                [(c.state, c.attempts) for c in model.chunks] if model.is_planned else []
            )
            assert records.chunk_keys(self.job_id) == tuple(
                chunk.key for chunk in model.chunks if chunk.key
            )
            assert (job.failure is not None) == (model.state in ("failed", "expired"))
            if job.state is JobState.SUCCEEDED:
                assert job.video == VIDEO
                assert model.all_in

        @invariant()
        def the_counters_add_up(self) -> None:
            if not hasattr(self, "model"):
                return
            ended = {self.model.state: 1} if self.model.over else {}
            counts = records.counters()
            more = {
                name: counts[name] - self.counted.get(name, 0)
                for name in counts
                if counts[name] != self.counted.get(name, 0)
            }
            assert more == {"accepted": 1} | ended

        @invariant()
        def the_events_tell_the_same(self) -> None:
            if not hasattr(self, "model"):
                return
            state, chunks = told(client.xrange(f"lipchord:job:{self.job_id}:events"))
            assert state == self.model.state
            if self.model.is_planned:
                assert chunks == [(c.state, c.attempts) for c in self.model.chunks]

        def teardown(self) -> None:
            """Both workers die; whatever state this is, a third comes to an end."""
            if not hasattr(self, "model") or self.model.over:
                return
            for piece in self.model.pieces:
                for worker in WORKERS:
                    records.abandon(self.job_id, piece, worker)
            rounds = 0
            while not records.state(self.job_id).terminal:
                found = by_lease[0.0].look_after(self.job_id, YEAR_S, LATE, grace_s=-YEAR_S)
                for piece in found.pieces:
                    bring_on(records, self.job_id, piece)
                rounds += 1
                assert rounds < 10, "a chunk is lost: nothing is published any more"

        def _bring_on(self, name: str) -> None:
            bring_on(records, self.job_id, name)
            piece = self.model.pieces[name]
            piece.taken("w9", False, 1)
            piece.state, piece.key = "done", None if name == PLANNING else "blob"
            self.model.state, self.model.is_planned = "running", True

        def _has(self, mine: Held) -> bool:
            planned = self.model.is_planned or mine.piece in (PLANNING, MERGING)
            return not self.model.over and planned and self.model.pieces[mine.piece].has(mine.fence)

        def _lapse(self, ended: str) -> None:
            """The reaper's look, on the model: pieces in hand whose lease has lapsed."""
            model = self.model
            if model.over:
                assert ended == ""
                return
            names = [PLANNING]
            if model.is_planned:
                names = [MERGING] if model.all_in else [str(i) for i in range(len(LENGTHS))]
            lapsed = [
                model.pieces[name]
                for name in names
                if model.pieces[name].state == "rendering" and not model.pieces[name].live
            ]
            exhausted = any(piece.attempts >= MAX_ATTEMPTS for piece in lapsed)
            assert ended == ("failed" if exhausted else "")
            model.state = "failed" if exhausted else model.state
            held = {chunk.index: chunk.state for chunk in records.job(self.job_id).chunks}
            for name, piece in zip(names, map(model.pieces.__getitem__, names), strict=True):
                if piece not in lapsed:
                    continue
                # Where one ends the job, the look stops there: the others stay as they were.
                if not exhausted or held.get(int(name) if name.isdigit() else -1) == "queued":
                    piece.queued()

    return Anybody


def told(events: list[tuple[bytes, dict[bytes, bytes]]]) -> tuple[str, list[tuple[str, int]]]:
    """The states that a job's events tell: the job's, and each chunk's with its attempts."""
    state, chunks = "", {index: ["queued", 0] for index in range(len(LENGTHS))}
    for _, raw in events:
        fact = {name.decode(): value.decode() for name, value in raw.items()}
        kind, name = fact["type"], fact.get("chunk", fact.get("piece", ""))
        assert not (state and JobState(state).terminal), f"{kind} after the end"
        if kind == "replanned":
            chunks = {index: ["queued", 0] for index in range(len(LENGTHS))}
            continue
        if kind == "accepted":
            state = "queued"
        elif kind == "planning":
            state = "running"
        elif kind in set(JobState):
            state = kind
        if not name.isdigit():
            continue
        chunk = chunks[int(name)]
        if kind == "claimed":
            chunk[:] = ["rendering", int(fact["attempt"])]
        elif kind == "resumed":
            chunk[0] = "rendering"
        elif kind == "chunk":
            chunk[0] = "done"
        elif kind in ("lapsed", "reopened"):
            chunk[0] = "queued"
        elif kind == "given-back":
            chunk[:] = ["queued", chunk[1] - (fact["reason"] == "")]
    return state, [(str(name), int(count)) for name, count in chunks.values()]


def bring_on(records: Records, job_id: str, piece: str) -> None:
    """What a healthy worker does with a message."""
    if piece == PLANNING:
        if records.begin_plan(job_id, "w9") in (PlanClaim.PLAN, PlanClaim.PLANNED):
            records.set_plan(job_id, plan_of(*LENGTHS))
            records.mark_chord(job_id)
    elif piece == MERGING:
        fence = records.begin_merge(job_id, len(LENGTHS), "w9")
        if fence is not None:
            assert records.finish(job_id, fence, VIDEO)
    else:
        claim = records.claim(job_id, int(piece), "w9")
        if claim.outcome is ClaimOutcome.RENDER:
            records.commit(job_id, int(piece), claim.fence, "blob", LENGTHS[int(piece)])


def test_no_order_of_calls_makes_an_illegal_move(queue_store: str) -> None:
    run_state_machine_as_test(
        machine(queue_store),  # type: ignore[arg-type]
        settings=settings(max_examples=150, stateful_step_count=40, deadline=None),
    )
