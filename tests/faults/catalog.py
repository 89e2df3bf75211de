"""All scenarios, in the order of the table."""

from tests.faults import blobs, children, front, network, people, poison, stores, workers
from tests.faults.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *children.SCENARIOS,
    *workers.SCENARIOS,
    *front.SCENARIOS,
    *stores.SCENARIOS,
    *blobs.SCENARIOS,
    *network.SCENARIOS,
    *poison.SCENARIOS,
    *people.SCENARIOS,
)
