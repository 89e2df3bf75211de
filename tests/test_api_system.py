"""The house over HTTP: voices, workers, health, numbers, pages, and what it never loads."""

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import api
import lipsync_engine.errors
import merge.errors
import tasks.errors
from api.app import create_app
from api.problems import KINDS
from tasks.client import JobQueue
from tasks.settings import Settings
from tests.api_house import HELLO, JOBS, House, Outbox, problem_of

NOWHERE = "redis://127.0.0.1:1/0"
STATIC = Path(api.__path__[0]) / "static"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


class BrokenQueue(JobQueue):
    """A queue with a bug: every look at jobs raises what nobody foresaw."""

    def jobs(self, limit: int = 20, cursor: str | None = None, tenant: str = "public"):  # type: ignore[no-untyped-def]
        raise ZeroDivisionError("a secret of the house")


@pytest.fixture
def broken(queue_store: str, blob_store: str) -> House:
    house = House(queue_store, blob_store)
    house.http = create_app(BrokenQueue(house.settings, Outbox()), house.settings).test_client()
    return house


def test_voices_are_listed_by_code(house: House) -> None:
    voices = house.http.get("/api/v1/voices").get_json()["voices"]

    names = {voice["language"]: voice["name"] for voice in voices}
    assert list(names) == sorted(names)
    assert {"ru", "kk", "en", "de", "fr", "es"} <= names.keys()


def test_workers_are_listed_with_what_they_hold(house: House) -> None:
    house.beat("cpu0", "cpu")
    house.beat("render0", "render")

    workers = house.http.get("/api/v1/workers").get_json()["workers"]

    assert [worker["name"] for worker in workers] == ["cpu0", "render0"]
    assert workers[1]["generator"] == "viseme"
    assert workers[1]["generator_ready"] is True
    assert workers[1]["setups"] == 1


def test_alive_is_not_yet_ready(house: House) -> None:
    assert house.http.get("/healthz").get_json() == {"status": "ok"}
    said = problem_of(house.http.get("/readyz"), 503, "service-not-ready")
    assert "render worker" in str(said["detail"])

    house.beat("cpu0", "cpu")
    house.beat("render0", "render", ready=False)
    assert house.http.get("/readyz").status_code == 503
    house.beat("render0", "render")

    assert house.http.get("/readyz").get_json() == {"status": "ready"}


def test_without_a_store_the_api_lives_and_says_when_to_come_back() -> None:
    settings = Settings(queue_url=NOWHERE, blob_url=NOWHERE)
    http = create_app(JobQueue(settings, Outbox()), settings).test_client()

    refused = http.post(JOBS, json=HELLO)

    problem_of(refused, 503, "store-unavailable")
    assert int(refused.headers["Retry-After"]) > 0
    assert http.get("/healthz").status_code == 200
    assert http.get("/readyz").status_code == 503
    assert 'lipchord_store_up{store="queue"} 0.0' in http.get("/metrics").text


def test_a_bug_of_ours_is_a_problem_with_a_number_and_a_traceback_only_in_the_log(
    broken: House,
) -> None:
    with capture_logs() as logs:
        answer = broken.http.get(JOBS)

    problem_of(answer, 500, "internal")
    assert "secret" not in answer.text
    assert logs[0]["request_id"] == answer.headers["X-Request-Id"]
    assert isinstance(logs[0]["exc_info"], ZeroDivisionError)


@pytest.mark.parametrize(
    ("method", "address", "status", "name"),
    [
        ("GET", "/no/such/place", 404, "not-found"),
        ("GET", "/problems/no-such-problem", 404, "not-found"),
        ("PUT", JOBS, 405, "wrong-method"),
        ("GET", "/api/generate", 405, "wrong-method"),
        ("POST", "/healthz", 405, "wrong-method"),
    ],
)
def test_errors_of_http_itself_are_problems_too(
    house: House, method: str, address: str, status: int, name: str
) -> None:
    answer = house.http.open(address, method=method)

    problem_of(answer, status, name)
    assert status != 405 or "Allow" in answer.headers


