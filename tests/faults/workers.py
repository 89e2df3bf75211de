"""Whole workers: killed, frozen, thought dead, told to stop, started anew under load."""

import os
import signal
import time

from tests.faults.crew import CPUS, RENDERERS
from tests.faults.house import LEASE_S, Build
from tests.faults.scenario import Scenario
from tests.faults.trial import Trial

PACE_S = 0.03  # a frame: 0.3 s a chunk


def _begun(trial: Trial, jobs: int | None = None) -> None:
    """Jobs are under way."""
    trial.house.pace(PACE_S)
    trial.submit(jobs or trial.some())
    trial.until_rendering()
    time.sleep(trial.rng.uniform(0, 0.5))


def _renderer_killed(trial: Trial) -> None:
    _begun(trial)
    trial.kill_worker(trial.rng.choice(RENDERERS))


def _planner_killed(trial: Trial) -> None:
    trial.submit(trial.some())
    time.sleep(trial.rng.uniform(0, 0.8))
    trial.kill_worker(trial.rng.choice(CPUS))


def _all_renderers_killed(trial: Trial) -> None:
    _begun(trial)
    for name in RENDERERS:
        trial.kill_worker(name)
    trial.house.crew.start_missing()


def _idle_worker_stopped_then_killed(trial: Trial) -> None:
    """kombu has popped the message for it and noted nothing: Celery has lost it (fact 1)."""
    doomed = [trial.rng.choice(CPUS), trial.rng.choice(RENDERERS)]
    for name in doomed:
        trial.house.crew.strike(name, signal.SIGSTOP)
    trial.submit(trial.some())
    time.sleep(trial.rng.uniform(0.2, 0.6))
    for name in doomed:
        trial.kill_worker(name)


def _frozen_past_its_lease(trial: Trial) -> None:
    """Frozen in the middle of a chunk, resumed when another has it: a zombie that commits."""
    place = trial.rng.choice(["chunk:mid", "chunk:stored", "chunk:claimed"])
    nth = trial.nth()
    trial.house.pace(0.01)
    trial.house.arm(f"{place}:{nth}:stop")
    trial.submit(trial.some())
    zombie = trial.strike_at(f"{place}.{nth}")
    time.sleep(LEASE_S * trial.rng.uniform(1.2, 1.8))
    os.kill(zombie, signal.SIGCONT)


def _merger_frozen_past_its_lease(trial: Trial) -> None:
    place = trial.rng.choice(["merge:begun", "merge:stored"])
    trial.house.arm(f"{place}:1:stop")
    trial.submit(trial.some())
    zombie = trial.strike_at(f"{place}.1")
    time.sleep(LEASE_S * trial.rng.uniform(1.2, 1.8))
    os.kill(zombie, signal.SIGCONT)


def _chunk_longer_than_visibility(trial: Trial) -> None:
    trial.house.pace(0.2)
    trial.struck()
    trial.submit(1, seconds=3)


def _told_to_stop(*numbers: signal.Signals) -> Scenario:
    """One worker of each kind is told to end under load, and started again when it has."""

    def play(trial: Trial) -> None:
        _begun(trial, 3)
        names = [trial.rng.choice(CPUS), trial.rng.choice(RENDERERS)]
        trial.struck()
        for number in numbers:
            for name in names:
                trial.house.crew.send(name, number)
            time.sleep(0.2)
        trial.house.until(
            lambda: all(trial.house.crew.child(name).exit_code() is not None for name in names),
            60, "a worker that was told to stop goes on",
        )  # fmt: skip
        trial.house.crew.start_missing()

    told = "-then-".join(number.name.lower() for number in numbers)
    return Scenario(f"workers-told-{told}", play)


def _rolling_restart(trial: Trial) -> None:
    """Every worker in turn, while jobs keep coming."""
    trial.house.pace(0.01)
    trial.struck()
    for name in (*RENDERERS, *CPUS):
        trial.submit(1)
        trial.house.crew.send(name, signal.SIGTERM)
        trial.house.until(lambda: trial.house.crew.child(name).exit_code() is not None, 60)  # noqa: B023 - called at once
        trial.house.crew.start_missing()
    trial.submit(1)


def _upgraded(all_at_once: bool) -> Scenario:
    """Render workers of another version take the place of those that have jobs in hand."""

    def play(trial: Trial) -> None:
        _begun(trial, 2)
        trial.house.new_version()
        for name in RENDERERS:
            trial.kill_worker(name)
            if not all_at_once:
                trial.house.crew.start_missing()
                time.sleep(trial.rng.uniform(0, 4))
        trial.house.crew.start_missing()
        trial.submit(1)

    return Scenario(f"upgraded-{'at-once' if all_at_once else 'in-turn'}", play)


SCENARIOS = (
    Scenario("renderer-killed", _renderer_killed),
    Scenario("planner-killed", _planner_killed),
    Scenario("all-renderers-killed", _all_renderers_killed),
    Scenario("idle-worker-stopped-then-killed", _idle_worker_stopped_then_killed),
    Scenario("renderer-frozen-past-its-lease", _frozen_past_its_lease),
    Scenario("merger-frozen-past-its-lease", _merger_frozen_past_its_lease),
    Scenario("chunk-longer-than-visibility", _chunk_longer_than_visibility, Build(visibility_s=1)),
    _told_to_stop(signal.SIGTERM),
    _told_to_stop(signal.SIGQUIT),
    _told_to_stop(signal.SIGINT, signal.SIGINT),
    Scenario("rolling-restart", _rolling_restart),
    _upgraded(all_at_once=True),
    _upgraded(all_at_once=False),
)
