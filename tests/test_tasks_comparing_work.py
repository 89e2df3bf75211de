"""The cpu worker's part of a comparison, in this process: an honest end, never twice at once."""

import io
from dataclasses import replace

import pytest

from tasks.comparing.work import LEASE_S, carry_out
from tasks.comparison import Comparison, ComparisonStage, ComparisonState
from tasks.ledger import MAX_ATTEMPTS
from tasks.worker import Worker
from tests.api_house import HELLO, JOBS, House
from tests.looking_house import FACES, LookingHouse, photo

COMPARISONS = "/api/v1/comparisons"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.fixture
def here(house: House) -> Worker:
    return Worker(house.settings)


def started(house: House, here: Worker, **body: object) -> Comparison:
    view = house.http.post(COMPARISONS, json=HELLO | body).get_json()
    return here.comparisons.get(view["id"])


def to_compare(house: House, here: Worker, *videos: bytes) -> Comparison:
    """One whose two jobs have these videos."""
    comparison = started(house, here)
    driver = house.queue.comparisons._driver
    moved = here.comparisons.put(replace(comparison, stage=ComparisonStage.SEQUENTIAL))
    assert moved is not None
    for job_id, video in zip((comparison.sequential, comparison.parallel), videos, strict=True):
        driver.round()
        house.succeeded(job_id, video)
    driver.round()
    found = here.comparisons.get(comparison.id)
    assert found.stage is ComparisonStage.COMPARING
    return found


def test_preparing_finds_the_length_and_goes_on_to_the_sequential_job(
    house: House, here: Worker
) -> None:
    comparison = started(house, here)

    carry_out(here, comparison.id)

    found = here.comparisons.get(comparison.id)
    assert found.stage is ComparisonStage.SEQUENTIAL
    assert found.n_frames == round((found.speech_seconds or 0) * 25)
    assert not here.comparisons.leased(comparison.id)


def test_what_another_worker_has_in_hand_is_left_to_it(house: House, here: Worker) -> None:
    comparison = started(house, here)
    assert here.comparisons.lease(comparison.id, "another", LEASE_S)

    carry_out(here, comparison.id)

    assert here.comparisons.get(comparison.id).stage is ComparisonStage.PREPARING


def test_a_message_that_comes_late_does_nothing(house: House, here: Worker) -> None:
    comparison = started(house, here)
    carry_out(here, comparison.id)
    before = here.comparisons.get(comparison.id)

    carry_out(here, comparison.id)
    carry_out(here, "cmp_" + "0" * 32)

    assert here.comparisons.get(comparison.id) == before


def test_a_video_that_was_deleted_meanwhile_fails_it_with_a_sentence(
    house: House, here: Worker
) -> None:
    comparison = to_compare(house, here, b"one", b"many")
    house.queue.delete(comparison.parallel)

    carry_out(here, comparison.id)

    found = here.comparisons.get(comparison.id)
    assert found.state is ComparisonState.FAILED
    assert found.failure is not None
    assert found.failure.reason == "missing-blob"


def test_videos_that_do_not_decode_fail_it(house: House, here: Worker) -> None:
    comparison = to_compare(house, here, b"no video", b"nor this")

    carry_out(here, comparison.id)

    failure = here.comparisons.get(comparison.id).failure
    assert failure is not None
    assert failure.reason == "unlike-videos"
    assert "Send the job again" in failure.detail


def test_work_that_kills_its_worker_each_time_is_given_up(house: House, here: Worker) -> None:
    comparison = started(house, here)
    here.comparisons.put(replace(comparison, attempts=MAX_ATTEMPTS))

    carry_out(here, comparison.id)

    assert here.comparisons.get(comparison.id).state is ComparisonState.FAILED


def test_a_checked_jobs_face_stays_as_it_was_for_that_job(
    queue_store: str, blob_store: str
) -> None:
    house = LookingHouse(queue_store, blob_store)
    house.beat("cpu0", "cpu")
    face = house.http.post(FACES, data={"face": (io.BytesIO(photo()), "me.png")})
    job_id = house.http.post(JOBS, json=HELLO | {"face": face.get_json()["id"]}).get_json()["id"]
    house.succeeded(job_id, b"mp4")
    card = house.queue.job(job_id).request.face_card
    points = [[x + 3, y] for x, y in face.get_json()["landmarks"]]
    house.beat("cpu0", "cpu")
    changed = house.http.patch(face.get_json()["links"]["self"], json={"landmarks": points})
    assert changed.status_code == 200, changed.text

    view = house.http.post(f"{JOBS}/{job_id}/comparison").get_json()

    assert card is not None
    assert house.queue.job(view["sequential"]).request.face_card == card
