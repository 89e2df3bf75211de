"""Bad input over HTTP: a status, a stable type, and a detail that says what to do."""

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.api_house import HELLO, JOBS, House, problem_of

NOT_AN_ID = [
    "job_" + "0" * 32,
    "7",
    "job_",
    "job_" + "g" * 32,
    "..%2f..%2fetc",
    "%00",
    "ж",
    "a" * 900,
]
WORKERS_PROBLEM = "a whole number from 1 to 64"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


@pytest.mark.parametrize(
    ("body", "name", "words"),
    [
        ({}, "empty-text", "give `text`"),
        ({"text": ""}, "empty-text", ""),
        ({"text": " \n\t "}, "empty-text", ""),
        ({"text": "🙂🎉"}, "no-speakable-text", ""),
        ({"text": "a" * 20_001}, "text-too-long", ""),
        ({"text": "a", "language": "rusian"}, "unknown-language", "ru"),
        ({"text": "a", "voice": "darth"}, "unknown-voice", ""),
        ({"text": "a", "generator": "deepfake"}, "unknown-generator", "viseme"),
        ({"text": "a", "num_workers": 0}, "invalid-request", WORKERS_PROBLEM),
        ({"text": "a", "num_workers": -1}, "invalid-request", WORKERS_PROBLEM),
        ({"text": "a", "num_workers": 10**6}, "invalid-request", WORKERS_PROBLEM),
        ({"text": "a", "num_workers": "two"}, "invalid-request", WORKERS_PROBLEM),
        ({"text": "a", "num_workers": True}, "invalid-request", WORKERS_PROBLEM),
        ({"text": "a", "num_workers": 1.5}, "invalid-request", WORKERS_PROBLEM),
        ({"text": "a", "fps": 0}, "invalid-request", "25"),
        ({"text": "a", "fps": "1/0"}, "invalid-request", "25"),
        ({"text": "a", "fps": "1e999999999"}, "invalid-request", "25"),
        ({"text": "a", "fps": 1e308}, "invalid-request", "25"),
        ({"text": "a", "rate": 79}, "invalid-request", "from 80 to 450"),
        ({"text": "a", "pitch": 100}, "invalid-request", "from 0 to 99"),
        ({"text": "a", "blink": "sometimes"}, "invalid-request", "true or false"),
        ({"text": "a", "sway": 1}, "invalid-request", "true or false"),
        ({"text": "a", "box": "9,9,9,9"}, "invalid-request", "top < bottom"),
        ({"text": "a", "face": "me.jpg"}, "invalid-request", "blob_"),
        ({"text": 5}, "invalid-request", "`text` must be text"),
        ({"text": "a", "langauge": "ru"}, "invalid-request", "did you mean `language`"),
        ({"text": "a", "zzz": 1}, "invalid-request", "`num_workers`"),
        ({"text": "a", "audio": "blob_" + "0" * 64}, "invalid-request", "leave one"),
    ],
)
def test_a_wrong_field_is_refused_with_words(
    house: House, body: dict[str, Any], name: str, words: str
) -> None:
    for address in (JOBS, "/api/generate_parallel"):
        said = problem_of(house.http.post(address, json=body), 422, name)

        assert words in str(said["detail"])
    assert house.outbox.planned == []


def test_every_wrong_field_is_named_at_once(house: House) -> None:
    body = {"text": "a", "rate": 0, "pitch": "high", "vioce": "f2"}

    said = problem_of(house.http.post(JOBS, json=body), 422, "invalid-request")

    assert [wrong["field"] for wrong in said["errors"]] == ["rate", "pitch", "vioce"]  # type: ignore[index,attr-defined]


def test_a_form_obeys_the_same_rules(house: House) -> None:
    wall = {"face_": (io.BytesIO(b"x"), "wall.jpg")}
    spoken = {"text": (io.BytesIO(b"Hello"), "hello.txt")}
    both = HELLO | {"audio": (io.BytesIO(b"x"), "a.wav")}
    twice = {"text": ["one", "two"], "rate": "150"}

    unknown = house.http.post(JOBS, data=HELLO | wall)
    file = house.http.post(JOBS, data=spoken)
    bad_number = house.http.post(
        JOBS, data=HELLO | {"num_workers": "two"}, content_type="multipart/form-data"
    )
    repeated = house.http.post(JOBS, data=twice, content_type="multipart/form-data")

    assert "did you mean `face`" in str(problem_of(unknown, 422, "invalid-request")["detail"])
    assert "not a file" in str(problem_of(file, 422, "invalid-request")["detail"])
    assert WORKERS_PROBLEM in str(problem_of(bad_number, 422, "invalid-request")["detail"])
    assert "more than once" in str(problem_of(repeated, 422, "invalid-request")["detail"])
    problem_of(house.http.post(JOBS, data=both), 422, "invalid-request")


def test_an_empty_file_is_named_and_refused(house: House) -> None:
    answer = house.http.post(JOBS, data={"audio": (io.BytesIO(b""), "silence.mp3")})

    assert str(problem_of(answer, 422, "empty-file")["detail"]).startswith("`audio`")


