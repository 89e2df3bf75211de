"""SIGKILL of a worker's child process at an exact place of a task."""

from tests.faults.scenario import Scenario
from tests.faults.trial import Trial

PLACES = {  # each a failpoint: the name that the table gives it
    "plan:claimed": "child-killed-while-planning",
    "plan:recorded": "child-killed-between-plan-and-chord",
    "chord:mid-publish": "child-killed-mid-publish-of-the-chord",
    "chunk:claimed": "child-killed-at-claim",
    "chunk:mid": "child-killed-mid-chunk",
    "chunk:stored": "child-killed-between-blob-and-commit",
    "chunk:committed": "child-killed-after-commit",
    "chord:before-part-return": "child-killed-before-part-return",
    "chord:body-published": "child-killed-after-body-is-published",
    "merge:begun": "child-killed-while-merging",
    "merge:stored": "child-killed-between-video-and-finish",
    "merge:finished": "child-killed-after-finish",
    "webhook:taken": "child-killed-before-a-webhook",
    "webhook:called": "child-killed-after-a-webhook",
}
ONCE_A_JOB = ("plan:", "merge:", "chord:body", "webhook:")


def _calm(trial: Trial) -> None:
    """Nothing breaks: what a run takes without a fault."""
    trial.struck()
    trial.submit(trial.some())


def _killed_at(place: str) -> Scenario:
    def play(trial: Trial) -> None:
        jobs = trial.some()
        nth = trial.nth(jobs if place.startswith(ONCE_A_JOB) else 3)
        trial.house.pace(0.01)
        trial.house.arm(f"{place}:{nth}:kill")
        trial.submit(jobs)
        trial.strike_at(f"{place}.{nth}")

    return Scenario(PLACES[place], play)


SCENARIOS = (Scenario("calm", _calm), *map(_killed_at, PLACES))
