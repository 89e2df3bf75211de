"""GET /api/v1/fleet: who works where, how fast, and what each may know of another's job."""

from pathlib import Path

import pytest
from openapi_schema_validator import OAS31Validator

from tasks.house import WorkerInfo
from tasks.stores import connect
from tests.api_house import House

ALICE, BOB = "alice-has-a-long-key", "bob-has-another-key"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.fixture
def keyed(queue_store: str, blob_store: str, tmp_path: Path) -> House:
    file = tmp_path / "keys"
    file.write_text(f"alice:{ALICE}\nbob:{BOB}\n")
    return House(queue_store, blob_store, api_keys_file=str(file))  # type: ignore[arg-type]


def beats(house: House, name: str, **facts: object) -> None:
    """A heartbeat of a render worker."""
    usual = {"kind": "render", "generator": "viseme", "generator_ready": True, "device": "cores 0"}
    house.fleet.beat(WorkerInfo(name=name, pid=1, **usual | facts))  # type: ignore[arg-type]


def workers(house: House, key: str | None = None) -> dict[str, dict[str, object]]:
    """What the fleet says of each worker, by name."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = house.http.get("/api/v1/fleet", headers=headers)
    assert answer.status_code == 200, answer.text
    return {
        worker["name"]: worker for host in answer.get_json()["hosts"] for worker in host["workers"]
    }


def test_workers_stand_under_their_hosts_with_what_was_measured(house: House) -> None:
    beats(
        house, "render0@b", frames_done=3000, busy_seconds=30.0, chunks_done=12, fixed_s=0.06,
        per_frame_s=0.0098, gpu_memory_used=10, gpu_memory_total=80, device="cuda:0",
    )  # fmt: skip
    beats(house, "render0@a", generator="wav2lip")
    house.fleet.beat(WorkerInfo("cpu0@b", "cpu", None, True, "cpu", 1))

    said = house.http.get("/api/v1/fleet").get_json()

    assert [(h["name"], [w["name"] for w in h["workers"]]) for h in said["hosts"]] == [
        ("a", ["render0@a"]), ("b", ["cpu0@b", "render0@b"]),
    ]  # fmt: skip
    found = workers(house)["render0@b"]
    assert (found["frames_per_second"], found["fixed_seconds"]) == (100.0, 0.06)
    assert found["gpu_memory"] == {"used": 10, "total": 80}
    assert workers(house)["render0@a"]["frames_per_second"] is None
    queues = {queue["generator"]: queue for queue in said["queues"]}
    assert (queues["viseme"]["ready_workers"], queues["viseme"]["frames_per_second"]) == (1, 100.0)
    assert queues["wav2lip"]["chunks_waiting"] == 0


def test_a_workers_state_is_what_it_does(house: House) -> None:
    house.fleet.beat(WorkerInfo("cpu0@h", "cpu", None, True, "cpu", 1))
    beats(house, "starts@h", generator_ready=False)
    beats(house, "idles@h")
    beats(house, "renders@h", job="job_1", chunk=2, frames_left=40)
    beats(house, "ends@h", job="job_1", chunk=3)
    house.fleet.leave("ends@h")
    beats(house, "died@h")
    connect(house.settings.queue_url).zincrby("lipchord:workers", -60, "died@h")

    found = workers(house)

    assert {name: worker["state"] for name, worker in found.items()} == {
        "cpu0@h": "ready", "starts@h": "starting", "idles@h": "idle", "renders@h": "rendering",
        "ends@h": "draining", "died@h": "gone",
    }  # fmt: skip
    assert found["renders@h"]["in_hand"] == {"job": "job_1", "chunk": 2, "frames_left": 40}
    assert "died@h" not in {worker.name for worker in house.queue.workers()}


def test_one_that_ended_as_it_was_asked_to_is_not_missed(house: House) -> None:
    beats(house, "render0@h")
    house.fleet.leave("render0@h")
    house.fleet.left("render0@h")

    assert workers(house) == {}
    assert house.queue.workers() == ()
    beats(house, "render0@h")  # of a child that ends after its parent
    connect(house.settings.queue_url).zincrby("lipchord:workers", -60, "render0@h")
    assert workers(house) == {}


def test_the_next_process_of_a_name_does_not_drain_but_its_error_is_still_told(
    house: House,
) -> None:
    beats(house, "render0@h")
    house.fleet.leave("render0@h")
    house.fleet.note_error("render0@h", "Its process died under job_1f0a2b (signal 9).")
    house.fleet.come("render0@h")
    beats(house, "render0@h")

    found = workers(house)["render0@h"]

    assert found["state"] == "idle"
    assert found["last_error"]["detail"] == "Its process died under … (signal 9)."  # type: ignore[index]


def test_a_job_in_hand_is_named_only_to_its_own_tenant(keyed: House) -> None:
    sent = keyed.http.post(
        "/api/v1/jobs", json={"text": "Hello"}, headers={"Authorization": f"Bearer {ALICE}"}
    )
    job_id = sent.get_json()["id"]
    beats(keyed, "render0@h", job=job_id, chunk=1, frames_left=30)
    beats(keyed, "render1@h", job="job_of_nobody", chunk=1, frames_left=7)

    hers, his = workers(keyed, ALICE), workers(keyed, BOB)

    assert hers["render0@h"]["in_hand"] == {"job": job_id, "chunk": 1, "frames_left": 30}
    assert his["render0@h"]["in_hand"] == {"job": None, "chunk": None, "frames_left": 30}
    assert his["render0@h"]["state"] == "rendering"
    assert hers["render1@h"]["in_hand"] == {"job": None, "chunk": None, "frames_left": 7}
    assert keyed.http.get("/api/v1/fleet").status_code == 401


def test_the_answer_is_what_its_schema_says(house: House) -> None:
    beats(house, "render0@h", job="job_1", chunk=0, frames_left=1, gpu_memory_used=1,
          gpu_memory_total=2)  # fmt: skip
    house.fleet.note_error("render0@h", "Something broke.")
    spec = house.http.get("/openapi.json").get_json()
    schema = {"$ref": "#/components/schemas/FleetView", "components": spec["components"]}

    OAS31Validator(schema).validate(house.http.get("/api/v1/fleet").get_json())
