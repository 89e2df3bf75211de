"""What a full house answers: 429 and 503, with seconds after which it is worth to try again."""

import io
from pathlib import Path
from typing import Any

import pytest

from tasks.house import WorkerInfo
from tasks.stores import connect
from tests.api_house import HELLO, JOBS, House, problem_of

ALICE, BOB = "alice-secret-0001", "bob-secret-000001"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(f"alice:{ALICE}\nbob:{BOB}\n")
    return path


@pytest.fixture
def open_house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def sent(house: House, key: str, **body: object) -> str:
    answer = house.http.post(JOBS, json=HELLO | body, headers=bearer(key))
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["id"])


def busy(answer: Any, status: int, name: str) -> int:
    """Seconds of Retry-After of a refusal that is this problem."""
    problem_of(answer, status, name)
    return int(answer.headers["Retry-After"])


@pytest.mark.parametrize("address", [JOBS, "/api/generate"])
def test_a_tenant_over_its_quota_gets_a_429_and_others_do_not(
    queue_store: str, blob_store: str, keys: Path, address: str
) -> None:
    house = House(queue_store, blob_store, tenant_jobs=2, api_keys_file=str(keys))  # type: ignore[arg-type]
    first = sent(house, ALICE)
    repeat = bearer(ALICE) | {"Idempotency-Key": "order-7"}
    assert house.http.post(JOBS, json=HELLO, headers=repeat).status_code == 202

    form = HELLO | {"face": (io.BytesIO(b"PNG face"), "me.png")}
    refused = house.http.post(address, json=HELLO, headers=bearer(ALICE))
    upload = house.http.post(address, data=form, headers=bearer(ALICE))

    assert busy(refused, 429, "too-many-jobs") >= 1
    assert busy(upload, 429, "too-many-jobs") >= 1
    assert connect(blob_store).dbsize() == 0  # the upload was not kept
    assert house.http.post(JOBS, json=HELLO, headers=repeat).status_code == 202
    sent(house, BOB)
    house.queue.cancel(first)
    sent(house, ALICE)


def test_without_a_ready_worker_for_a_minute_nothing_is_accepted(
    queue_store: str, blob_store: str
) -> None:
    house = House(queue_store, blob_store, ready_grace_s=60.0)
    house.beat("render0", "render", ready=False)

    refused = house.http.post(JOBS, json=HELLO)
    house.beat("render0", "render")
    house.accepted()
    connect(queue_store).delete("lipchord:workers")  # it has just died
    house.accepted()
    connect(queue_store).zincrby("lipchord:ready", -61, "viseme")
    late = house.http.post("/api/generate_parallel", json=HELLO)

    assert busy(refused, 503, "no-render-worker") >= 1
    assert busy(late, 503, "no-render-worker") >= 1
    assert len(house.outbox.planned) == 2


def test_a_wait_over_the_limit_is_refused_with_the_seconds_until_it_is_not(
    queue_store: str, blob_store: str, keys: Path
) -> None:
    house = House(
        queue_store, blob_store, max_wait_s=60.0, jobs_under_way=1, api_keys_file=str(keys)  # type: ignore[arg-type]
    )  # fmt: skip
    # It has shown 10 frames a second; a text of 2 000 letters is 124 s, 3 100 frames, 310 s.
    house.fleet.beat(
        WorkerInfo("r", "render", "viseme", True, "", 1, frames_done=100, busy_seconds=10.0)
    )
    long = "a" * 2000
    sent(house, ALICE, text=long)

    refused = house.http.post(JOBS, json=HELLO, headers=bearer(ALICE))

    assert 240 <= busy(refused, 503, "queue-too-long") <= 260


def test_a_queued_job_says_when_it_will_be_done(open_house: House) -> None:
    house = open_house
    assert house.http.post(JOBS, json=HELLO).get_json()["eta_seconds"] is None
    house.fleet.beat(
        WorkerInfo("r", "render", "viseme", True, "", 1, frames_done=100, busy_seconds=10.0)
    )

    first = house.http.post(JOBS, json=HELLO | {"text": "a" * 200}).get_json()
    second = house.http.post(JOBS, json=HELLO | {"text": "a" * 200}).get_json()

    # 200 letters are about 310 frames, 31 s.
    assert 30 < first["eta_seconds"] < 45
    assert 60 < second["eta_seconds"] < 75
    assert house.http.get(f"{JOBS}/{second['id']}").get_json()["eta_seconds"] > 60


def test_a_full_blob_store_takes_no_new_job_while_the_others_go_on(
    queue_store: str, blob_store: str
) -> None:
    blobs = connect(blob_store)
    house = House(queue_store, blob_store, blob_full_share=0.75)
    job_id = house.accepted()
    room = blobs.config_get("maxmemory")["maxmemory"]
    blobs.config_set("maxmemory", int(blobs.info("memory")["used_memory"] / 0.9))
    fresh = House(queue_store, blob_store, blob_full_share=0.75)  # it has read no memory yet
    try:
        refused = fresh.http.post(JOBS, json=HELLO)
        upload = fresh.http.post(JOBS, data=HELLO | {"face": (io.BytesIO(b"PNG"), "me.png")})
        house.succeeded(job_id, b"mp4")
    finally:
        blobs.config_set("maxmemory", room)

    assert busy(refused, 503, "blobs-full") >= 1
    assert busy(upload, 503, "blobs-full") >= 1
    assert house.http.get(f"{JOBS}/{job_id}/video").data == b"mp4"
    assert any("full" in reason for reason in fresh.queue.not_ready())
