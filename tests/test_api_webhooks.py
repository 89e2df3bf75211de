"""The field `webhook` over HTTP and on the command line, and the documented receiver."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import cli
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all
from tasks.contract import WebhookState
from tasks.stores import connect
from tasks.webhooks.call import Caller
from tasks.webhooks.deliver import Deliverer
from tasks.webhooks.outbox import Outbox
from tasks.webhooks.target import Policy
from tests.api_house import HELLO, JOBS, House, problem_of
from tests.receivers import receiving
from tests.workers import until

DOCS = Path(__file__).parent.parent / "docs" / "webhooks.md"
URL = "https://example.com/lipchord?order=17"
HERE = "127.0.0.0/8"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.fixture
def open_house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store, webhook_allow=HERE)  # type: ignore[arg-type]


def deliver(house: House) -> None:
    """What a cpu worker does with what is due."""
    client = connect(house.settings.queue_url)
    outbox = Outbox(client)
    deliverer = Deliverer(outbox, house.records, Caller(Policy.of(HERE)))
    while entry := outbox.take(30):
        deliverer.attempt(entry)


@pytest.mark.parametrize("how", ["json", "form"])
def test_a_job_with_a_webhook_shows_it_and_waits_for_its_end(house: House, how: str) -> None:
    body = {"json" if how == "json" else "data": HELLO | {"webhook": URL}}
    kind = "application/json" if how == "json" else "multipart/form-data"

    job = house.http.post(JOBS, content_type=kind, **body).get_json()

    assert job["request"]["webhook"] == URL
    assert job["webhook"] == {
        "state": "waiting", "attempts": 0, "last_status": None, "last_error": None,
        "next_at": None,
    }  # fmt: skip


def test_a_job_without_one_shows_none(house: House) -> None:
    job = house.http.get(f"{JOBS}/{house.accepted()}").get_json()

    assert job["webhook"] is job["request"]["webhook"] is None


@pytest.mark.parametrize(
    "url", ["http://example.com/", "https://127.0.0.1/", "https://[::1]/", "example.com", ""]
)
def test_an_url_that_cannot_be_called_is_blamed_on_its_field(house: House, url: str) -> None:
    answer = house.http.post(JOBS, json=HELLO | {"webhook": url})

    problem = problem_of(answer, 422, "bad-webhook")
    assert problem["errors"] == [{"field": "webhook", "detail": problem["detail"]}]
    assert house.outbox.planned == []


@pytest.mark.parametrize("url", [17, "https://example.com/" + "a" * 2000])
def test_what_is_no_text_of_its_length_is_refused_as_any_field(house: House, url: object) -> None:
    answer = house.http.post(JOBS, json=HELLO | {"webhook": url})

    assert "text of 0 to 2000 characters such as" in str(
        problem_of(answer, 422, "invalid-request")["detail"]
    )


def test_a_list_of_jobs_leaves_out_the_query_where_keys_are_kept(house: House) -> None:
    house.accepted(webhook=URL)

    (job,) = house.http.get(JOBS).get_json()["jobs"]

    assert job["request"]["webhook"] == "https://example.com/lipchord?…"


def test_what_a_webhook_says_is_what_the_api_shows(open_house: House) -> None:
    with receiving() as receiver:
        job_id = open_house.accepted(webhook=receiver.url)
        open_house.succeeded(job_id, b"mp4")
        deliver(open_house)

    data = json.loads(receiver.calls[0].body)["data"]
    shown = open_house.http.get(f"{JOBS}/{job_id}").get_json()
    moments = {"created_at", "started_at", "finished_at"}
    shown["links"] = {name: shown["links"][name] for name in data["links"]}  # the API has more
    assert {name: shown[name] for name in data.keys() - moments} == {
        name: data[name] for name in data.keys() - moments
    }
    assert {name: data[name][:19] for name in moments} == {
        name: shown[name][:19] for name in moments
    }
    assert open_house.http.get(data["links"]["video"]).data == b"mp4"
    assert shown["webhook"] == {
        "state": "delivered", "attempts": 1, "last_status": 204, "last_error": None,
        "next_at": None,
    }  # fmt: skip


def test_a_failures_webhook_and_problem_agree(open_house: House) -> None:
    with receiving() as receiver:
        job_id = open_house.accepted(webhook=receiver.url)
        open_house.failed(job_id, "no-face", "No face was found. Send another.")
        deliver(open_house)

    told = json.loads(receiver.calls[0].body)["data"]["error"]
    assert told.items() <= open_house.http.get(f"{JOBS}/{job_id}").get_json()["error"].items()


def test_a_receiver_that_is_gone_gets_no_new_job_for_a_while(open_house: House) -> None:
    with receiving(410) as receiver:
        open_house.http.delete(f"{JOBS}/{open_house.accepted(webhook=receiver.url)}")
        deliver(open_house)

    answer = open_house.http.post(JOBS, json=HELLO | {"webhook": receiver.url})

    problem = problem_of(answer, 422, "webhook-gone")
    assert "after 60 minutes" in str(problem["detail"])
    assert open_house.accepted(webhook=receiver.url + "&other=1")


def test_the_command_line_names_the_webhook_in_its_request(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with receiving((422, {})) as api:
        out = str(tmp_path / "out.mp4")
        url = api.url.partition("/hook")[0]
        cli.run(["submit", "--url", url, "--text", "Hi", "--webhook", URL, "-o", out])

    assert json.loads(api.calls[0].body)["webhook"] == URL


def test_the_command_line_shows_the_secret_that_webhooks_are_signed_with(
    queue_store: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LIPCHORD_QUEUE_URL", queue_store)

    assert cli.run(["webhook-secret"]) == 0

    assert capsys.readouterr().out.strip() == Outbox(connect(queue_store)).secret()


# -- a real worker, and the receiver of the documentation -----------------------------------


@pytest.fixture
def documented(open_house: House, guard: Guard, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The receiver of docs/webhooks.md, running: its URL, and the file that it prints to."""
    program = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert program is not None
    port = free_port()
    argv = (sys.executable, "-u", "-c", program[1].replace("8000", str(port)))
    secret = Outbox(connect(open_house.settings.queue_url)).secret()
    child = Child(ProcessSpec("receiver", argv, {"WEBHOOK_SECRET": secret}), tmp_path, guard)
    yield f"http://127.0.0.1:{port}/", child.log
    stop_all([child])


