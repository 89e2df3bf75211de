"""Jobs over HTTP: sent, followed, listed, canceled; on the real queue and real stores."""

import io
import threading
import time

import pytest

from tasks.contract import JobState, MediaKind
from tests.api_house import HELLO, JOBS, House, problem_of


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


def test_a_job_is_accepted_with_its_address_and_when_to_look(house: House) -> None:
    answer = house.http.post(JOBS, json={"text": "Привет, мир", "language": "ru"})

    job = answer.get_json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{JOBS}/{job['id']}" == job["links"]["self"]
    assert int(answer.headers["Retry-After"]) >= 1
    assert (job["state"], job["progress"], job["links"]["video"]) == ("queued", 0, None)
    assert "Привет, мир" in answer.text
    assert house.outbox.planned == [job["id"]]


def test_a_form_with_a_sound_and_a_face_becomes_a_job_with_their_blobs(house: House) -> None:
    answer = house.http.post(
        JOBS,
        data={
            "audio": (io.BytesIO(b"RIFF sound"), "me.wav"),
            "face": (io.BytesIO(b"PNG face"), "me.png"),
            "text": "",
            "num_workers": "3",
            "sway": "false",
        },
    )

    request = house.queue.job(answer.get_json()["id"]).request
    assert answer.status_code == 202
    assert (request.text, request.num_workers, request.sway) == (None, 3, False)
    assert request.speech is not None
    assert request.face is not None
    assert house.storage.open(request.speech).read() == b"RIFF sound"
    assert house.storage.open(request.face).read() == b"PNG face"


def test_a_face_that_was_sent_before_is_used_again_by_its_key(house: House) -> None:
    form = HELLO | {"face": (io.BytesIO(b"PNG face"), "me.png")}
    first = house.http.post(JOBS, data=form).get_json()["request"]

    again = house.http.post(JOBS, json=first | {"text": "Once more"})

    assert again.status_code == 202
    assert again.get_json()["request"]["face"] == first["face"]


def test_files_left_empty_in_a_browser_are_not_files(house: House) -> None:
    nothing = (io.BytesIO(b""), "")

    answer = house.http.post(JOBS, data=HELLO | {"audio": nothing, "face": nothing})

    assert answer.status_code == 202
    assert answer.get_json()["request"]["face"] is None


def test_twenty_thousand_characters_of_four_bytes_pass_in_json_and_in_a_form(house: House) -> None:
    text = "𐌰" * 20_000

    escaped = house.http.post(JOBS, json={"text": text})
    form = house.http.post(JOBS, data={"text": text}, content_type="multipart/form-data")

    assert (escaped.status_code, form.status_code) == (202, 202)
    assert form.get_json()["request"]["text"] == text


def test_one_idempotency_key_is_one_job(house: House) -> None:
    key = {"Idempotency-Key": "order-7"}

    first = house.http.post(JOBS, json=HELLO, headers=key)
    second = house.http.post(JOBS, json=HELLO, headers=key)
    other = house.http.post(JOBS, json=HELLO | {"text": "Goodbye"}, headers=key)

    assert first.get_json()["id"] == second.get_json()["id"]
    assert len(house.outbox.planned) == 1
    problem_of(other, 422, "idempotency-mismatch")


def test_progress_is_told_by_stage_and_by_chunk(house: House) -> None:
    job_id = house.accepted()
    house.planned(job_id, 30, 20)
    house.rendered(job_id, 0, 30)

    job = house.http.get(f"{JOBS}/{job_id}").get_json()

    assert (job["state"], job["stage"]) == ("running", "rendering")
    assert 0 < job["progress"] < 1
    assert (job["chunks"]["total"], job["chunks"]["done"]) == (2, 1)
    assert [chunk["state"] for chunk in job["chunks"]["list"]] == ["done", "queued"]
    assert [chunk["first_frame"] for chunk in job["chunks"]["list"]] == [0, 30]
    assert (job["fps"], job["n_frames"], job["speech_seconds"]) == ("25", 50, 2.0)
    assert job["warnings"] == ["There are two faces; the larger one speaks."]
    assert job["timings"].keys() == {"plan", "render"}


def test_a_poll_that_brings_nothing_new_is_a_304(house: House) -> None:
    job_id = house.accepted()
    first = house.http.get(f"{JOBS}/{job_id}")

    same = house.http.get(f"{JOBS}/{job_id}", headers={"If-None-Match": first.headers["ETag"]})
    house.planned(job_id, 30)
    new = house.http.get(f"{JOBS}/{job_id}", headers={"If-None-Match": first.headers["ETag"]})

    assert (first.headers["Retry-After"], same.status_code, same.data) == ("1", 304, b"")
    assert new.status_code == 200
    assert new.headers["ETag"] != first.headers["ETag"]


def test_a_preferred_wait_ends_with_the_job(house: House) -> None:
    def work() -> None:
        while not house.outbox.planned:
            time.sleep(0.01)
        house.succeeded(house.outbox.planned[0], b"mp4")

    worker = threading.Thread(target=work)
    worker.start()
    answer = house.http.post(JOBS, json=HELLO, headers={"Prefer": "respond-async, wait=20"})
    worker.join()

    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert answer.get_json()["state"] == "succeeded"
    assert "Retry-After" not in answer.headers


