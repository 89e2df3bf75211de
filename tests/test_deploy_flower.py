"""Flower beside real workers: a job can be found in it, and it only looks."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from deploy import services
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, stop_all
from tasks.contract import MERGE, PLAN, RENDER_CHUNK, JobRequest
from tasks.settings import Settings
from tests.workers import Fleet, running, until

LOGIN = "looker:pass:word"


@pytest.fixture(scope="module")
def fleet(
    queue_server: str, blob_server: str, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    settings = Settings(queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.2)
    with running(settings, guard, tmp_path_factory.mktemp("fleet")) as fleet:
        until(lambda: sum(w.generator_ready for w in fleet.queue.workers()) == 3)
        yield fleet


@pytest.fixture(scope="module")
def flower(fleet: Fleet, guard: Guard, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a Flower that listens since before the first job."""
    port = free_port()
    env = {"LIPCHORD_QUEUE_URL": fleet.settings.queue_url}
    service = services.flower("127.0.0.1", port, LOGIN, control=False, env=env)
    child = Child(service.process, tmp_path_factory.mktemp("flower"), guard)
    until(lambda: service.ready(child))
    url = f"http://127.0.0.1:{port}"
    # It hears of workers before it hears of their tasks.
    until(lambda: len(json.loads(asked(f"{url}/api/workers?refresh=1"))) == 3)
    yield url
    stop_all([child])


def asked(url: str, body: dict[str, Any] | None = None, login: str = LOGIN) -> bytes:
    request = urllib.request.Request(url, json.dumps(body).encode() if body else None)
    if login:
        coded = base64.b64encode(login.encode()).decode()
        request.add_header("Authorization", f"Basic {coded}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return bytes(answer.read())


def test_each_task_shows_its_job_and_its_chunk(fleet: Fleet, flower: str) -> None:
    request = JobRequest("Hello there, this is long enough for two.", generator="stamp")
    job = fleet.queue.submit(request)
    fleet.queue.wait(job.id, 30)
    chunks = len(fleet.queue.job(job.id).chunks)

    def seen() -> set[tuple[str, str]]:
        tasks = json.loads(asked(f"{flower}/api/tasks")).values()
        return {(task["name"], task["args"]) for task in tasks}

    wanted = {(RENDER_CHUNK, f"{job.id}, chunk {index}") for index in range(chunks)}
    wanted |= {(PLAN, job.id), (MERGE, job.id)}
    assert chunks >= 2
    until(lambda: seen() >= wanted, 20)
    page = asked(f"{flower}/tasks").decode()
    assert "args" in page.partition("</thead>")[0].casefold()


def test_nobody_looks_without_the_login(flower: str) -> None:
    for login in ("", "looker:wrong"):
        with pytest.raises(urllib.error.HTTPError) as refused:
            asked(f"{flower}/api/workers", login=login)

        assert refused.value.code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("worker/shutdown/cpu0", {}),
        ("task/send-task/lipchord.merge", {"args": ["job_x"]}),
        ("worker/queue/cancel-consumer/cpu0", {}),
    ],
)
def test_it_only_looks(fleet: Fleet, flower: str, path: str, body: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        asked(f"{flower}/api/{path}", body or {"queue": "cpu"})

    assert refused.value.code == 403
    assert {worker.name for worker in fleet.queue.workers()} >= {"cpu0"}
