"""What must hold when a run has healed: nothing lost, nothing wrong, nothing twice, nothing left.

Lost: an accepted job that is not over, unknown, or over in a way that its scenario does
not excuse. Wrong: a video that is not exactly its job's frames in order. Doubled: two
ends, two jobs of one request, or two webhook ids of one event. Left: see `residue`.
"""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

import av

from tasks.contract import Job, JobState
from tasks.errors import GoneError, LostJobError, MissingBlobError, StoreError, UnknownJobError
from tests.faults.house import House
from tests.faults.residue import left_over, told_of
from tests.faults.stamping import read_stamp
from tests.faults.trial import Accepted, Trial

HEAL_S = 45.0
SWEEP_S = 45.0  # longer than the lease of a webhook in hand


@dataclass
class Verdict:
    """One run's result; `complaints` says in words what the counts count."""

    accepted: int
    ended: dict[str, int]
    lost: int = 0
    wrong: int = 0
    doubled: int = 0
    left: int = 0
    recovery_s: float | None = None
    complaints: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return not (self.lost or self.wrong or self.doubled or self.left or self.complaints)


def judge(trial: Trial) -> Verdict:
    """Wait until the run has healed, then look at everything."""
    house = trial.house
    with suppress(TimeoutError):
        house.until(lambda: _over(house, trial), HEAL_S)
    jobs = {accepted.id: _job(house, accepted.id) for accepted in trial.accepted}
    verdict = Verdict(len(trial.accepted), dict(Counter(map(_end, jobs.values()))))
    for accepted in trial.accepted:
        _judge_job(verdict, house, accepted, jobs[accepted.id])
    _judge_twins(verdict, trial)
    ends = [job.finished_at for job in jobs.values() if job and job.finished_at]
    if trial.struck_at is not None and ends:
        verdict.recovery_s = round(max(0.0, max(ends) - trial.struck_at), 3)
    left: list[str] = []
    with suppress(TimeoutError):
        house.until(lambda: not _note(left, left_over(house, trial)), SWEEP_S)
    _judge_webhooks(verdict, trial)
    verdict.left = len(left)
    verdict.complaints += left
    return verdict


def _note(target: list[str], now: list[str]) -> list[str]:
    target[:] = now
    return now


def _over(house: House, trial: Trial) -> bool:
    """Whether every job has ended, those too whose submitter died before it could say 202."""
    try:
        return not house.records.active() and all(
            job is None or job.state.terminal
            for job in (_job(house, accepted.id) for accepted in trial.accepted)
        )
    except StoreError:
        return False


def _job(house: House, job_id: str) -> Job | None:
    try:
        return house.queue.job(job_id)
    except UnknownJobError:
        return None


def _said_lost(house: House, job_id: str) -> bool:
    """Whether the service says itself that a job was lost with its store."""
    try:
        house.queue.job(job_id)
    except UnknownJobError as error:
        return isinstance(error, LostJobError)
    return False


def _end(job: Job | None) -> str:
    return "gone" if job is None else job.state.value


def _judge_job(verdict: Verdict, house: House, accepted: Accepted, job: Job | None) -> None:
    end = _end(job) if job or _said_lost(house, accepted.id) else "unknown"
    if end not in accepted.may_end:
        verdict.lost += 1
        verdict.complaints.append(f"{accepted.id} is {end}: {_why(job)}")
    if job is None:
        return
    excused = "succeeded, video gone" in accepted.may_end and _video_is_gone(house, job)
    if (
        job.state is JobState.SUCCEEDED
        and not excused
        and (fault := fault_of_video(house, accepted))
    ):
        verdict.wrong += 1
        verdict.complaints.append(f"{accepted.id}: {fault}")
    events = cast(
        list[tuple[bytes, dict[bytes, bytes]]],
        house.redis.xrange(f"lipchord:job:{accepted.id}:events"),
    )
    kinds = [event[b"type"].decode() for _, event in events]
    ends = [kind for kind in kinds if kind in set(JobState) and JobState(kind).terminal]
    if len(ends) > 1:
        verdict.doubled += 1
        verdict.complaints.append(f"{accepted.id} ended {len(ends)} times: {ends}")


def _why(job: Job | None) -> str:
    if job is None:
        return "the store does not know it"
    chunks = [(c.index, c.state.value, c.attempts) for c in job.chunks]
    return f"{job.failure or job.stage}, chunks {chunks}"


def _video_is_gone(house: House, job: Job) -> bool:
    """Whether the service says itself that it has the video no more."""
    try:
        house.queue.open_video(job.id)[1].read()
    except (GoneError, MissingBlobError):
        return True
    return False


def fault_of_video(house: House, accepted: Accepted) -> str | None:
    """Decode the whole video; what is wrong with it, or None."""
    try:
        _, stream = house.queue.open_video(accepted.id)
    except GoneError as error:
        return f"has no video: {error}"
    with stream, av.open(stream) as container:
        seen = [read_stamp(f.to_ndarray(format="bgr24")) for f in container.decode(video=0)]
    wanted = [(accepted.seed, frame) for frame in range(accepted.n_frames)]
    if seen == wanted:
        return None
    if len(seen) != len(wanted):
        return f"has {len(seen)} frames, not {len(wanted)}"
    first = next(i for i, (a, b) in enumerate(zip(seen, wanted, strict=True)) if a != b)
    return f"shows {seen[first]} as frame {first}, not {wanted[first]}"


def _judge_webhooks(verdict: Verdict, trial: Trial) -> None:
    """However often a receiver hears of an end: it is one id, and the end that stands."""
    told = told_of(trial.house)
    for accepted in trial.accepted:
        heard, job = told.get(accepted.id, set()), _job(trial.house, accepted.id)
        if len(heard) > 1 or (job and any(what != f"job.{job.state}" for _, what in heard)):
            verdict.doubled += 1
            verdict.complaints.append(f"{accepted.id} is {_end(job)}, webhooks said {heard}")


def _judge_twins(verdict: Verdict, trial: Trial) -> None:
    """One request makes one job, whoever died while it was submitted."""
    recent = [i for i, at in trial.house.records.ids(200, None) if at >= trial.began_at]
    jobs = [job for job in (_job(trial.house, i) for i in recent) if job]
    for seed, count in Counter(job.request.seed for job in jobs).items():
        if count > 1:
            verdict.doubled += 1
            verdict.complaints.append(f"the request with seed {seed} became {count} jobs")
