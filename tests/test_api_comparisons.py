"""Comparisons over HTTP, on real stores; a hand does what workers would."""

from dataclasses import replace
from pathlib import Path

import pytest

from tasks.comparing.book import KEPT, MOST_ACTIVE, Book
from tasks.comparing.drive import AGAIN_S, Driver
from tasks.comparison import Comparison, ComparisonStage, ComparisonState
from tasks.contract import PUBLIC, JobState
from tasks.cutting import MAX_CHUNK_FRAMES
from tasks.fleet import Fleet
from tasks.reception import Reception
from tasks.stores import connect
from tests.api_house import HELLO, JOBS, House, problem_of

COMPARISONS = "/api/v1/comparisons"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.fixture
def book(queue_store: str) -> Book:
    return Book(connect(queue_store), 600)


@pytest.fixture
def driver(house: House, book: Book) -> Driver:
    return driver_of(house, book)


def driver_of(house: House, book: Book, deadline_s: float = 600.0) -> Driver:
    queue, blobs = connect(house.settings.queue_url), connect(house.settings.blob_url)
    reception = Reception(house.settings, queue, blobs, house.outbox)
    return Driver(book, house.records, Fleet(queue, 2.0), reception, house.outbox, deadline_s)


def started(house: House, **body: object) -> str:
    answer = house.http.post(COMPARISONS, json=HELLO | {"num_workers": 2} | body)
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == answer.get_json()["links"]["self"]
    return str(answer.get_json()["id"])


def prepared(book: Book, comparison_id: str) -> Comparison:
    """What a cpu worker does first."""
    kept = book.put(replace(book.get(comparison_id), stage=ComparisonStage.SEQUENTIAL, n_frames=50))
    assert kept is not None
    return kept


def test_a_comparison_is_accepted_and_its_preparation_goes_on_the_queue_at_once(
    house: House,
) -> None:
    comparison_id = started(house)

    view = house.http.get(f"{COMPARISONS}/{comparison_id}").get_json()
    assert (view["state"], view["stage"], view["result"]) == ("running", "preparing", None)
    assert view["request"]["reuse"] is False
    assert house.outbox.compared == [comparison_id]
    assert house.outbox.planned == []


def test_its_two_jobs_are_sent_one_after_the_other_and_never_reuse(
    house: House, book: Book, driver: Driver
) -> None:
    comparison = prepared(book, started(house))

    for _ in range(3):  # a reaper may come as often as it likes, and two at once
        driver.round()
    assert house.outbox.planned == [comparison.sequential]
    house.succeeded(comparison.sequential, b"mp4")
    for _ in range(3):
        driver.round()

    one, many = house.queue.job(comparison.sequential), house.queue.job(comparison.parallel)
    assert house.outbox.planned == [one.id, many.id]
    assert (one.request.num_workers, many.request.num_workers) == (1, 2)
    assert not one.request.reuse
    assert not many.request.reuse
    house.succeeded(many.id, b"mp4")
    driver.round()
    assert book.get(comparison.id).stage is ComparisonStage.COMPARING
    assert house.outbox.compared == [comparison.id] * 2


def test_of_two_drivers_with_the_same_version_one_is_refused(house: House, book: Book) -> None:
    comparison = book.get(started(house))

    outcomes = [book.put(replace(comparison, attempts=1)) for _ in range(2)]

    assert [outcome is None for outcome in outcomes] == [False, True]


def test_a_message_that_was_lost_comes_again_but_not_while_a_worker_has_the_work(
    house: House, book: Book, driver: Driver
) -> None:
    comparison_id = started(house)
    late = book.get(comparison_id).published_at or 0
    book.put(replace(book.get(comparison_id), published_at=late - AGAIN_S - 1))

    assert book.lease(comparison_id, "cpu0", 60)
    driver.round()
    assert house.outbox.compared == [comparison_id]
    book.release(comparison_id)
    driver.round()

    assert house.outbox.compared == [comparison_id] * 2


def test_a_second_comparison_waits_for_the_first(house: House, book: Book, driver: Driver) -> None:
    first, second = started(house), started(house, text="And another one")

    driver.round()
    assert book.get(second).stage is ComparisonStage.WAITING
    book.put(replace(book.get(first), state=ComparisonState.FAILED, stage=None))
    driver.round()

    assert book.get(second).stage is ComparisonStage.PREPARING


def test_a_failed_job_fails_its_comparison_with_the_jobs_words(
    house: House, book: Book, driver: Driver
) -> None:
    comparison = prepared(book, started(house))
    driver.round()

    house.failed(comparison.sequential, "no-face", "No face was found. Send another picture.")
    driver.round()

    view = house.http.get(f"{COMPARISONS}/{comparison.id}").get_json()
    assert (view["state"], view["error"]["type"]) == ("failed", "/problems/no-face")
    assert "No face was found. Send another picture." in view["error"]["detail"]
    assert "sequential" in view["error"]["detail"]


