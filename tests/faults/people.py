"""What people do: cancel at any moment, send far too much; and two reapers at once."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from tasks.app import make_app
from tasks.chord import CeleryPublisher
from tasks.client import JobQueue
from tasks.errors import RejectedError, StoreError
from tests.faults.scenario import Scenario
from tests.faults.trial import Trial

CANCELED = frozenset({"canceled"})
EITHER = frozenset({"canceled", "succeeded"})
STAGES = ("plan:claimed", "plan:recorded", "chunk:claimed", "chunk:mid", "chunk:stored",
          "chunk:committed", "merge:begun")  # fmt: skip


def _canceled_at(place: str) -> Scenario:
    """Three times, while a worker stands at that place; another job is left in peace."""

    def play(trial: Trial) -> None:
        trial.house.arm(f"{place}:1:pause")
        victim = trial.submit(1, may_end=CANCELED)[0]
        trial.strike_at(f"{place}.1")
        for _ in range(3):
            trial.house.queue.cancel(victim.id)
        trial.submit(1)

    return Scenario(f"canceled-at-{place.replace(':', '-')}", play)


def _canceled_while_queued(trial: Trial) -> None:
    trial.struck()
    for victim in trial.submit(2, may_end=EITHER):
        for _ in range(3):
            trial.house.queue.cancel(victim.id)
    trial.submit(1)


def _cancel_races_finish(trial: Trial) -> None:
    """Three at once, about when the job ends: one of the two ends is for ever."""
    place = trial.rng.choice(["merge:stored", "merge:finished"])
    trial.house.arm(f"{place}:1:pass")
    victim = trial.submit(1, seconds=2, may_end=EITHER)[0]
    trial.strike_at(f"{place}.1")
    with ThreadPoolExecutor(3) as three:
        ends = [three.submit(trial.house.queue.cancel, victim.id) for _ in range(3)]
    said = {end.result().state for end in ends}
    assert said == {trial.house.queue.job(victim.id).state}, f"{said}: not one end for ever"


def _overload(trial: Trial) -> None:
    """Ten times what the workers take while it comes; refusing is allowed, losing is not."""
    trial.house.pace(0.005)
    trial.struck()
    for _ in range(20):
        with suppress(RejectedError, StoreError):
            trial.submit(1, seconds=2)


class DeadPublisher(CeleryPublisher):
    """Of an API that dies between the record and the message: nothing is ever published."""

    def plan(self, job_id: str) -> None:
        raise StoreError("this process is as good as dead")


def _forgotten(trial: Trial) -> None:
    """Accept jobs that nobody publishes, but a reaper."""
    settings = trial.house.settings
    forgetful = JobQueue(settings, DeadPublisher(make_app(settings)))
    for _ in range(trial.some()):
        seconds = trial.seconds()
        request = trial.request(seconds)
        trial.note(forgetful.submit(request).id, request.seed, seconds)
    trial.struck()


def _two_reapers(trial: Trial) -> None:
    """Both see the same forgotten jobs at the same time."""
    _forgotten(trial)
    time.sleep(1)


def _reaper_killed(trial: Trial) -> None:
    """One of two reapers dies over forgotten jobs."""
    nth = trial.nth(9)
    trial.house.arm(f"reaper:mid:{nth}:kill")
    _forgotten(trial)
    trial.strike_at(f"reaper:mid.{nth}")


SCENARIOS = (
    _canceled_at("plan:claimed"),
    *(_canceled_at(place) for place in STAGES[1:]),
    Scenario("canceled-while-queued", _canceled_while_queued),
    Scenario("cancel-races-finish", _cancel_races_finish),
    Scenario("ten-times-overload", _overload),
    Scenario("two-reapers", _two_reapers),
    Scenario("two-reapers-one-killed-mid-tick", _reaper_killed),
)
