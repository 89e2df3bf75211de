"""The API: killed before, while and after it accepts; its clients ask again with their key."""

import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPConnection, HTTPException

from tests.faults.house import Build
from tests.faults.scenario import Scenario
from tests.faults.sounds import LENGTHS
from tests.faults.trial import Trial

SERVED = Build(api=True)
PLACES = {
    "submit:before-record": "api-killed-before-submit",
    "submit:after-record": "api-killed-after-submit",
    "dispatch:picked": "api-killed-between-pick-and-publish",
    "submit:after-publish": "api-killed-before-its-answer",
}


def _killed_at(place: str) -> Scenario:
    """gunicorn's worker dies at a place of one submit, while others are in it too."""

    def play(trial: Trial) -> None:
        trial.house.arm(f"{place}:{trial.nth()}:kill")
        _send(trial, 3)

    return Scenario(PLACES[place], play, SERVED)


def _killed_whole(trial: Trial) -> None:
    """gunicorn and its worker, at any moment; started again as the supervisor does."""
    assert trial.house.api is not None
    with ThreadPoolExecutor(1) as beside:
        sending = beside.submit(_send, trial, 4)
        time.sleep(trial.rng.uniform(0, 0.3))
        trial.struck()
        trial.house.api.kill()
        trial.house.api.start()
        sending.result()


def _send(trial: Trial, jobs: int) -> None:
    """Clients that post at once, each again and again with its key until it has a 202."""
    trial.struck()
    wanted = [(trial.rng.choice(LENGTHS), trial.rng.getrandbits(32)) for _ in range(jobs)]
    with ThreadPoolExecutor(jobs) as clients:
        asked = [clients.submit(_post, trial, *one) for one in wanted]
    for (seconds, seed), answer in zip(wanted, asked, strict=True):
        trial.note(answer.result(), seed, seconds)


def _post(trial: Trial, seconds: int, seed: int) -> str:
    """The id of the job that a patient client gets."""
    assert trial.house.api is not None
    body = trial.house.body(seconds, seed)
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid.uuid4())}
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(OSError, HTTPException):
            connection = HTTPConnection("127.0.0.1", trial.house.api.port, timeout=20)
            connection.request("POST", "/api/v1/jobs", body, headers)
            answer = connection.getresponse()
            if answer.status in (200, 202):
                return str(json.loads(answer.read())["id"])
            if answer.status < 500 and answer.status != 429:
                raise AssertionError(f"{answer.status}: {answer.read()[:500]!r}")
        time.sleep(0.1)
    raise TimeoutError("no 202 in 30 s")


SCENARIOS = (*map(_killed_at, PLACES), Scenario("api-killed-whole", _killed_whole, SERVED))
