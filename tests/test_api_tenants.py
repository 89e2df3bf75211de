"""Tenants over HTTP: keys, own jobs only, and what a full house answers."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests
from structlog.testing import capture_logs
from werkzeug.serving import make_server

from api.tenants import Tenants
from lipchord_client import Client
from tasks.contract import PUBLIC, JobState
from tasks.house import WorkerInfo
from tasks.stores import connect
from tests.api_house import HELLO, JOBS, House, problem_of

ALICE, ALICE_TOO, BOB = "alice-secret-0001", "alice-secret-0002", "bob-secret-000001"
KEYS = f"""
# the first is kept as its digest
alice:sha256:{hashlib.sha256(ALICE.encode()).hexdigest()}
alice: {ALICE_TOO}
bob:{BOB}
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text(KEYS)
    return path


@pytest.fixture
def house(queue_store: str, blob_store: str, keys: Path) -> House:
    return House(queue_store, blob_store, api_keys_file=str(keys))  # type: ignore[arg-type]


@pytest.fixture
def open_house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.fixture
def served(house: House) -> Iterator[str]:
    """URL of the house, over real HTTP with a thread for each request."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def sent(house: House, key: str, **body: object) -> str:
    answer = house.http.post(JOBS, json=HELLO | body, headers=bearer(key))
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["id"])


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer("not-one-of-these-keys"),
        bearer(""),
        bearer("ключ" * 5),
        {"X-API-Key": "x"},
        {"Authorization": "Basic " + base64.b64encode(b"alice:wrong").decode()},
        {"Authorization": "Basic ???"},
        {"Authorization": "Bearer"},
    ],
)
@pytest.mark.parametrize("address", [JOBS, "/api/generate_parallel"])
def test_without_a_known_key_nothing_is_done(
    house: House, headers: dict[str, str], address: str
) -> None:
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}

    answer = house.http.post(address, json=HELLO, headers=headers)

    problem_of(answer, 401, "unauthorized")
    assert "Bearer" in answer.headers["WWW-Authenticate"]
    assert house.outbox.planned == []
    assert house.http.get(JOBS, headers=headers).status_code == 401
    assert house.http.get("/healthz", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        bearer(ALICE),
        bearer(ALICE_TOO),
        {"X-API-Key": ALICE},
        {"Authorization": "Basic " + base64.b64encode(f"any:{ALICE}".encode()).decode()},
    ],
)
def test_each_way_to_send_a_key_names_its_tenant(house: House, headers: dict[str, str]) -> None:
    answer = house.http.post(JOBS, json=HELLO, headers=headers)

    assert answer.status_code == 202
    assert house.queue.job(answer.get_json()["id"]).tenant == "alice"


def test_a_tenant_sees_and_touches_its_own_jobs_only(house: House) -> None:
    job_id = sent(house, ALICE)
    sent(house, BOB)
    house.beat("render0", "render")

    for method, address in (
        ("GET", f"{JOBS}/{job_id}"),
        ("DELETE", f"{JOBS}/{job_id}"),
        ("POST", f"{JOBS}/{job_id}/cancel"),
        ("GET", f"{JOBS}/{job_id}/video"),
    ):
        problem_of(house.http.open(address, method=method, headers=bearer(BOB)), 404, "unknown-job")

    mine = house.http.get(JOBS, headers=bearer(ALICE_TOO)).get_json()["jobs"]
    assert [job["id"] for job in mine] == [job_id]
    assert house.queue.job(job_id).state is JobState.QUEUED
    gone = house.http.delete(f"{JOBS}/{job_id}", headers=bearer(ALICE))
    assert gone.get_json()["state"] == "canceled"


def test_a_worker_does_not_tell_a_tenant_of_anothers_job(house: House, open_house: House) -> None:
    info = WorkerInfo("render0", "render", "viseme", True, "cores 0", 1, job="job_x")
    house.fleet.beat(info)

    hidden = house.http.get("/api/v1/workers", headers=bearer(BOB)).get_json()["workers"]
    shown = open_house.http.get("/api/v1/workers").get_json()["workers"]

    assert (hidden[0]["job"], shown[0]["job"]) == (None, "job_x")


def test_a_key_that_is_withdrawn_stops_working_and_a_wrong_file_changes_nothing(
    house: House, keys: Path
) -> None:
    sent(house, BOB)

    keys.write_text("bob:short")
    sent(house, BOB)
    keys.write_text(f"alice:{ALICE}\n\n")

    assert house.http.get(JOBS, headers=bearer(BOB)).status_code == 401
    sent(house, ALICE)


@pytest.mark.parametrize("line", ["bob", "bob:", "bob:short", "b b:" + BOB, "bob:sha256:12", ":x"])
def test_a_wrong_line_is_named_by_number_and_not_by_content(tmp_path: Path, line: str) -> None:
    path = tmp_path / "keys"
    path.write_text(f"# keys\n{line}\n")

    with pytest.raises(ValueError, match="line 2") as error:
        Tenants(str(path))

    assert "short" not in str(error.value)
    with pytest.raises(ValueError, match="cannot be read"):
        Tenants(str(tmp_path / "nowhere"))


def test_a_key_is_neither_logged_nor_stored(house: House, queue_store: str) -> None:
    with capture_logs() as logs:
        sent(house, BOB)
        house.http.get("/api/v1/nowhere", headers=bearer(BOB))
        house.http.get(JOBS, headers=bearer(BOB + "x"))
    client = connect(queue_store)

    kept = [client.dump(key) or b"" for key in client.keys("*")]

    assert BOB not in str(logs)
    assert not any(BOB.encode() in value for value in kept)


def test_fifty_requests_of_one_key_at_once_are_one_job(served: str, house: House) -> None:
    headers = bearer(ALICE) | {"Idempotency-Key": "order-7"}
    together = threading.Barrier(50)

    def send(_: int) -> requests.Response:
        together.wait()
        return requests.post(f"{served}{JOBS}", json=HELLO, headers=headers, timeout=30)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(send, range(50)))

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(house.outbox.planned) == 1


def test_the_command_lines_client_sends_its_key(
    served: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIPCHORD_API_KEY", ALICE)

    job = Client(served).submit("Hello")

    assert Client(served, ALICE_TOO).job(job.id).state == "queued"
    with pytest.raises(Exception, match="There is no job"):
        Client(served, BOB).job(job.id)


def test_the_document_tells_of_keys(house: House, open_house: House) -> None:
    for some_house, optional in ((house, False), (open_house, True)):
        spec = some_house.http.get("/openapi.json").get_json()
        operation = spec["paths"][JOBS]["post"]

        assert spec["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
        assert ({} in operation["security"]) is optional
        assert {"401", "429", "503"} <= operation["responses"].keys()
        assert "security" not in spec["paths"]["/healthz"]["get"]


def test_without_a_file_everybody_is_public(open_house: House) -> None:
    job_id = open_house.accepted()

    assert open_house.queue.job(job_id).tenant == PUBLIC
    assert Tenants("").asked is False
