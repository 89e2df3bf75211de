"""Everything through TLS and a password: a whole job, and what a wrong paper is answered."""

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis

from deploy import services
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all
from tasks.errors import StoreError
from tasks.fleet import Fleet
from tasks.settings import Settings
from tasks.stores import connect
from tests.doors import Papers, guarded_store, papers
from tests.workers import EXTRA, until

PASSWORD = "p@ss:w/rd#%41"
ENCODED = "p%40ss%3Aw%2Frd%23%2541"
LOGIN = "looker:secret"


@dataclass
class Site:
    """Two guarded stores, and the variables by which all reach them."""

    folder: Path
    papers: Papers
    env: dict[str, str]
    children: dict[str, Child] = field(default_factory=dict)
    url: str = ""

    def get(self, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body).encode() if body else None
        asked = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"} if body else {}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.load(answer)

    def settings(self, **other: str) -> Settings:
        return Settings.from_env(self.env | {f"LIPCHORD_{k}": v for k, v in other.items()})


@pytest.fixture(scope="module")
def site(guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Stores that ask for a password, speak TLS alone, and want to see a certificate."""
    folder = tmp_path_factory.mktemp("tls")
    shown = papers(folder / "papers")
    (folder / "password").write_text(PASSWORD + "\n")
    with (
        guarded_store("queue", folder, guard, PASSWORD, shown, asks=True) as queue,
        guarded_store("blobs", folder, guard, PASSWORD, shown, asks=True) as blobs,
    ):
        site = Site(folder, shown, {
            "LIPCHORD_QUEUE_URL": f"rediss://127.0.0.1:{queue}/0",
            "LIPCHORD_BLOB_URL": f"rediss://127.0.0.1:{blobs}/0",
            "LIPCHORD_QUEUE_PASSWORD_FILE": str(folder / "password"),
            "LIPCHORD_BLOB_PASSWORD_FILE": str(folder / "password"),
            "LIPCHORD_STORE_CA": shown.ca,
            "LIPCHORD_STORE_CERT": shown.client_cert,
            "LIPCHORD_STORE_KEY": shown.client_key,
            "LIPCHORD_EXTRA_GENERATORS": EXTRA,
            "LIPCHORD_HEARTBEAT_S": "0.3",
            "TMPDIR": str(folder),
        })  # fmt: skip
        until(lambda: answers(site.settings()))
        yield site


@pytest.fixture(scope="module")
def running(site: Site, guard: Guard) -> Iterator[Site]:
    """API, workers and Flower on them, each started as it always is."""
    port, flower = free_port(), free_port()
    site.url = f"http://127.0.0.1:{port}"
    worker = (str(Path(sys.executable).with_name("lipchord")), "worker", "--workers", "1",
              "--generator", "stamp", "--var", str(site.folder / "var"))  # fmt: skip
    for spec in (
        services.api("127.0.0.1", port, site.url, site.env).process,
        ProcessSpec("worker", worker, site.env, stop=((signal.SIGTERM, 10.0),)),
        services.flower("127.0.0.1", flower, LOGIN, control=False, env=site.env).process,
    ):
        site.children[spec.name] = Child(spec, site.folder, guard)
    try:
        until(lambda: ready(site.url))
        until(lambda: services.http_answers(f"http://127.0.0.1:{flower}/"))
        site.env["FLOWER_URL"] = f"http://127.0.0.1:{flower}"
        yield site
    finally:
        stop_all(site.children.values())


def answers(settings: Settings) -> bool:
    try:
        with connect(settings.queue_url, retries=0) as queue, connect(settings.blob_url) as blobs:
            return bool(queue.ping() and blobs.ping())
    except redis.RedisError:
        return False


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=5):
            return True
    except OSError:
        return False


def test_a_whole_job_goes_through_tls_and_passwords(running: Site) -> None:
    sent = running.get("/api/v1/jobs", {"text": "All of this is encrypted.", "generator": "stamp"})

    until(lambda: running.get(f"/api/v1/jobs/{sent['id']}")["state"] == "succeeded")

    done = running.get(f"/api/v1/jobs/{sent['id']}")
    with urllib.request.urlopen(running.url + done["links"]["video"], timeout=30) as video:
        assert video.read()[4:8] == b"ftyp"


def test_flower_finds_the_workers_through_tls(running: Site) -> None:
    login = base64.b64encode(LOGIN.encode()).decode()
    asked = urllib.request.Request(
        f"{running.env['FLOWER_URL']}/api/workers?refresh=1",
        headers={"Authorization": f"Basic {login}"},
    )

    def workers() -> int:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return len(json.load(answer))

    until(lambda: workers() == 2)
    queues = urllib.request.Request(
        f"{running.env['FLOWER_URL']}/broker", headers={"Authorization": f"Basic {login}"}
    )
    with urllib.request.urlopen(queues, timeout=30) as answer:
        page = answer.read().decode()
    assert PASSWORD not in page
    assert ENCODED not in page
    assert "render.stamp" in page


def test_no_password_stands_in_a_log_or_a_command_line(running: Site) -> None:
    logs = [path for path in running.folder.rglob("*.log") if path.stem not in ("queue", "blobs")]
    lines = [
        Path(f"/proc/{pid}/cmdline").read_bytes().decode()
        for child in running.children.values()
        for pid in family(child.pid)
    ]

    assert {"api", "worker", "flower", "cpu0", "render0"} <= {path.stem for path in logs}
    assert len(lines) >= 5
    for text in (*lines, *(path.read_text() for path in logs)):
        assert PASSWORD not in text
        assert ENCODED not in text
        assert LOGIN not in text


def family(pid: int) -> list[int]:
    """The process and all below it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in family(int(child)))]


WRONG = {
    "another authority": ({"STORE_CA": "other/ca"}, "certificate is not trusted"),
    "a wrong password": ({"QUEUE_PASSWORD_FILE": "wrong"}, "refuses the password"),
    "no password": ({"QUEUE_PASSWORD_FILE": ""}, "refuses the password"),
    "no certificate of ours": ({"STORE_CERT": "", "STORE_KEY": ""}, "LIPCHORD_STORE_CERT"),
    "a file that is not there": ({"STORE_CA": "nowhere"}, "nowhere"),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_paper_is_one_clear_sentence(what: str, site: Site) -> None:
    other, words = WRONG[what]
    papers(site.folder / "other")
    (site.folder / "wrong").write_text("wrong-secret")
    variables = {f"LIPCHORD_{k}": str(site.folder / v) if v else "" for k, v in other.items()}

    tried = subprocess.run(
        [str(Path(sys.executable).with_name("lipchord")), "worker", "--var",
         str(site.folder / "tried")],
        env={**os.environ, **site.env, **variables},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert tried.returncode in (2, 6), tried.stderr
    assert words in tried.stderr
    assert "Traceback" not in tried.stderr
    assert len(tried.stderr.strip().splitlines()) == 1
    for secret in (PASSWORD, ENCODED, "wrong-secret"):
        assert secret not in tried.stderr + tried.stdout


def test_what_the_api_says_of_a_wrong_password_is_a_sentence_too(site: Site) -> None:
    settings = site.settings(QUEUE_PASSWORD_FILE="", QUEUE_PASSWORD="wrong-secret")

    with pytest.raises(StoreError, match="refuses the password") as caught:
        Fleet(connect(settings.queue_url, retries=0), 1.0).workers()

    assert "wrong-secret" not in str(caught.value)
