"""What happens to a job, told as it happens: in full, in order, once, and to its end."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from api import events
from api.waiting import Waiting
from tests.api_house import JOBS, House, problem_of
from tests.streams import serving
from tests.workers import until


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.fixture
def url(house: House, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.2)  # a client that hung up is noticed then
    with serving(house) as url:
        yield url


@dataclass(frozen=True)
class Message:
    """One server-sent event, as the WHATWG's rules read it."""

    id: str
    name: str
    data: Any


def messages(lines: Iterator[str]) -> Iterator[Message]:
    last, name, data = "", "message", ""
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line and data:
            yield Message(last, name, json.loads(data))
            name, data = "message", ""
        elif field == "id":
            last = value
        elif field == "event":
            name = value
        elif field == "data":
            data += value


class Listener:
    """Reads a job's events in a thread, until the server closes."""

    def __init__(self, url: str, job_id: str, **headers: str) -> None:
        self.heard: list[Message] = []
        self.comments: list[str] = []
        self.answer = requests.get(
            f"{url}{JOBS}/{job_id}/events", headers=headers, stream=True, timeout=20
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        def lines() -> Iterator[str]:
            for line in self.answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line.startswith(":"):
                    self.comments.append(line)
                yield line

        try:
            for message in messages(lines()):
                self.heard.append(message)
        except (requests.RequestException, AttributeError):
            pass  # the test has hung up

    def names(self) -> list[str]:
        return [message.name for message in self.heard if message.name != "job"]

    def ended(self) -> bool:
        self._thread.join(10)
        return not self._thread.is_alive()


def worked_on(house: House, job_id: str) -> None:
    house.planned(job_id, 30, 20)
    house.rendered(job_id, 0, 30)
    house.rendered(job_id, 1, 20)
    house.failed(job_id, "internal", "A kernel went wrong.")


HISTORY = ["submitted", "dispatched", "planning", "planned", "claimed", "chunk", "claimed", "chunk"]


def test_a_job_is_told_from_its_first_entry_to_its_end(house: House, url: str) -> None:
    job_id = house.accepted()
    listener = Listener(url, job_id)
    until(lambda: any(message.name == "job" for message in listener.heard))

    worked_on(house, job_id)

    assert listener.ended()
    names = listener.names()
    assert names[-2:] == ["failed", "end"]
    assert [name for name in names if name in HISTORY][-6:] == HISTORY[-6:]
    jobs = [message for message in listener.heard if message.name == "job"]
    assert jobs[0].data["state"] == "queued"
    now = house.http.get(f"{JOBS}/{job_id}").get_json()
    assert jobs[-1].data == now
    assert listener.answer.headers["Content-Type"].startswith("text/event-stream")


def test_what_came_before_is_told_first_and_once(house: House, url: str) -> None:
    job_id = house.accepted()
    worked_on(house, job_id)

    listener = Listener(url, job_id)

    assert listener.ended()
    entries = [message for message in listener.heard if message.name not in ("job", "end")]
    ids = [message.id for message in entries]
    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids, key=lambda name: tuple(map(int, name.split("-"))))
    assert [entry.name for entry in entries][-7:] == [*HISTORY[-6:], "failed"]
    planned = next(entry for entry in entries if entry.name == "planned")
    assert planned.data["chunks"] == "2"
    assert time.time() - planned.data["at"] < 60


def test_who_comes_back_hears_only_what_he_missed(house: House, url: str) -> None:
    job_id = house.accepted()
    house.planned(job_id, 30, 20)
    first = Listener(url, job_id)
    until(lambda: any(message.name == "job" for message in first.heard))
    first.answer.close()
    last = first.heard[-1].id

    house.rendered(job_id, 0, 30)
    house.failed(job_id, "internal", "A kernel went wrong.")
    again = Listener(url, job_id, **{"Last-Event-ID": last})
    by_query = requests.get(f"{url}{JOBS}/{job_id}/events?after={last}", timeout=20)

    assert again.ended()
    assert again.names() == ["claimed", "chunk", "failed", "end"]
    assert [m.name for m in messages(iter(by_query.text.split("\n")))] == [
        "claimed", "chunk", "failed", "job", "end",
    ]  # fmt: skip


def test_a_burst_is_told_with_one_view_of_the_job(house: House, url: str) -> None:
    job_id = house.accepted()
    house.planned(job_id, *[10] * 30)
    listener = Listener(url, job_id)
    until(lambda: any(message.name == "job" for message in listener.heard))

    for index in range(30):
        house.rendered(job_id, index, 10)
    house.failed(job_id, "internal", "A kernel went wrong.")

    assert listener.ended()
    assert listener.names().count("chunk") == 30
    views = [message for message in listener.heard if message.name == "job"]
    assert len(views) <= 10
    assert views[-1].data["state"] == "failed"