def test_a_file_and_a_request_that_are_too_large_are_413(queue_store: str, blob_store: str) -> None:
    house = House(queue_store, blob_store, max_upload_bytes=100_000)
    large = HELLO | {"face": (io.BytesIO(bytes(100_001)), "large.jpg")}
    huge = HELLO | {"no-such-field": (io.BytesIO(bytes(2_000_000)), "huge.jpg")}

    one = house.http.post(JOBS, data=large)
    whole = house.http.post(JOBS, data=huge)
    text = house.http.post(JOBS, json={"text": "a" * 2**20})

    problem_of(one, 413, "upload-too-large")
    problem_of(whole, 413, "upload-too-large")
    problem_of(text, 413, "upload-too-large")


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"{'text': 'a'}", b"\xff\xfe", b"[" * 100_000, b'{"seed": ' + b"9" * 5000 + b"}",
        b'{"text": "\\ud800"}', b'{"\\udfff": 1}',
    ],
)  # fmt: skip
def test_what_is_not_json_is_a_400(house: House, body: bytes) -> None:
    answer = house.http.post(JOBS, data=body, content_type="application/json")

    problem_of(answer, 400, "invalid-json")


@pytest.mark.parametrize("body", ["[]", "null", '"text"', "7", "true"])
def test_json_that_is_not_an_object_is_a_422(house: House, body: str) -> None:
    answer = house.http.post(JOBS, data=body, content_type="application/json")

    assert "one JSON object" in str(problem_of(answer, 422, "invalid-request")["detail"])


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", None])
def test_another_kind_of_body_is_a_415_that_names_those_taken(
    house: House, kind: str | None
) -> None:
    answer = house.http.post(JOBS, data=json.dumps(HELLO), content_type=kind)

    assert "application/json" in str(problem_of(answer, 415, "unsupported-type")["detail"])


@pytest.mark.parametrize("job_id", NOT_AN_ID)
def test_what_is_not_a_job_is_a_404_everywhere(house: House, job_id: str) -> None:
    for address in (f"{JOBS}/{job_id}", f"{JOBS}/{job_id}/video"):
        answer = house.http.get(address)

        # An encoded slash makes it another address, which does not exist either.
        name = "not-found" if "2f" in job_id else "unknown-job"
        problem_of(answer, 404, name)
    assert house.http.delete(f"{JOBS}/{job_id}").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "name"),
    [
        ("limit=0", 422, "invalid-request"),
        ("limit=101", 422, "invalid-request"),
        ("limit=ten", 422, "invalid-request"),
        ("limt=10", 422, "invalid-request"),
        ("cursor=yesterday", 400, "bad-cursor"),
        ("cursor=" + "9" * 501, 422, "invalid-request"),
    ],
)
def test_a_wrong_page_is_refused(house: House, query: str, status: int, name: str) -> None:
    problem_of(house.http.get(f"{JOBS}?{query}"), status, name)


def test_a_key_that_is_too_long_is_refused(house: House) -> None:
    answer = house.http.post(JOBS, json=HELLO, headers={"Idempotency-Key": "k" * 256})

    assert "idempotency_key" in str(problem_of(answer, 422, "invalid-request")["detail"])


def test_a_page_of_another_web_site_may_not_send_jobs(house: House) -> None:
    form = {"data": HELLO, "content_type": "multipart/form-data"}

    foreign = house.http.post(JOBS, headers={"Sec-Fetch-Site": "cross-site"}, **form)  # type: ignore[arg-type]
    own = house.http.post(JOBS, headers={"Sec-Fetch-Site": "same-origin"}, **form)  # type: ignore[arg-type]

    problem_of(foreign, 403, "cross-site")
    assert own.status_code == 202


NAMES = [
    "text",
    "audio",
    "face",
    "language",
    "voice",
    "rate",
    "pitch",
    "fps",
    "seed",
    "num_workers",
]
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30)
    | st.sampled_from(["ru", "1/3", "blob_" + "0" * 64, "\ud800", "\x00"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
BODIES = st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=20), VALUES, max_size=6) | VALUES


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
@example(body={"text": "a", "fps": "1" * 400})
@example(body={"text": "a", "language": "\x00"})
@example(body={"text": "a\x00b"})
@example(body={"text": "a", "voice": "../../etc/passwd"})
def test_no_json_makes_the_api_break(house: House, body: object) -> None:
    answer = house.http.post(JOBS, data=json.dumps(body), content_type="application/json")

    assert answer.status_code in {202, 400, 422}
    if answer.status_code != 202:
        said = answer.get_json()
        assert answer.mimetype == "application/problem+json"
        problem_of(answer, said["status"], said["type"].removeprefix("/problems/"))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary(max_size=300))
@example(body=b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--')
@example(body=b'--x\r\nContent-Disposition: form-data; name="\xff"\r\n\r\na\r\n--x--')
@example(body=b'--x\r\nContent-Disposition: form-data; name="face"; filename="../a"\r\n\r\na')
def test_no_form_makes_the_api_break(house: House, body: bytes) -> None:
    answer = house.http.post(JOBS, data=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code in {202, 400, 413, 415, 422}


@pytest.mark.parametrize("cursor", ["nan", "inf", "-inf", "1e400", "0", "-5", "0.000000"])
def test_a_cursor_made_up_from_numbers_breaks_nothing(house: House, cursor: str) -> None:
    house.accepted()

    answer = house.http.get(f"{JOBS}?cursor={cursor}")

    assert answer.status_code in {200, 400}


def test_a_box_without_an_inside_is_named_as_the_wrong_field(house: House) -> None:
    said = problem_of(
        house.http.post(JOBS, json=HELLO | {"box": "9,9,9,9"}), 422, "invalid-request"
    )

    assert said["errors"] == [{"field": "box", "detail": said["detail"]}]
