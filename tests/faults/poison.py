"""Chunks that kill, hang or exhaust whoever renders them, and the healthy jobs beside them."""

from tests.faults.house import Build
from tests.faults.scenario import Scenario
from tests.faults.trial import Trial

PLAIN = Build()
IMPATIENT = Build(env=(("LIPCHORD_STALL_S", "2"),))


def _always(poison: str, build: Build = PLAIN) -> Scenario:
    """The poisoned job fails in plain words, the others are none the worse."""

    def play(trial: Trial) -> None:
        trial.struck()
        trial.submit(1, seconds=3, poison=f"always {poison}", may_end={"failed"})
        trial.submit(1)

    return Scenario(f"poison-{poison}", play, build)


def _once(poison: str, build: Build = PLAIN) -> Scenario:
    """What was bad luck costs an attempt."""

    def play(trial: Trial) -> None:
        trial.struck()
        trial.submit(trial.some(), poison=f"once {poison}")

    return Scenario(f"bad-luck-{poison}", play, build)


SCENARIOS = (
    *(_always(poison) for poison in ("segfault", "exit", "oom", "killed", "short")),
    *(_once(poison) for poison in ("segfault", "exit")),
    _always("hang", IMPATIENT),
    _once("hang", IMPATIENT),
)
