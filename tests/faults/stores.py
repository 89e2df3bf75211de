"""The stores: killed at every stage, come back empty, full, with their helpers forgotten."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import cast

from tasks.errors import StoreError
from tests.faults.house import READY_S
from tests.faults.scenario import Scenario
from tests.faults.servers import Server
from tests.faults.trial import DONE, Trial

STAGES = {
    "mid-chunk": "chunk:mid",
    "at-commit": "chunk:stored",
    "at-part-return": "chord:before-part-return",
    "at-merge": "merge:begun",
    "at-finish": "merge:stored",
}


def _killed(which: str, stage: str) -> Scenario:
    """The process that came to the stage waits a second there, and finds the store gone."""

    def play(trial: Trial) -> None:
        place = STAGES[stage]
        trial.house.pace(0.01)
        trial.house.arm(f"{place}:1:pause")
        trial.submit(trial.some())
        trial.house.passed(f"{place}.1")
        _outage(trial, _server(trial, which))

    return Scenario(f"{which}-store-killed-{stage}", play)


def _killed_idle(which: str) -> Scenario:
    def play(trial: Trial) -> None:
        accepted = trial.submit(1)[0]
        if trial.rng.random() < 0.5:
            trial.house.until(lambda: trial.house.queue.job(accepted.id).state.terminal)
        _outage(trial, _server(trial, which))
        trial.submit(1)

    return Scenario(f"{which}-store-killed-idle", play)


def _outage(trial: Trial, server: Server, empty: bool = False) -> None:
    """Some moments without a store; it comes back with its append-only file, or without."""
    trial.struck()
    trial.house.orphans = True
    server.kill()
    if empty:
        server.lose_data()
    time.sleep(trial.rng.uniform(0, 1.5))
    server.start()


def _queue_comes_back_empty(trial: Trial) -> None:
    """Its jobs are gone, which is said; the house works on for new ones."""
    trial.house.pace(0.01)
    trial.submit(trial.some(), may_end={"gone", *DONE})
    time.sleep(trial.rng.uniform(0, 1))
    _outage(trial, trial.house.queue_server, empty=True)
    # Until the workers have said that they live, a submit is refused: 503, not a lost job.
    trial.house.until(trial.house.ready, READY_S)
    trial.submit(1)


def _blobs_come_back_empty(trial: Trial) -> None:
    """What cannot be made again is reported; what is finished is gone; nothing is wrong."""
    trial.house.pace(0.01)
    trial.submit(trial.some(), may_end={"failed", "succeeded, video gone", *DONE})
    time.sleep(trial.rng.uniform(0, 1))
    _outage(trial, trial.house.blob_server, empty=True)
    trial.submit(1)


def _full(which: str) -> Scenario:
    """The store refuses writes for some moments, in the middle of the work."""

    def play(trial: Trial) -> None:
        trial.house.pace(0.02)
        trial.submit(trial.some())
        time.sleep(trial.rng.uniform(0, 0.8))
        trial.struck()
        _server(trial, which).fill()
        with suppress(StoreError):  # an honest 503; what is taken all the same must be kept
            trial.submit(1)
        time.sleep(trial.rng.uniform(0.5, 2))
        _server(trial, which).unfill()

    return Scenario(f"{which}-store-full", play)


def _forgotten(name: str, forget: Callable[[Trial], None]) -> Scenario:
    def play(trial: Trial) -> None:
        trial.house.pace(0.02)
        trial.submit(trial.some())
        trial.until_rendering()
        trial.struck()
        for _ in range(5):
            forget(trial)
            time.sleep(trial.rng.uniform(0, 0.2))

    return Scenario(name, play)


def _forget_chords(trial: Trial) -> None:
    redis = trial.house.queue_server.client
    keys = list(redis.scan_iter("celery-taskset-meta-*"))
    keys += [key for key in redis.scan_iter("*.[jts]") if not key.startswith("lipchord:")]
    if keys:
        redis.delete(*keys)


def _forget_scripts(trial: Trial) -> None:
    for server in (trial.house.queue_server, trial.house.blob_server):
        cast(object, server.client.script_flush("SYNC"))


def _server(trial: Trial, which: str) -> Server:
    return trial.house.queue_server if which == "queue" else trial.house.blob_server


SCENARIOS = (
    *(_killed_idle(which) for which in ("queue", "blob")),
    *(_killed("queue", stage) for stage in STAGES),
    *(_killed("blob", stage) for stage in ("mid-chunk", "at-merge")),
    Scenario("queue-store-comes-back-empty", _queue_comes_back_empty),
    Scenario("blob-store-comes-back-empty", _blobs_come_back_empty),
    _full("queue"),
    _full("blob"),
    _forgotten("chord-keys-flushed", _forget_chords),
    _forgotten("scripts-flushed", _forget_scripts),
)
