"""Scenarios against houses: play, heal, judge, mend; one after the other in this process."""

import random
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.guard import Guard
from tests.faults.house import READY_S, Build, House
from tests.faults.residue import let_time_pass, remains
from tests.faults.scenario import Scenario, Skipped
from tests.faults.sounds import LENGTHS
from tests.faults.trial import Trial
from tests.faults.verdict import SWEEP_S, Verdict, judge

LOGS = Path(".var/faults")  # of the processes of bad runs


@dataclass(frozen=True)
class Result:
    """One run of one scenario, as it is kept."""

    scenario: str
    seed: int
    verdict: Verdict
    seconds: float
    skipped: str = ""

    def facts(self) -> dict[str, object]:
        return asdict(self)


def play(
    scenarios: Iterable[Scenario], seeds: Iterable[int], note: Callable[[Result], None]
) -> None:
    """Run each scenario with each seed; equal builds in a row share a house.

    Args:
        note: told each result as soon as it is there.
    """
    with Guard() as guard, ExitStack() as stack:
        house: House | None = None
        for scenario in scenarios:
            for seed in seeds:
                if house is None or house.build != scenario.build:
                    stack.close()
                    house = moved_into(scenario.build, guard)
                    stack.callback(house.close)
                result = one(scenario, seed, house)
                note(result)
                if result.skipped:
                    break
                if not result.verdict.good:  # what was left there would be blamed on the next
                    house.keep_logs(LOGS / f"{scenario.name}-{seed}")
                    stack.close()
                    house = None
        if house is not None and (left := _swept(house)):
            note(Result("(swept)", 0, Verdict(0, {}, left=len(left), complaints=left), 0))


def moved_into(build: Build, guard: Guard) -> House:
    """A house whose workers know every sound, so that later submits need not wait for them."""
    house = House(build, guard)
    trial = Trial(house, random.Random(0))
    for seconds in LENGTHS:
        trial.submit(1, seconds=seconds)
    verdict = judge(trial)
    if not verdict.good:
        print("the house is not sound:", *verdict.complaints, sep="\n  ", file=sys.stderr)
    return house


def one(scenario: Scenario, seed: int, house: House) -> Result:
    began = time.time()
    house.calm()
    trial = Trial(house, random.Random(f"{scenario.name} {seed}"))
    complaint, skipped = "", ""
    try:
        scenario.play(trial)
    except Skipped as reason:
        skipped = str(reason)
    except Exception as error:  # the run goes on: what was accepted is judged all the same
        complaint = f"{type(error).__name__}: {error}"
        if not isinstance(error, TimeoutError):
            traceback.print_exc()
    house.mend()
    verdict = judge(trial) if not skipped else Verdict(0, {})
    try:
        house.until(house.ready, READY_S, "the house does not heal")
    except TimeoutError as error:
        complaint = complaint or str(error)
    if complaint:
        verdict.complaints.append(complaint)
    return Result(scenario.name, seed, verdict, round(time.time() - began, 2), skipped)


def _swept(house: House) -> list[str]:
    """What is left once what killed processes held has come back, or was collected."""
    let_time_pass(house)
    try:
        house.until(lambda: not remains(house), SWEEP_S)
    except TimeoutError:
        return remains(house)
    return []
