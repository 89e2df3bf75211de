"""`lipchord fleet`: the fleet as a table, and as JSON."""

import json

import pytest

from deploy import cli
from deploy.exits import Exit
from tasks.house import WorkerInfo
from tests.api_house import House
from tests.served import serving


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    house = House(queue_store, blob_store)
    house.fleet.beat(WorkerInfo(
        "render0@one", "render", "viseme", True, "cuda:0", 1, frames_done=3000, busy_seconds=30.0,
        job="job_1", chunk=4, frames_left=17,
        gpu_memory_used=3 * 2**30, gpu_memory_total=80 * 2**30,
    ))  # fmt: skip
    house.fleet.beat(WorkerInfo("cpu0@two", "cpu", None, True, "cpu", 1))
    house.fleet.note_error("render0@one", "The GPU stopped working (CUDA error: unknown).")
    return house


def ran(house: House, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with serving(house) as served:
        assert cli.run(["fleet", "--url", served.url, *arguments]) == Exit.DONE
    return capsys.readouterr().out


def test_each_worker_is_a_line(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = ran(house, capsys).splitlines()

    cells = first.split("\t")
    assert cells[:5] == ["render0@one", "cuda:0", "viseme", "rendering", "100.0"]
    assert cells[5:7] == ["job_1, chunk 4, 17 frames left", "3.0/80 GiB"]
    assert "The GPU stopped working" in cells[7]
    assert second.split("\t")[:4] == ["cpu0@two", "cpu", "", "ready"]


def test_one_host_alone_and_json(house: House, capsys: pytest.CaptureFixture[str]) -> None:
    said = json.loads(ran(house, capsys, "--host", "two", "--json"))

    assert [host["name"] for host in said["hosts"]] == ["two"]
    assert "viseme" in {queue["generator"] for queue in said["queues"]}
