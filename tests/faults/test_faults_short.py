"""A seeded part of the fault suite, short enough for every run of the tests; see `make faults`."""

import random
from collections.abc import Iterator

import pytest

from deploy.guard import Guard
from tests.faults.catalog import SCENARIOS
from tests.faults.house import Build, House
from tests.faults.playing import moved_into, one
from tests.faults.residue import let_time_pass, remains
from tests.faults.trial import Accepted, Trial
from tests.faults.verdict import SWEEP_S, judge

SHORT = (
    "child-killed-before-part-return",
    "queue-store-killed-mid-chunk",
    "cancel-races-finish",
    "chunk-with-a-flipped-bit",
)


@pytest.fixture(scope="module")
def house(guard: Guard) -> Iterator[House]:
    house = moved_into(Build(), guard)
    yield house
    house.close()


@pytest.mark.parametrize("name", SHORT)
def test_no_job_is_lost_and_no_video_is_wrong(house: House, name: str) -> None:
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)

    verdict = one(scenario, 1, house).verdict

    assert verdict.accepted >= 1
    assert verdict.good, verdict


def test_nothing_remains_of_what_was_killed_and_what_would_is_seen(house: House) -> None:
    let_time_pass(house)
    house.until(lambda: not remains(house), SWEEP_S, "something remains")

    house.blob_server.client.set(f"lipchord:part:{'0' * 64}", "x")

    assert len(remains(house)) == 2  # a part of no blob, and it stays for ever
    house.blob_server.client.delete(f"lipchord:part:{'0' * 64}")


def test_the_verdict_sees_what_is_lost_wrong_or_doubled(house: House) -> None:
    trial = Trial(house, random.Random(7))
    fine = trial.submit(1, seconds=2)[0]
    twice = trial.submit(1, seconds=2)[0]
    house.until(lambda: house.queue.job(twice.id).state.terminal)
    house.redis.xadd(f"lipchord:job:{twice.id}:events", {"type": "succeeded"})
    trial.accepted[0] = Accepted(fine.id, fine.seed ^ 1, fine.n_frames)
    trial.accepted.append(Accepted("job_" + "0" * 32, 1, 20))

    verdict = judge(trial)

    assert (verdict.lost, verdict.wrong, verdict.doubled) == (1, 1, 1), verdict.complaints
