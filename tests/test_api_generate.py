"""The earlier service's addresses: one request in, the MP4 out, or a problem."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from api.services import Services
from api.waiting import SLOTS
from tests.api_house import HELLO, JOBS, House, problem_of

PARALLEL, SINGLE = "/api/generate_parallel", "/api/generate"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store, generate_timeout_s=10.0)


def meanwhile(house: House, work: Callable[[str], None]) -> threading.Thread:
    """Do `work` on the next job that is accepted."""

    def wait() -> None:
        until = time.monotonic() + 10
        while not house.outbox.planned and time.monotonic() < until:
            time.sleep(0.01)
        work(house.outbox.planned[0])

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_an_existing_client_gets_its_video_in_the_answer(house: House) -> None:
    worker = meanwhile(house, lambda job_id: house.succeeded(job_id, b"mp4 bytes"))

    answer = house.http.post(PARALLEL, json=HELLO | {"num_workers": 2})
    worker.join()

    assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", b"mp4 bytes")
    assert answer.headers["Content-Length"] == "9"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=lipchord-en-")
    assert answer.headers["X-Job-Id"] == house.outbox.planned[0]
    assert (answer.headers["X-Chunks"], answer.headers["X-Frames"]) == ("2", "50")
    assert house.queue.job(house.outbox.planned[0]).request.num_workers == 2


def test_generate_plans_for_one_worker(house: House) -> None:
    worker = meanwhile(house, lambda job_id: house.succeeded(job_id, b"mp4"))

    answer = house.http.post(SINGLE, json=HELLO)
    worker.join()

    assert answer.status_code == 200
    assert house.queue.job(answer.headers["X-Job-Id"]).request.num_workers == 1


def test_generate_has_no_number_of_workers_to_choose(house: House) -> None:
    answer = house.http.post(SINGLE, json=HELLO | {"num_workers": 2})

    assert "num_workers" in str(problem_of(answer, 422, "invalid-request")["detail"])


@pytest.mark.parametrize(
    ("reason", "status"),
    [("no-face", 422), ("render-failed", 500), ("internal", 500), ("deadline", 504)],
)
def test_a_job_that_fails_answers_with_its_problem(house: House, reason: str, status: int) -> None:
    detail = "This is what happened, and this is what to do."
    worker = meanwhile(house, lambda job_id: house.failed(job_id, reason, detail))

    answer = house.http.post(PARALLEL, json=HELLO)
    worker.join()

    said = problem_of(answer, status, reason)
    assert said["detail"] == detail
    assert said["job"] == answer.headers["X-Job-Id"] == house.outbox.planned[0]


def test_a_job_that_is_canceled_meanwhile_says_so(house: House) -> None:
    worker = meanwhile(house, house.records.cancel)

    answer = house.http.post(PARALLEL, json=HELLO)
    worker.join()

    problem_of(answer, 409, "canceled")


def test_a_video_that_takes_too_long_leaves_the_job_to_go_on(
    queue_store: str, blob_store: str
) -> None:
    house = House(queue_store, blob_store, generate_timeout_s=0.3)

    answer = house.http.post(PARALLEL, json=HELLO)

    said = problem_of(answer, 504, "generate-timeout")
    assert answer.headers["Location"] == f"{JOBS}/{said['job']}"
    house.succeeded(str(said["job"]), b"late, but there")
    assert house.http.get(f"{answer.headers['Location']}/video").data == b"late, but there"


def test_when_every_slot_waits_the_next_is_sent_away_and_no_job_is_made(house: House) -> None:
    front: Services = house.app.extensions["lipchord"]

    with ExitStack() as held:
        for _ in range(SLOTS):
            held.enter_context(front.waiting.slot())
        refused = house.http.post(PARALLEL, json=HELLO)
        unheeded = house.http.post(JOBS, json=HELLO, headers={"Prefer": "wait=30"})
    later = house.http.post(JOBS, json=HELLO, headers={"Prefer": "wait=0"})

    problem_of(refused, 503, "busy")
    assert int(refused.headers["Retry-After"]) > 0
    assert unheeded.status_code == 202
    assert "Preference-Applied" not in unheeded.headers
    assert later.headers["Preference-Applied"] == "wait=0"
    assert house.outbox.planned == [unheeded.get_json()["id"], later.get_json()["id"]]