def test_a_preferred_wait_that_runs_out_is_a_202(house: House) -> None:
    started = time.monotonic()

    answer = house.http.post(JOBS, json=HELLO, headers={"Prefer": "wait=1"})
    poll = house.http.get(answer.headers["Location"], headers={"Prefer": "wait=0"})

    assert 1 <= time.monotonic() - started < 5
    assert (answer.status_code, answer.get_json()["state"]) == (202, "queued")
    assert poll.headers["Preference-Applied"] == "wait=0"


@pytest.mark.parametrize("prefer", ["wait=soon", "wait=-1", "wait=", "wait=1e9", "handling=lax"])
def test_a_preference_that_cannot_be_understood_is_ignored(house: House, prefer: str) -> None:
    answer = house.http.post(JOBS, json=HELLO, headers={"Prefer": prefer})

    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers


def test_a_cancel_can_be_repeated_and_leaves_no_video(house: House) -> None:
    job_id = house.accepted()

    answers = [house.http.delete(f"{JOBS}/{job_id}") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert {answer.get_json()["state"] for answer in answers} == {"canceled"}
    problem_of(house.http.get(f"{JOBS}/{job_id}/video"), 410, "gone")


def test_deleting_a_finished_job_leaves_its_state_and_takes_its_video(house: House) -> None:
    job_id = house.accepted()
    house.succeeded(job_id, b"mp4")
    assert house.http.get(f"{JOBS}/{job_id}/video").data == b"mp4"

    answers = [house.http.delete(f"{JOBS}/{job_id}") for _ in range(2)]

    for answer in answers:
        job = answer.get_json()
        assert (answer.status_code, job["state"]) == (200, "succeeded")
        assert (job["video"], job["links"]["video"]) == (None, None)
    gone = problem_of(house.http.get(f"{JOBS}/{job_id}/video"), 410, "gone")
    assert "deleted" in str(gone["detail"])


def test_a_chunk_of_an_earlier_job_is_shown_as_reused(house: House) -> None:
    job_id = house.accepted()
    house.planned(job_id, 30, 20, known="blob_of_an_earlier_job")

    chunks = house.http.get(f"{JOBS}/{job_id}").get_json()["chunks"]

    assert [(one["state"], one["reused"]) for one in chunks["list"]] == [
        ("done", True), ("queued", False),
    ]  # fmt: skip
    assert chunks["done"] == 1


def test_a_failed_job_says_why_as_a_problem(house: House) -> None:
    job_id = house.accepted()
    house.failed(job_id, "no-face", "No face was found. Send a picture of one face.")

    answer = house.http.get(f"{JOBS}/{job_id}")

    assert answer.status_code == 200
    assert answer.get_json()["error"] == {
        "type": "/problems/no-face",
        "title": "No face was found",
        "status": 422,
        "detail": "No face was found. Send a picture of one face.",
    }


def test_pages_hold_every_job_once_newest_first_and_in_brief(house: House) -> None:
    sent = [house.accepted(text="word " * 100) for _ in range(5)]
    house.planned(sent[-1], 10, 10)

    seen, cursor = [], ""
    for _ in range(3):
        page = house.http.get(f"{JOBS}?limit=2&cursor={cursor}").get_json()
        seen += page["jobs"]
        cursor = page["next_cursor"]

    assert [job["id"] for job in seen] == sent[::-1]
    assert cursor is None
    assert seen[0]["chunks"] == {"total": 2, "done": 0, "list": None}
    assert len(seen[0]["request"]["text"]) == 201


def test_twenty_requests_of_one_key_sent_at_once_are_one_job(house: House) -> None:
    ids: list[str] = []

    def send() -> None:
        headers = {"Idempotency-Key": "one"}
        answer = house.app.test_client().post(JOBS, json=HELLO, headers=headers)
        ids.append(answer.get_json()["id"])

    threads = [threading.Thread(target=send) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 20
    assert len(set(ids)) == 1
    assert len(house.outbox.planned) == 1


def test_what_a_worker_found_in_an_upload_is_the_answer(house: House) -> None:
    house.looked_at(b"a wall", MediaKind.FACE, "no-face", "No face was found. Send another one.")

    answer = house.http.post(JOBS, data=HELLO | {"face": (io.BytesIO(b"a wall"), "wall.jpg")})

    assert "Send another" in str(problem_of(answer, 422, "no-face")["detail"])
    assert house.queue.jobs().jobs == ()


def test_a_job_that_the_api_accepted_is_one_that_the_queue_knows(house: House) -> None:
    job_id = house.accepted(language="ru", text="Да", rate=200, pitch=10, fps=29.97, seed=5)

    request = house.queue.job(job_id).request

    assert house.queue.job(job_id).state is JobState.QUEUED
    assert (request.language, request.rate, request.pitch) == ("ru", 200, 10)
    assert (request.fps, request.seed) == ("29.97", 5)
