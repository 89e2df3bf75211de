"""The pre-flight check over HTTP: what a submit would refuse, what a job would take, no render."""

import io
from pathlib import Path
from typing import Any

import pytest

from tasks.contract import JobRequest
from tasks.house import WorkerInfo
from tasks.paces import like
from tasks.plan import Capacity, make_plan
from tasks.speech_length import EXACT_S
from tasks.stores import connect
from tests.api_house import HELLO, JOBS, problem_of
from tests.looking_house import LookingHouse, photo
from tests.media import tone

CHECK = "/api/v1/check"
STORY = (
    "Once upon a time there was a small house at the edge of a forest. Nobody knew who had built "
    "it, or why! In winter, when the snow lay 2 metres high, a light burned in its only window.\n\n"
)


@pytest.fixture
def house(queue_store: str, blob_store: str) -> LookingHouse:
    return LookingHouse(queue_store, blob_store)


def checked(house: LookingHouse, **body: object) -> dict[str, Any]:
    answer = house.http.post(CHECK, json=HELLO | body)
    assert answer.status_code == 200, answer.text
    return dict(answer.get_json())


def planned(house: LookingHouse, **body: Any) -> Any:
    """What planning makes of the same request."""
    request = JobRequest(**HELLO | body)
    return make_plan(
        request, house.storage, house.settings, Capacity(like("viseme", 2)), lambda _: None
    )


def renders(house: LookingHouse, name: str, frames: int = 0, seconds: float = 0) -> None:
    """A heartbeat of a render worker that has rendered so much."""
    house.fleet.beat(WorkerInfo(
        name, "render", "viseme", True, "cores 0", 1, frames_done=frames, busy_seconds=seconds,
        fixed_s=0.05 if frames else None, per_frame_s=seconds / frames if frames else None,
    ))  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": STORY * 3, "fps": "29.97"},
        {"text": "Съешь ещё этих мягких французских булок. Да выпей чаю!", "language": "ru"},
        {"text": "你好，世界。今天天气很好。", "language": "zh", "rate": 300},
        {"text": "One.\n\nTwo.\n\nThree.", "voice": "f2", "pitch": 80},
    ],
)
def test_a_short_texts_frames_and_chunks_are_those_of_its_plan(
    house: LookingHouse, body: dict[str, Any]
) -> None:
    renders(house, "render0")
    renders(house, "render1")

    found, plan = checked(house, **body), planned(house, **body)

    assert found["exact"]
    assert found["n_frames"] == plan.n_frames
    assert found["chunks"] == len(plan.chunks)
    assert found["speech_seconds"] == pytest.approx(plan.speech_seconds, abs=0.001)


def test_a_long_text_is_estimated_near_its_plan_and_says_so(house: LookingHouse) -> None:
    text = "".join(f"Chapter {number}. {STORY}" for number in range(1, 60))

    found = checked(house, text=text)

    assert not found["exact"]
    assert found["speech_seconds"] > EXACT_S
    assert found["n_frames"] == pytest.approx(planned(house, text=text).n_frames, rel=0.05)


def test_the_estimate_goes_by_the_measured_pace_of_the_workers_and_by_who_waits(
    house: LookingHouse,
) -> None:
    nobody = checked(house)
    renders(house, "render0", frames=1000, seconds=10)
    one = checked(house, num_workers=1)
    renders(house, "render1", frames=1000, seconds=10)
    both = checked(house, text=STORY)
    house.accepted(text=STORY * 20)
    behind = checked(house)

    assert (nobody["render_seconds"], nobody["wait_seconds"], nobody["total_seconds"]) == (
        None, None, None,
    )  # fmt: skip
    assert "No render worker is ready" in " ".join(nobody["warnings"])
    assert one["render_seconds"] == pytest.approx(one["n_frames"] / 100, abs=0.1)
    assert (one["workers"], both["workers"]) == (1, 2)
    assert both["render_seconds"] < 0.8 * both["n_frames"] / 100
    assert both["wait_seconds"] == 0
    assert behind["wait_seconds"] > 10
    assert behind["total_seconds"] > behind["wait_seconds"] + behind["render_seconds"]


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        ({"text": ""}, 422, "empty-text"),
        ({"text": "?!"}, 422, "no-speakable-text"),
        ({"language": "rusian"}, 422, "unknown-language"),
        ({"voice": "darth"}, 422, "unknown-voice"),
        ({"generator": "deepfake"}, 422, "unknown-generator"),
        ({"rate": 1}, 422, "invalid-request"),
        ({"webhook": "http://127.0.0.1/"}, 422, "bad-webhook"),
        ({"face": "face_" + "0" * 32}, 422, "missing-face"),
        ({"face": "blob_" + "0" * 64}, 422, "missing-blob"),
        ({"text": None, "audio": "blob_" + "0" * 64}, 422, "missing-blob"),
    ],
)
def test_what_a_submit_refuses_the_check_refuses_in_the_same_words(
    house: LookingHouse, body: dict[str, Any], status: int, name: str
) -> None:
    said = [house.http.post(address, json=HELLO | body) for address in (CHECK, JOBS)]

    details = [problem_of(answer, status, name)["detail"] for answer in said]
    assert details[0] == details[1]


