"""Videos over HTTP: whole, in ranges, unchanged, too early, too late; also through gunicorn."""

import hashlib
import http.client
import random
import time
from collections.abc import Iterator

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy import services
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, stop_all
from tasks.stores import connect
from tests.api_house import HELLO, JOBS, House, problem_of

MP4 = random.Random(7).randbytes(1_000_003)  # over many parts of 64 KiB, and no multiple of one
PART = 64 * 1024


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store, blob_part_bytes=PART)


@pytest.fixture
def video(house: House) -> str:
    """Address of a finished video."""
    job_id = house.accepted(language="ru", text="Привет")
    house.succeeded(job_id, MP4)
    return f"{JOBS}/{job_id}/video"


def test_a_whole_video_comes_with_its_length_hash_and_name(house: House, video: str) -> None:
    answer = house.http.get(video)

    assert (answer.status_code, answer.mimetype, answer.data) == (200, "video/mp4", MP4)
    assert answer.headers["Content-Length"] == str(len(MP4))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"] == f'"{hashlib.sha256(MP4).hexdigest()}"'
    assert answer.headers["Content-Disposition"].startswith("inline; filename=lipchord-ru-")


def test_the_record_of_a_finished_job_leads_to_its_video(house: House, video: str) -> None:
    job = house.http.get(video.removesuffix("/video")).get_json()

    assert job["links"]["video"] == video
    assert job["video"] == {"size": len(MP4), "sha256": hashlib.sha256(MP4).hexdigest()}
    assert job["progress"] == 1


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.integers(0, len(MP4) - 1), length=st.integers(1, 3 * PART))
def test_any_range_is_exactly_those_bytes(
    house: House, video: str, first: int, length: int
) -> None:
    last = first + length - 1

    answer = house.http.get(video, headers={"Range": f"bytes={first}-{last}"})

    end = min(last, len(MP4) - 1)
    assert answer.status_code == 206
    assert answer.data == MP4[first : last + 1]
    assert answer.headers["Content-Range"] == f"bytes {first}-{end}/{len(MP4)}"
    assert answer.headers["Content-Length"] == str(end - first + 1)


@pytest.mark.parametrize(
    ("asked", "given_"), [("bytes=999000-", MP4[999_000:]), ("bytes=-7", MP4[-7:])]
)
def test_open_ranges_reach_the_end(house: House, video: str, asked: str, given_: bytes) -> None:
    answer = house.http.get(video, headers={"Range": asked})

    assert (answer.status_code, answer.data) == (206, given_)


@pytest.mark.parametrize("asked", ["bytes=1000003-", "bytes=5000000-6000000"])
def test_a_range_past_the_end_is_a_416_with_the_length(
    house: House, video: str, asked: str
) -> None:
    answer = house.http.get(video, headers={"Range": asked})

    problem_of(answer, 416, "bad-range")
    assert answer.headers["Content-Range"] == "bytes */1000003"


@pytest.mark.parametrize("asked", ["pages=1-2", "bytes=0-1,5-6", "bytes=b-a", "nonsense", "bytes="])
def test_a_range_that_we_do_not_do_is_the_whole(house: House, video: str, asked: str) -> None:
    answer = house.http.get(video, headers={"Range": asked})

    assert (answer.status_code, len(answer.data)) == (200, len(MP4))


def test_a_range_of_the_video_one_knows_is_a_206_and_of_another_the_whole(
    house: House, video: str
) -> None:
    etag = house.http.head(video).headers["ETag"]

    known = house.http.get(video, headers={"Range": "bytes=0-9", "If-Range": etag})
    other = house.http.get(video, headers={"Range": "bytes=0-9", "If-Range": '"other"'})
    unchanged = house.http.get(video, headers={"If-None-Match": etag})

    assert (known.status_code, known.data) == (206, MP4[:10])
    assert (other.status_code, len(other.data)) == (200, len(MP4))
    assert (unchanged.status_code, unchanged.data) == (304, b"")