def test_silence_is_filled_with_comments(house: House, url: str) -> None:
    listener = Listener(url, house.accepted())

    until(lambda: len(listener.comments) > 2)

    listener.answer.close()


def test_more_watchers_than_there_are_places_are_sent_away_kindly(house: House, url: str) -> None:
    services = house.app.extensions["lipchord"]
    places = Waiting(1)
    object.__setattr__(services, "streams", places)
    job_id = house.accepted()
    listener = Listener(url, job_id)
    until(lambda: bool(listener.heard))

    refused = house.http.get(f"{JOBS}/{job_id}/events")
    house.failed(job_id, "internal", "A kernel went wrong.")
    assert listener.ended()

    assert "Poll" in str(problem_of(refused, 503, "busy")["detail"])
    assert refused.headers["Retry-After"]

    def free() -> bool:
        return requests.get(f"{url}{JOBS}/{job_id}/events", timeout=5).status_code == 200

    until(free)


def test_all_watchers_share_one_thread_that_ends_with_the_last(house: House, url: str) -> None:
    def readers() -> int:
        return sum(thread.name == "events" for thread in threading.enumerate())

    jobs = [house.accepted() for _ in range(3)]
    listeners = [Listener(url, job_id) for job_id in jobs for _ in range(2)]
    until(lambda: all(listener.heard for listener in listeners))
    watching = readers()

    for job_id in jobs:
        house.failed(job_id, "internal", "A kernel went wrong.")

    assert watching == 1
    assert all(listener.ended() for listener in listeners)
    assert all(listener.names()[-2:] == ["failed", "end"] for listener in listeners)
    until(lambda: readers() == 0)


@pytest.mark.parametrize("given", ["yesterday", "1-2-3", "-", "99999999999999999999"])
def test_an_id_that_is_not_ours_means_from_the_beginning(
    house: House, url: str, given: str
) -> None:
    job_id = house.accepted()
    worked_on(house, job_id)

    listener = Listener(url, job_id, **{"Last-Event-ID": given})

    assert listener.ended()
    assert "planned" in listener.names()


def test_a_job_that_is_not_there_has_no_events(house: House) -> None:
    problem_of(house.http.get(f"{JOBS}/job_{'0' * 32}/events"), 404, "unknown-job")
    problem_of(house.http.get(f"{JOBS}/nonsense/events"), 404, "unknown-job")


# -- polling ------------------------------------------------------------------------------


def asked(house: House, work: Callable[[], object]) -> list[str]:
    """Commands that the queue store gets for `work`."""
    seen: list[str] = []
    client = house.records._redis
    with client.monitor() as monitor:
        work()
        client.execute_command("ECHO", "that was it")
        for found in monitor.listen():
            if "that was it" in found["command"]:
                return seen
            seen.append(found["command"].split()[0])
    raise AssertionError("unreachable")


def test_a_poll_that_brings_nothing_new_does_not_read_the_job(house: House) -> None:
    job_id = house.accepted()
    house.planned(job_id, 30, 20)
    etag = house.http.get(f"{JOBS}/{job_id}").headers["ETag"]

    commands = asked(
        house, lambda: house.http.get(f"{JOBS}/{job_id}", headers={"If-None-Match": etag})
    )

    assert set(commands) - {"PING", "HELLO", "CLIENT"} == {"HMGET", "XREVRANGE", "TIME"}


def test_a_304_is_not_given_for_ever_while_estimates_move(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = house.accepted()
    polled = house.http.get(f"{JOBS}/{job_id}")
    monkeypatch.setattr("api.freshness.GOOD_FOR_S", -1.0)

    same = {"If-None-Match": polled.headers["ETag"]}
    running = house.http.get(f"{JOBS}/{job_id}", headers=same)
    house.failed(job_id, "internal", "A kernel went wrong.")
    last = house.http.get(f"{JOBS}/{job_id}")
    over = house.http.get(f"{JOBS}/{job_id}", headers={"If-None-Match": last.headers["ETag"]})

    assert (running.status_code, over.status_code) == (200, 304)


def test_wait_in_the_address_holds_the_request_until_the_end(house: House) -> None:
    job_id = house.accepted()
    end = threading.Timer(0.4, house.failed, (job_id, "internal", "A kernel went wrong."))
    end.start()

    began = time.monotonic()
    answer = house.http.get(f"{JOBS}/{job_id}?wait=20")
    took = time.monotonic() - began
    end.join()

    assert answer.get_json()["state"] == "failed"
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert took < 10


def test_a_wait_that_is_too_long_is_refused_with_the_limit(house: House) -> None:
    answer = house.http.get(f"{JOBS}/{house.accepted()}?wait=61")

    assert "60" in json.dumps(problem_of(answer, 422, "invalid-request"))