def test_all_that_is_wrong_is_said_at_once_each_beside_its_field(house: LookingHouse) -> None:
    wrong = {
        "text": "?!",
        "language": "rusian",
        "voice": "darth",
        "generator": "deepfake",
        "fps": "1000",
        "webhook": "http://127.0.0.1/",
        "face": "face_" + "0" * 32,
    }
    alone = {
        field: house.http.post(CHECK, json=HELLO | {field: value}).get_json()["detail"]
        for field, value in wrong.items()
    }

    said = house.http.post(CHECK, json=wrong).get_json()

    assert {each["field"]: each["detail"] for each in said["errors"]} == alone
    assert len(said["errors"]) == len(wrong)
    assert all(detail in said["detail"] for detail in alone.values())


def test_a_field_that_nobody_knows_is_said_with_the_rest(house: LookingHouse) -> None:
    said = house.http.post(CHECK, json={"text": "?!", "x" * 99: 1, "rate": 5}).get_json()
    alone = house.http.post(CHECK, json={"text": 5, "language": "xx"}).get_json()

    assert {each["field"][:4] for each in said["errors"]} == {"text", "xxxx", "rate"}
    assert [each["field"] for each in alone["errors"]] == ["text"]  # the rest would be no job


def test_two_bad_files_are_both_named(house: LookingHouse) -> None:
    form = {"audio": (io.BytesIO(b"no sound"), "a"), "face": (io.BytesIO(b"no picture"), "b")}

    said = house.http.post(CHECK, data=form).get_json()

    assert [each["field"] for each in said["errors"]] == ["audio", "face"]


def test_a_full_house_refuses_the_check_as_it_would_the_job(
    queue_store: str, blob_store: str
) -> None:
    house = LookingHouse(queue_store, blob_store, tenant_jobs=1)
    house.accepted()

    problem_of(house.http.post(CHECK, json=HELLO), 429, "too-many-jobs")


def test_uploads_are_looked_at_and_can_be_named_by_the_job(
    house: LookingHouse, tmp_path: Path
) -> None:
    sound = tone(tmp_path / "tone.wav", 3.2).read_bytes()
    form = {"audio": (io.BytesIO(sound), "a.wav"), "face": (io.BytesIO(photo()), "me.png")}

    found = house.http.post(CHECK, data=form).get_json()

    assert (found["n_frames"], found["exact"]) == (80, True)
    job = house.http.post(JOBS, json={"audio": found["audio"], "face": found["face"]})
    assert job.status_code == 202, job.text


def test_a_bad_upload_is_refused_with_the_inspectors_words(house: LookingHouse) -> None:
    form = {"text": "Hi.", "face": (io.BytesIO(b"no picture"), "me.png")}

    problem_of(house.http.post(CHECK, data=form), 422, "unreadable-media")


def test_a_check_records_nothing_and_renders_nothing(house: LookingHouse) -> None:
    queue = connect(house.settings.queue_url)

    checked(house, num_workers=2)

    assert house.http.get(JOBS).get_json()["jobs"] == []
    assert house.outbox.planned == []
    assert queue.keys("lipchord:job:*") == []
