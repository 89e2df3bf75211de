"""One attempt at a piece of work: its lease, its progress, and what its errors lead to."""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import pytest
import torch
from celery.exceptions import Ignore, Retry

from lipsync_engine.errors import EncodeError, NoFaceError
from merge.errors import TrackError, UnlikeChunksError, WriteError
from tasks.attempt import WAITS, Attempt, HandedBackError, carry_out
from tasks.contract import JobState
from tasks.errors import (
    MissingBlobError,
    StaleError,
    StoreError,
    UnknownJobError,
    UnlikeRenderersError,
)
from tasks.judgement import Verdict, failure_of, judge
from tasks.keeper import Keeper
from tasks.patience import patiently
from tasks.progress import ASKED_S, Progress
from tasks.records import Records
from tasks.stores import connect
from tests.records import planned


@dataclass
class Task:
    """A bound Celery task as far as an attempt knows it."""

    retries: int = 0
    countdowns: list[float] = field(default_factory=list)

    @property
    def request(self) -> SimpleNamespace:
        return SimpleNamespace(retries=self.retries)

    def retry(self, countdown: float, **_: object) -> Retry:
        self.countdowns.append(countdown)
        return Retry()


@pytest.fixture
def records(queue_store: str) -> Records:
    return Records(connect(queue_store))


@pytest.fixture
def attempt(records: Records) -> Attempt:
    job_id = planned(records, 10)
    return Attempt(records, job_id, "0", records.claim(job_id, 0, "render0").fence)


def raising(error: BaseException) -> Callable[[Keeper], None]:
    def step(_keeper: Keeper) -> None:
        raise error

    return step


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (StaleError("x"), Verdict.STOP),
        (UnknownJobError("job_x"), Verdict.STOP),
        (StoreError("away"), Verdict.WAIT),
        (UnlikeRenderersError(), Verdict.PASS),
        (NoFaceError("no face"), Verdict.FINAL),
        (MissingBlobError("blob_x"), Verdict.FINAL),
        (TrackError("too long"), Verdict.FINAL),
        (UnlikeChunksError(1, "differs"), Verdict.FINAL),
        (WriteError("disk full"), Verdict.AGAIN),
        (EncodeError("refused"), Verdict.AGAIN),
        (OSError(28, "No space left on device"), Verdict.AGAIN),
        (MemoryError(), Verdict.AGAIN),
        (torch.OutOfMemoryError("CUDA out of memory"), Verdict.AGAIN),
        (RuntimeError("CUDA error: an illegal memory access"), Verdict.DEVICE),
        (torch.AcceleratorError("CUDA error: unspecified launch failure"), Verdict.DEVICE),
        (RuntimeError("shape mismatch"), Verdict.AGAIN),
    ],
)
def test_every_error_has_a_verdict_and_words(error: Exception, verdict: Verdict) -> None:
    assert judge(error) is verdict
    assert failure_of(error).detail
    assert "Traceback" not in failure_of(error).detail


def test_what_breaks_comes_again_as_the_same_message_and_is_counted(attempt: Attempt) -> None:
    task = Task()

    with pytest.raises(Retry):
        carry_out(task, attempt, raising(ArithmeticError("nan")))

    chunk = attempt.records.job(attempt.job_id).chunks[0]
    assert (chunk.state, chunk.attempts) == ("queued", 1)
    assert "ArithmeticError: nan" in (chunk.error or "")
    assert 0 < task.countdowns[0] <= 2


def test_a_chunk_of_another_version_is_passed_on_as_often_as_need_be(attempt: Attempt) -> None:
    for _ in range(5):
        with pytest.raises(Retry):
            carry_out(Task(), attempt, raising(UnlikeRenderersError()))
        again = attempt.records.claim(attempt.job_id, 0, "render0").fence
        attempt = Attempt(attempt.records, attempt.job_id, "0", again)

    assert attempt.records.job(attempt.job_id).chunks[0].attempts == 1


def test_bad_input_fails_the_job_at_once(attempt: Attempt) -> None:
    with pytest.raises(Ignore):
        carry_out(Task(), attempt, raising(NoFaceError("Send a face.")))

    job = attempt.records.job(attempt.job_id)
    assert job.state is JobState.FAILED
    assert job.failure is not None
    assert job.failure.detail == "Send a face."


