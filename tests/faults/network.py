"""The network between workers, API and stores: slow, silent, half-open, reset."""

import time

from tests.faults.house import Build
from tests.faults.proxy import MODES
from tests.faults.scenario import Scenario
from tests.faults.trial import Trial

PROXIED = Build(proxied=True)


def _weather(mode: str) -> Scenario:
    """Some moments of it on one link or both, while jobs are under way."""

    def play(trial: Trial) -> None:
        trial.house.pace(0.01)
        links = trial.rng.choice([("queue",), ("blobs",), ("queue", "blobs")])
        trial.submit(trial.some())
        time.sleep(trial.rng.uniform(0, 0.8))
        trial.struck()
        trial.house.orphans = True
        for link in links:
            trial.house.proxies[link].set(mode)
        time.sleep(trial.rng.uniform(0.3, 3))

    return Scenario(f"network-{mode}", play, PROXIED)


def _flapping(trial: Trial) -> None:
    """Connections are reset again and again."""
    trial.house.pace(0.01)
    trial.submit(trial.some())
    trial.struck()
    trial.house.orphans = True
    for _ in range(10):
        time.sleep(trial.rng.uniform(0.02, 0.3))
        trial.house.proxies[trial.rng.choice(["queue", "blobs"])].cut()


SCENARIOS = (
    *(_weather(mode) for mode in MODES if mode != "pass"),
    Scenario("network-flapping", _flapping, PROXIED),
)
