"""One run of a scenario: what was submitted and accepted, and when the fault came."""

import random
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from tasks.contract import JobRequest
from tests.faults.house import FPS, House
from tests.faults.sounds import LENGTHS

DONE = frozenset({"succeeded"})


@dataclass(frozen=True)
class Accepted:
    """A job that got its 202.

    Attributes:
        seed: stamped into each of its frames.
        n_frames: of its video, reckoned from its sound and not from its record.
        may_end: states that this scenario allows it; "gone": unknown to the store.
    """

    id: str
    seed: int
    n_frames: int
    may_end: frozenset[str] = DONE


@dataclass
class Trial:
    """The hands and the notebook of a scenario's `play`."""

    house: House
    rng: random.Random
    accepted: list[Accepted] = field(default_factory=list)
    struck_at: float | None = None  # Unix time, s
    began_at: float = field(default_factory=time.time)

    def seconds(self) -> int:
        """How long a job of this run is."""
        return self.rng.choice(LENGTHS[1:])

    def request(self, seconds: int | None = None) -> JobRequest:
        """A request with a seed of its own, whose sound is in the store."""
        return self.house.request(seconds or self.seconds(), self.rng.getrandbits(32))

    def submit(
        self,
        jobs: int = 1,
        seconds: int | None = None,
        may_end: Iterable[str] = DONE,
        poison: str | None = None,
    ) -> list[Accepted]:
        """Submit jobs through the front door; raises StoreError where it does not take them."""
        taken = []
        for _ in range(jobs):
            length = seconds or self.seconds()
            request = self.request(length)
            if poison:
                self.house.poison(request.seed, poison)
            job = self.house.queue.submit(request)
            taken.append(self.note(job.id, request.seed, length, may_end))
        return taken

    def note(self, job_id: str, seed: int, seconds: int, may_end: Iterable[str] = DONE) -> Accepted:
        """Remember that a job was accepted."""
        job = Accepted(job_id, seed, seconds * FPS, frozenset(may_end))
        self.accepted.append(job)
        return job

    def some(self) -> int:
        """How many jobs this run has, 1 to 3."""
        return self.rng.randint(1, 3)

    def nth(self, most: int = 3) -> int:
        """Which passage the fault strikes at."""
        return self.rng.randint(1, most)

    def struck(self, at: float | None = None) -> None:
        """The fault is here: recovery is measured from now on, or from `at`."""
        self.struck_at = at or time.time()

    def strike_at(self, passage: str, timeout_s: float = 30.0) -> int:
        """Wait for a failpoint's passage, as the moment of the fault; returns whose it was."""
        pid, at = self.house.passed(passage, timeout_s)
        self.struck(at)
        return pid

    def kill_worker(self, name: str) -> None:
        """A whole worker is gone; what it held at the broker waits for the visibility timeout."""
        self.struck()
        self.house.orphans = True
        self.house.crew.kill(name)

    def until_rendering(self) -> None:
        """Wait until some chunk of this run's jobs has frames, or a job is over already."""
        self.house.until(lambda: any(map(self._moves, self.accepted)), 30, "nothing renders")

    def _moves(self, accepted: Accepted) -> bool:
        job = self.house.queue.job(accepted.id)
        return job.state.terminal or any(chunk.attempts for chunk in job.chunks)