def test_a_store_that_is_away_costs_no_attempt_until_patience_ends(attempt: Attempt) -> None:
    with pytest.raises(Retry):
        carry_out(Task(), attempt, raising(StoreError("The blob store is full. Delete some.")))
    assert attempt.records.job(attempt.job_id).chunks[0].attempts == 0

    again = attempt.records.claim(attempt.job_id, 0, "render0")
    last = Attempt(attempt.records, attempt.job_id, "0", again.fence)
    with pytest.raises(Ignore):
        carry_out(Task(retries=WAITS), last, raising(StoreError("The blob store is full.")))

    failure = attempt.records.job(attempt.job_id).failure
    assert failure is not None
    assert failure.detail == "The blob store is full."


def test_a_process_that_is_asked_to_end_hands_its_chunk_on(attempt: Attempt) -> None:
    def asked_twice(_keeper: Keeper) -> None:
        for _ in range(2):  # as Celery's cold shutdown does
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(HandedBackError):
            carry_out(Task(), attempt, asked_twice)
    finally:
        signal.signal(signal.SIGTERM, before)

    chunk = attempt.records.job(attempt.job_id).chunks[0]
    assert (chunk.state, chunk.attempts) == ("queued", 0)
    assert attempt.records.claim(attempt.job_id, 0, "render1").fence > attempt.fence


def test_a_swallowed_sigterm_leaves_a_process_that_obeys_the_next(
    attempt: Attempt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.attempt.TWICE_S", 0.0)
    seen: list[type[BaseException]] = []

    def swallows(_keeper: Keeper) -> None:  # as native code does that calls Python back
        for _ in range(2):
            try:
                os.kill(os.getpid(), signal.SIGTERM)
                time.sleep(5)
            except BaseException as error:
                seen.append(type(error))

    before = signal.getsignal(signal.SIGTERM)
    carry_out(Task(), attempt, swallows)

    assert seen == [HandedBackError, HandedBackError]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_generator_that_exits_is_an_attempt(attempt: Attempt) -> None:
    with pytest.raises(SystemExit):
        carry_out(Task(), attempt, raising(SystemExit(3)))

    assert attempt.records.job(attempt.job_id).chunks[0].attempts == 1


def test_a_lease_is_renewed_while_the_work_goes_on_and_not_after() -> None:
    renewed = threading.Semaphore(0)

    def renew() -> bool:
        renewed.release()
        return True

    with Keeper(renew, lease_s=0.06):
        for _ in range(3):
            assert renewed.acquire(timeout=10)
    while renewed.acquire(blocking=False):
        pass

    assert not renewed.acquire(timeout=0.1)


def test_a_keeper_says_that_the_piece_is_lost_and_outlives_a_store_that_is_away() -> None:
    answers = iter([StoreError("away"), False])
    asked = threading.Event()

    def renew() -> bool:
        answer = next(answers)
        if isinstance(answer, StoreError):
            raise answer
        asked.set()
        return answer

    with Keeper(renew, lease_s=0.06) as keeper:
        assert asked.wait(10)

    assert keeper.lost


@pytest.mark.parametrize("batch_s", [0.0, ASKED_S * 1.2])
def test_a_cancel_is_seen_within_two_batches_or_a_twentieth_of_a_second(
    attempt: Attempt, batch_s: float
) -> None:
    progress = Progress(attempt, attempt.keeper())
    time.sleep(batch_s)
    assert progress(1)

    attempt.records.cancel(attempt.job_id)

    if batch_s == 0:
        time.sleep(ASKED_S)  # many batches of no time
    answers = []
    for batch in (2, 3):
        time.sleep(batch_s)
        answers.append(progress(batch))
    assert not all(answers)


def test_patience_ends_and_a_store_that_comes_back_is_found() -> None:
    answers = iter([StoreError("away"), StoreError("away"), "back"])

    def step() -> str:
        answer = next(answers)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    assert patiently(step, total_s=30) == "back"
    with pytest.raises(StoreError):
        patiently(lambda: (_ for _ in ()).throw(StoreError("away")), total_s=0)