def test_one_that_is_not_finished_in_time_is_given_up(house: House, book: Book) -> None:
    comparison_id = started(house)

    driver_of(house, book, deadline_s=-1.0).round()

    failure = book.get(comparison_id).failure
    assert failure is not None
    assert failure.reason == "deadline"


def test_a_text_that_is_far_too_long_for_one_piece_is_refused_at_once(house: House) -> None:
    answer = house.http.post(COMPARISONS, json=HELLO | {"text": "Many words. " * 1500})

    problem = problem_of(answer, 422, "comparison-too-long")
    assert str(MAX_CHUNK_FRAMES) in str(problem["detail"])
    assert house.http.get(COMPARISONS).get_json()["comparisons"] == []


def test_what_a_job_would_be_refused_for_is_refused(house: House) -> None:
    problem_of(house.http.post(COMPARISONS, json={}), 422, "empty-text")
    problem_of(
        house.http.post(COMPARISONS, json=HELLO | {"language": "xx"}), 422, "unknown-language"
    )
    problem_of(house.http.post(COMPARISONS, json=HELLO | {"webhook": "x"}), 422, "invalid-request")
    problem_of(house.http.get(f"{COMPARISONS}/cmp_{'0' * 32}"), 404, "unknown-comparison")
    problem_of(house.http.get(f"{COMPARISONS}/../etc"), 404, "not-found")
    problem_of(house.http.post(f"{JOBS}/{house.accepted()}/comparison"), 409, "not-ready")


def test_a_tenant_has_only_so_many_under_way(house: House) -> None:
    for _ in range(MOST_ACTIVE):
        started(house)

    answer = house.http.post(COMPARISONS, json=HELLO)

    problem_of(answer, 429, "too-many-comparisons")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_finished_job_is_checked_and_stays_when_the_check_is_deleted(
    house: House, book: Book
) -> None:
    job_id = house.accepted()
    house.succeeded(job_id, b"mp4")

    answer = house.http.post(f"{JOBS}/{job_id}/comparison")

    view = answer.get_json()
    assert answer.status_code == 202
    assert (view["parallel"], view["of_job"], view["stage"]) == (job_id, True, "sequential")
    listed = house.http.get(f"{COMPARISONS}?job={job_id}").get_json()["comparisons"]
    assert [one["id"] for one in listed] == [view["id"]]
    assert house.http.delete(view["links"]["self"]).status_code == 204
    assert house.queue.job(view["sequential"]).state is JobState.CANCELED
    assert house.queue.job(job_id).video is not None


def test_the_list_is_the_history_newest_first_in_pages(house: House, book: Book) -> None:
    ids = []
    for number in range(5):
        ids.append(started(house, text=f"Number {number}. " + "x" * 300))
        book.put(replace(book.get(ids[-1]), state=ComparisonState.CANCELED, stage=None))

    first = house.http.get(f"{COMPARISONS}?limit=3").get_json()
    rest = house.http.get(f"{COMPARISONS}?limit=3&cursor={first['next_cursor']}").get_json()

    found = [one["id"] for one in first["comparisons"] + rest["comparisons"]]
    assert found == ids[::-1]
    assert rest["next_cursor"] is None
    assert all(len(one["request"]["text"]) < 250 for one in first["comparisons"])


def test_a_tenants_list_keeps_the_latest(queue_store: str, book: Book, house: House) -> None:
    request = house.queue.job(house.accepted()).request
    for number in range(KEPT + 3):
        book.put(Comparison(
            f"cmp_{number:032x}", PUBLIC, request, 1000.0 + number, "job_1", "job_2",
            state=ComparisonState.SUCCEEDED, stage=None,
        ))  # fmt: skip

    kept = book.of_tenant(PUBLIC, 1000, None)

    assert len(kept) == KEPT
    assert kept[-1].id == f"cmp_{3:032x}"
    assert connect(queue_store).exists(f"lipchord:comparison:cmp_{0:032x}") == 0


def test_another_tenants_comparison_does_not_exist(
    queue_store: str, blob_store: str, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("alice:alice-secret-0001\nbob:bob-secret-000001\n")
    house = House(queue_store, blob_store, api_keys_file=str(keys))  # type: ignore[arg-type]
    alice, bob = ({"X-API-Key": key} for key in ("alice-secret-0001", "bob-secret-000001"))
    view = house.http.post(COMPARISONS, json=HELLO, headers=alice).get_json()

    for call in (house.http.get, house.http.delete):
        problem_of(call(view["links"]["self"], headers=bob), 404, "unknown-comparison")
    assert house.http.get(COMPARISONS, headers=bob).get_json()["comparisons"] == []
    assert house.http.get(view["links"]["self"], headers=alice).status_code == 200


def test_a_comparison_that_has_not_moved_is_a_304(house: House) -> None:
    address = f"{COMPARISONS}/{started(house)}"
    etag = house.http.get(address).headers["ETag"]

    assert house.http.get(address, headers={"If-None-Match": etag}).status_code == 304