@pytest.fixture
def worker(open_house: House, guard: Guard, tmp_path: Path) -> Iterator[Child]:
    """A real cpu worker, as `lipchord up` starts it."""
    argv = (
        sys.executable, "-m", "celery", "-A", "tasks.app", "worker", "-n", "cpu0@%h",
        "-P", "prefork", "-c", "1", "-Q", "cpu", "--without-mingle", "--without-gossip",
    )  # fmt: skip
    env = {
        "LIPCHORD_QUEUE_URL": open_house.settings.queue_url,
        "LIPCHORD_BLOB_URL": open_house.settings.blob_url,
        "LIPCHORD_WORKER_KIND": "cpu",
        "LIPCHORD_WEBHOOK_ALLOW": HERE,
        "REMAP_SIGTERM": "SIGQUIT",
    }
    child = Child(ProcessSpec("cpu0", argv, env), tmp_path, guard)
    yield child
    stop_all([child])


def test_a_real_worker_tells_the_documented_receiver(
    open_house: House, worker: Child, documented: tuple[str, Path]
) -> None:
    url, said = documented
    job_id = open_house.accepted(webhook=url)
    open_house.http.delete(f"{JOBS}/{job_id}")

    def delivered() -> bool:
        status = open_house.queue.job(job_id).webhook
        return status is not None and status.state is not WebhookState.PENDING

    until(delivered)

    webhook_id = "msg_" + job_id.removeprefix("job_")
    assert f"{webhook_id} job.canceled {job_id}\n" in said.read_text()


def test_the_documented_receiver_refuses_what_is_not_signed(documented: tuple[str, Path]) -> None:
    url, said = documented
    caller = Caller(Policy.of(HERE))
    unsigned = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}

    until(lambda: caller.post(url, unsigned, b"{}").status == 401)

    assert "msg_1" not in said.read_text()