def test_a_head_has_the_length_and_no_body(house: House, video: str) -> None:
    answer = house.http.head(video, headers={"Range": "bytes=0-9"})

    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(MP4))


def test_before_it_is_ready_there_is_a_409_that_says_when_to_ask_again(house: House) -> None:
    job_id = house.accepted()
    house.planned(job_id, 30, 20)

    answer = house.http.get(f"{JOBS}/{job_id}/video")

    problem_of(answer, 409, "not-ready")
    assert answer.headers["Retry-After"] == "1"


def test_after_a_failure_and_after_its_time_there_is_a_410(
    house: House, video: str, blob_store: str
) -> None:
    job_id = house.accepted()
    house.failed(job_id, "no-face", "No face was found in the picture.")
    connect(blob_store).flushall()

    failed = house.http.get(f"{JOBS}/{job_id}/video")
    expired = house.http.get(video)

    assert "No face was found" in str(problem_of(failed, 410, "gone")["detail"])
    assert "expired" in str(problem_of(expired, 410, "gone")["detail"])


@pytest.fixture(scope="module")
def server(
    guard: Guard, queue_server: str, blob_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Address of the API as `lipchord up` starts it: in gunicorn, on a loopback port."""
    port, folder = free_port(), tmp_path_factory.mktemp("api")
    url = f"http://127.0.0.1:{port}"
    env = {
        "LIPCHORD_QUEUE_URL": queue_server, "LIPCHORD_BLOB_URL": blob_server,
        "LIPCHORD_VAR_DIR": str(folder), "LIPCHORD_BLOB_PART_BYTES": str(PART),
        "LIPCHORD_READY_GRACE_S": "0",  # no worker lives here
    }  # fmt: skip
    service = services.api("127.0.0.1", port, url, env)
    child = Child(service.process, folder, guard)
    until = time.monotonic() + 30
    while not service.ready(child):
        assert child.exit_code() is None, child.last_words()
        assert time.monotonic() < until, child.last_words()
        time.sleep(0.05)
    yield url
    stop_all([child])


def test_gunicorn_sends_the_whole_a_range_and_a_head(house: House, video: str, server: str) -> None:
    whole = requests.get(server + video, timeout=10)
    middle = requests.get(server + video, headers={"Range": "bytes=65530-131080"}, timeout=10)
    head = requests.head(server + video, timeout=10)
    past = requests.get(server + video, headers={"Range": "bytes=1000003-"}, timeout=10)

    assert (whole.status_code, whole.content) == (200, MP4)
    assert (middle.status_code, middle.content) == (206, MP4[65530:131081])
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(MP4)))
    assert (past.status_code, past.headers["Content-Range"]) == (416, "bytes */1000003")


def test_a_connection_is_kept_over_many_answers(house: House, video: str, server: str) -> None:
    connection = http.client.HTTPConnection(server.removeprefix("http://"), timeout=10)
    sockets = set()

    for method, headers in [("HEAD", {}), ("GET", {"Range": "bytes=0-9"}), ("GET", {})] * 3:
        connection.request(method, video, headers=headers)
        answer = connection.getresponse()
        answer.read()
        sockets.add(connection.sock)

    assert len(sockets) == 1
    connection.close()


def test_a_viewer_who_leaves_midway_takes_nobody_along(
    house: House, video: str, server: str
) -> None:
    for _ in range(60):  # more than gunicorn has threads
        with requests.get(server + video, stream=True, timeout=10) as answer:
            next(answer.iter_content(1000))

    assert requests.get(server + video, timeout=10).content == MP4


def test_a_job_sent_through_gunicorn_is_accepted_and_on_the_queue(
    house: House, server: str
) -> None:
    face = {"face": ("me.png", b"PNG face")}

    answer = requests.post(server + JOBS, data=HELLO, files=face, timeout=10)

    assert answer.status_code == 202
    assert house.queue.job(answer.json()["id"]).request.text == "Hello there"
    assert house.queue.numbers.depths()["cpu"] == 1
