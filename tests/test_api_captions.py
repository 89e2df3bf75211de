"""Captions over HTTP: whose, when, what is said where there are none; in the client and the CLI."""

import io
import wave
from pathlib import Path

import pytest

from deploy import cli
from deploy.exits import Exit
from lipchord_client import Client, NotReadyError
from tasks.contract import Failure
from tasks.errors import MissingBlobError
from tests.api_house import JOBS, House, problem_of
from tests.captioned import spoken
from tests.looking_house import LookingHouse
from tests.served import serving

TEXT = "Hello there, my friend & foe. Is 1 < 2? Yes --> it is!"


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


def at(job_id: str) -> str:
    return f"{JOBS}/{job_id}/captions.vtt"


def test_captions_are_there_as_soon_as_the_job_is_planned(house: House) -> None:
    job_id = house.accepted(text=TEXT)
    link = house.http.get(f"{JOBS}/{job_id}").get_json()["links"]["captions"]
    early = house.http.get(at(job_id))
    spoken(house, job_id)

    answer = house.http.get(at(job_id))

    assert link is None
    assert "not spoken yet" in str(problem_of(early, 409, "not-ready")["detail"])
    assert early.headers["Retry-After"] == "1"
    assert house.http.get(f"{JOBS}/{job_id}").get_json()["links"]["captions"] == at(job_id)
    assert answer.content_type == "text/vtt; charset=utf-8"
    assert answer.text.startswith("WEBVTT\n\n00:00:00.000 --> ")
    assert "my friend &amp; foe.\n" in answer.text
    assert "Is 1 &lt; 2?" in answer.text
    assert "Yes --&gt; it is!" in answer.text


def test_words_have_their_times_when_they_are_asked_for(house: House) -> None:
    job_id = house.accepted(text=TEXT)
    spoken(house, job_id)

    plain, timed = (house.http.get(at(job_id) + query).text for query in ("", "?words=1"))
    wrong = house.http.get(at(job_id) + "?words=perhaps")

    assert "<00:00:00." not in plain
    assert "Hello <00:00:00." in timed
    assert "words" in str(problem_of(wrong, 422, "invalid-request")["errors"])


def test_what_a_client_has_already_is_not_sent_again(house: House) -> None:
    job_id = house.accepted(text=TEXT)
    spoken(house, job_id)

    first = house.http.get(at(job_id))
    known = {"If-None-Match": first.headers["ETag"]}
    same = house.http.get(at(job_id), headers=known)
    other = house.http.get(at(job_id) + "?words=1", headers=known)

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (same.status_code, same.data, other.status_code) == (304, b"", 200)


def test_a_job_with_a_sound_of_its_own_says_why_it_has_none(
    queue_store: str, blob_store: str
) -> None:
    house = LookingHouse(queue_store, blob_store)
    sound = io.BytesIO()
    with wave.open(sound, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(16_000)
        wav.writeframes(b"\x00\x10\x00\xf0" * 8_000)
    sound.seek(0)
    job_id = house.http.post(JOBS, data={"audio": (sound, "a.wav")}).get_json()["id"]
    spoken(house, job_id)

    answer = house.http.get(at(job_id))

    assert "nobody knows its words" in str(problem_of(answer, 404, "no-captions")["detail"])
    assert house.http.get(f"{JOBS}/{job_id}").get_json()["links"]["captions"] is None


def test_captions_go_with_their_job_and_stay_for_another_with_the_same_text(house: House) -> None:
    one, other = house.accepted(text=TEXT), house.accepted(text=TEXT)
    key = spoken(house, one).captions
    spoken(house, other)
    assert key is not None

    house.queue.delete(one)

    problem_of(house.http.get(at(one)), 410, "gone")
    assert house.http.get(at(other)).status_code == 200
    house.queue.delete(other)
    problem_of(house.http.get(at(other)), 410, "gone")
    with pytest.raises(MissingBlobError):
        house.storage.stat(key)


def test_a_failed_job_tells_what_was_said_if_it_came_so_far(house: House) -> None:
    early, late = house.accepted(text=TEXT), house.accepted(text=TEXT)
    spoken(house, late)
    for job_id in (early, late):
        assert house.records.fail(job_id, Failure("internal", "A kernel went wrong."))

    problem_of(house.http.get(at(early)), 410, "gone")
    assert house.http.get(at(late)).status_code == 200


def test_captions_are_their_tenants_own(queue_store: str, blob_store: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("alice:alices-secret-key\nbob:bobs-very-secret-key\n")
    house = House(queue_store, blob_store, api_keys_file=str(keys))  # type: ignore[arg-type]
    alice, bob = ({"X-API-Key": key} for key in ("alices-secret-key", "bobs-very-secret-key"))
    job_id = house.http.post(JOBS, json={"text": TEXT}, headers=alice).get_json()["id"]
    spoken(house, job_id)

    assert house.http.get(at(job_id), headers=alice).status_code == 200
    problem_of(house.http.get(at(job_id), headers=bob), 404, "unknown-job")
    problem_of(house.http.get(at(job_id)), 401, "unauthorized")


def test_the_client_and_the_command_line_fetch_them(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hello.mp4"
    with serving(house) as served:
        asked = ["--captions", "-o", str(out), "--url", served.url]
        unspoken, job = (Client(served.url).submit(TEXT) for _ in range(2))
        house.succeeded(unspoken.id, b"mp4")  # planned by hand: nobody spoke its text
        spoken(house, job.id)
        house.finished(job.id, b"mp4")

        refused, there = cli.run(["download", unspoken.id, *asked]), out.exists()
        capsys.readouterr()
        done = cli.run(["download", job.id, *asked])

        assert (refused, there, done) == (Exit.REFUSED, False, Exit.DONE)
        assert capsys.readouterr().out == f"{out}\n{tmp_path / 'hello.vtt'}\n"
        assert (tmp_path / "hello.vtt").read_text() == job.captions()
        assert "<00:00:0" in job.captions(words=True)


def test_the_client_says_why_a_job_has_none(house: House) -> None:
    with serving(house) as served:
        job = Client(served.url).submit(TEXT)

        with pytest.raises(NotReadyError, match="not spoken yet"):
            job.captions()