def codes(error: type) -> set[str]:
    """The codes of a tree of errors."""
    below = {code for child in error.__subclasses__() for code in codes(child)}
    return below | {error.code}  # type: ignore[attr-defined]


def test_every_error_that_a_user_can_meet_is_in_the_table() -> None:
    met = codes(lipsync_engine.errors.EngineError) | codes(merge.errors.MergeError)
    # A wrong setting ends a process at its start: nobody meets it over HTTP.
    met |= codes(tasks.errors.TasksError) - {"tasks-error", "rejected", "wrong-setting"}

    assert met - KINDS.keys() - {"engine-error"} == set()


def test_every_type_leads_to_a_page_that_says_what_to_do(house: House) -> None:
    for name, kind in KINDS.items():
        page = house.http.get(f"/problems/{name}", headers={"Accept": "text/html"})
        said = house.http.get(f"/problems/{name}", headers={"Accept": "application/json"})

        assert (page.status_code, page.mimetype) == (200, "text/html")
        assert kind.title in html.unescape(page.text)
        assert said.get_json()["detail"] == kind.advice


class Links(HTMLParser):
    """What a page refers to, and the ids, labels and controls it has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.ids: set[str] = set()
        self.labelled: set[str] = set()
        self.controls: set[str] = set()
        self.inline: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.addresses += [found[name] for name in ("href", "src") if found.get(name)]
        self.ids |= {found.get("id", "")}
        self.labelled |= {found.get("for", "")}
        self.inline += [name for name in found if name.startswith("on") or name == "style"]
        if tag in ("select", "textarea") or (tag == "input" and found.get("type") != "radio"):
            self.controls.add(found["id"])


@pytest.mark.parametrize("address", ["/", "/docs", "/problems/no-face"])
def test_pages_need_nothing_from_elsewhere_and_every_control_has_a_label(
    house: House, address: str
) -> None:
    answer = house.http.get(address, headers={"Accept": "text/html"})
    page = Links(answer.text)

    assert answer.status_code == 200
    assert page.inline == []
    assert page.controls <= page.labelled
    for link in page.addresses:
        assert link.startswith(("/", "#")), link
        assert link.startswith("#") or house.http.get(link).status_code in (200, 503), link
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("script", "page"), [("studio", "/"), ("docs", "/docs")])
def test_a_script_finds_every_element_it_names(house: House, script: str, page: str) -> None:
    files = [STATIC / f"{script}.js", *(STATIC / script).glob("*.js")]
    source = "".join(file.read_text() for file in files)
    named = set(re.findall(r"""(?:\$|getElementById)\("([a-z0-9-]+)"\)""", source))

    assert named - {""}
    assert named <= Links(house.http.get(page).text).ids


TEXT = {".js", ".css", ".svg", ".html"}


def test_no_file_of_the_pages_names_another_host() -> None:
    for file in (file for file in STATIC.rglob("*") if file.suffix in TEXT):
        text = file.read_text().replace("http://www.w3.org/2000/svg", "")

        assert not re.search(r"(https?:)?//[a-z0-9-]+\.[a-z]", text), file.name


def test_every_answer_has_its_number_and_is_not_sniffed(house: House) -> None:
    answers = [house.http.get(address) for address in ("/", "/healthz", "/nowhere", JOBS)]

    assert {answer.headers["X-Content-Type-Options"] for answer in answers} == {"nosniff"}
    assert len({answer.headers["X-Request-Id"] for answer in answers}) == len(answers)


def test_the_api_never_loads_torch_opencv_or_celery() -> None:
    program = (
        "import json, sys, api.app, tasks.client;"
        "from tasks.settings import Settings;"
        "settings = Settings();"
        "app = api.app.create_app(tasks.client.JobQueue(settings, None), settings);"
        "assert app.test_client().get('/openapi.json').status_code == 200;"
        "assert app.test_client().get('/api/v1/voices').status_code == 200;"
        "print(json.dumps(sorted(sys.modules)))"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )

    loaded = {name.partition(".")[0] for name in json.loads(told.stdout)}
    assert "flask" in loaded
    assert not loaded & {"torch", "cv2", "celery", "kombu", "billiard", "av"}
