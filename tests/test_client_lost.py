"""The Python client on a poor line: nothing twice, nothing half, and no longer than is sensible."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lipchord_client import (
    BusyError,
    Client,
    DamagedError,
    GoneError,
    LipchordError,
    RefusedError,
    UnreachableError,
)
from lipchord_client.events import Event, parse
from lipchord_client.retrying import FIRST_S, LONGEST_S, Retrying, backoff_s
from tests.api_house import House
from tests.served import Served, answers, changed, cut_after, lost_answer, serving

VIDEO = bytes(range(256)) * 12_000  # about 3 MB: several reads
BUSY = b'{"type": "/problems/busy", "title": "Busy", "status": 503, "detail": "Later, please."}'
JSON = "application/problem+json"


@pytest.fixture
def served(queue_store: str, blob_store: str) -> Iterator[Served]:
    with serving(House(queue_store, blob_store)) as served:
        yield served


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(served: Served, slept: list[float]) -> Client:
    """A patient client whose sleep takes no time."""
    client = Client(served.url)
    client._transport.retrying = Retrying(60, sleep=slept.append)
    return client


def test_a_job_whose_answer_is_lost_is_still_one_job(
    served: Served, client: Client, slept: list[float]
) -> None:
    served.line.mishaps = [("POST", "/jobs", lost_answer)] * 3

    job = client.submit("Hello")

    assert served.line.times("POST", "/jobs") == 4
    assert [each.id for each in client.jobs()] == [job.id]
    keys = {headers["idempotency_key"] for m, _, headers in served.line.asked if m == "POST"}
    assert len(keys) == 1
    assert len(slept) == 3


def test_two_calls_are_two_jobs_unless_they_are_given_one_name(client: Client) -> None:
    assert client.submit("Hello").id != client.submit("Hello").id

    named = [client.submit("Hello", idempotency_key="order-17").id for _ in range(2)]

    assert named[0] == named[1]


@pytest.mark.parametrize(("status", "kind"), [("429 No", "429"), ("503 No", "503")])
def test_a_busy_api_is_asked_again_when_it_has_said(
    served: Served, client: Client, slept: list[float], status: str, kind: str
) -> None:
    later = answers(status, BUSY, Content_Type=JSON, Retry_After="17")
    served.line.mishaps = [("POST", "/jobs", later)]

    client.submit("Hello")

    assert slept == [17.0]


def test_a_wait_beyond_its_patience_is_the_callers(served: Served, client: Client) -> None:
    served.line.mishaps = [
        ("POST", "/jobs", answers("429 No", BUSY, Content_Type=JSON, Retry_After="600"))
    ]

    with pytest.raises(BusyError, match=r"^Later, please\.$") as busy:
        client.submit("Hello")

    assert busy.value.retry_after_s == 600
    assert served.line.times("POST", "/jobs") == 1


def test_what_is_refused_is_not_sent_again(served: Served, client: Client) -> None:
    with pytest.raises(RefusedError):
        client.submit("Hello", rate=9000)

    assert served.line.times("POST", "/jobs") == 1


def test_a_proxy_without_its_api_is_waited_for(
    served: Served, client: Client, slept: list[float]
) -> None:
    served.line.mishaps = [("GET", "/voices", answers("502 Bad Gateway", b"<html>"))]

    assert client.voices()
    assert len(slept) == 1


def test_an_api_that_went_away_is_missed_for_as_long_as_patience_lasts(
    served: Served, tmp_path: Path
) -> None:
    told: list[tuple[LipchordError, float]] = []
    client = Client(served.url, patience_s=1, on_retry=lambda *each: told.append(each))
    job = client.submit("Hello")
    served.line.mishaps = [("GET", job.id, lost_answer)] * 50

    with pytest.raises(UnreachableError, match="has stopped answering"):
        job.refresh()

    assert told
    assert sum(seconds for _, seconds in told) <= 1


def test_an_upload_that_is_refused_half_way_says_why(served: Served, client: Client) -> None:
    limit = served.house.settings.max_upload_bytes
    served.house.app.config["MAX_CONTENT_LENGTH"] = 100_000

    with pytest.raises(RefusedError, match="too large") as refused:
        client.submit("Hello", face=bytes(3_000_000))

    assert limit > 3_000_000
    assert refused.value.status == 413


@given(st.integers(0, 1000))
def test_the_wait_grows_and_stays_bounded(tries: int) -> None:
    assert FIRST_S / 2 <= backoff_s(tries) <= min(LONGEST_S, FIRST_S * 2 ** min(tries, 30))


# -- downloads -------------------------------------------------------------------------------


def finished(served: Served, client: Client) -> str:
    job = client.submit("Hello")
    served.house.succeeded(job.id, VIDEO)
    return job.id


def test_a_download_that_breaks_goes_on_where_it_was(
    served: Served, client: Client, tmp_path: Path
) -> None:
    job = client.job(finished(served, client))
    served.line.mishaps = [("GET", "/video", cut_after(1_500_000)) for _ in range(2)]
    seen: list[tuple[int, int]] = []

    job.download(tmp_path / "out.mp4", on_bytes=lambda done, size: seen.append((done, size)))

    ranges = [h.get("range") for _, path, h in served.line.asked if path.endswith("/video")]
    assert (tmp_path / "out.mp4").read_bytes() == VIDEO
    assert ranges[0] is None
    assert all(each and int(each[6:-1]) > 1_000_000 for each in ranges[1:])
    assert seen[-1] == (len(VIDEO), len(VIDEO))
    assert seen == sorted(seen)


def test_a_later_process_takes_up_what_an_earlier_one_began(
    served: Served, client: Client, tmp_path: Path
) -> None:
    job = client.job(finished(served, client))
    impatient = Client(served.url, patience_s=0).job(job.id)
    served.line.mishaps = [
        ("GET", "/video", cut_after(2_000_000)), ("GET", "/video", lost_answer),
    ]  # fmt: skip
    with pytest.raises(UnreachableError):
        impatient.download(tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()
    assert len(list(tmp_path.iterdir())) == 1

    job.download(tmp_path / "out.mp4")

    assert served.line.asked[-1][2]["range"].startswith("bytes=")
    assert (tmp_path / "out.mp4").read_bytes() == VIDEO
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("stale", [b"x" * 1000, b"x" * len(VIDEO), b"x" * (len(VIDEO) + 1)])
def test_a_beginning_that_is_not_the_videos_is_thrown_away(
    served: Served, client: Client, tmp_path: Path, stale: bytes
) -> None:
    job = client.job(finished(served, client))
    assert job.view["video"]
    part = tmp_path / f".out.mp4.{job.view['video']['sha256'][:12]}.part"
    part.write_bytes(stale)

    job.download(tmp_path / "out.mp4")

    assert (tmp_path / "out.mp4").read_bytes() == VIDEO
    assert not part.exists()


def test_a_video_that_is_changed_on_the_way_never_becomes_a_file(
    served: Served, client: Client, tmp_path: Path
) -> None:
    job = client.job(finished(served, client))
    served.line.mishaps = [("GET", "/video", changed)] * 2

    with pytest.raises(DamagedError, match="changes it"):
        job.download(tmp_path / "out.mp4")

    assert list(tmp_path.iterdir()) == []


def test_a_deleted_video_is_told_in_the_apis_words(
    served: Served, client: Client, tmp_path: Path
) -> None:
    job = client.job(finished(served, client)).delete()

    with pytest.raises(GoneError, match="deleted"):
        job.download(tmp_path / "out.mp4")


# -- events ----------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z-]{0,12}", fullmatch=True)
FACTS = st.dictionaries(NAMES, st.text(max_size=20) | st.integers(-9, 9), max_size=3)


@given(
    st.lists(st.tuples(NAMES, st.from_regex(r"[0-9]{1,5}-[0-9]", fullmatch=True), FACTS)),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)
def test_events_are_read_as_they_were_written(
    events: list[tuple[str, str, dict[str, object]]], end: str, cut: bool
) -> None:
    written = [": heartbeat", ""]
    for name, number, facts in events:
        data = json.dumps(facts, indent=1).split("\n")
        written += [f"event: {name}", f"id:{number}", *(f"data: {line}" for line in data), ""]
    if cut:
        written += ["event: never", "data: {}"]
    lines = [(line + end).encode() for line in written]

    assert list(parse(iter(lines))) == [Event(*each) for each in events]
