"""The Python client against the real API: what it gives, what it says, and that it stands alone."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Thread
from typing import get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import parse_form_data

import lipchord_client
from api import fleet_views, house_views, job_views, problem_views, proof_view, schemas
from deploy.ports import free_port
from lipchord_client import (
    Client,
    JobFailedError,
    LipchordError,
    NotFoundError,
    NotReadyError,
    RefusedError,
    StillRunningError,
    UnreachableError,
    fleet,
    views,
)
from lipchord_client.form import form
from tests.api_house import House
from tests.receivers import receiving
from tests.served import Served, serving

VIDEO = bytes(range(256)) * 4096  # 1 MiB
FOLDER = Path(lipchord_client.__file__).parent


@pytest.fixture
def served(queue_store: str, blob_store: str) -> Iterator[Served]:
    with serving(House(queue_store, blob_store)) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Client:
    return Client(served.url, patience_s=5)


def test_a_text_becomes_a_job_and_its_video_a_file(
    served: Served, client: Client, tmp_path: Path
) -> None:
    job = client.submit("Hello", language="en", seed=7, blink=False)
    served.house.succeeded(job.id, VIDEO)

    path = job.wait().download(tmp_path / "new" / "hello.mp4")

    assert path.read_bytes() == VIDEO
    assert [each.name for each in path.parent.iterdir()] == ["hello.mp4"]
    assert (job.view["request"]["seed"], job.view["request"]["blink"]) == (7, False)
    assert job.ended
    assert repr(job) == f"<Job {job.id}: succeeded, 100%>"


def test_waiting_shows_each_change_until_the_end(served: Served, client: Client) -> None:
    job, seen = client.submit("Hello"), []
    Thread(target=served.house.succeeded, args=(job.id, VIDEO)).start()

    job.wait(on_progress=lambda now: seen.append((now.state, now.progress)))

    assert seen[-1] == ("succeeded", 1.0)
    assert seen == sorted(seen, key=lambda each: each[1])


def test_a_job_that_failed_raises_with_the_apis_own_sentence(
    served: Served, client: Client
) -> None:
    job = client.submit("Hello")
    served.house.failed(job.id, "no-face", "No face was found. Send another picture.")

    with pytest.raises(JobFailedError, match=r"^No face was found\. Send another picture\.$") as no:
        job.wait()

    assert no.value.job.state == "failed"
    assert [now.state for now in job.follow()] == ["failed"]


def test_who_has_waited_long_enough_is_told_that_the_job_goes_on(client: Client) -> None:
    with pytest.raises(StillRunningError, match="it goes on") as still:
        client.submit("Hello", wait=0.3)

    assert still.value.job.state == "queued"


def test_a_wrong_field_is_named_with_the_apis_sentence(client: Client) -> None:
    with pytest.raises(RefusedError, match="rate") as refused:
        client.submit("Hello", rate=9000)

    assert refused.value.status == 422
    assert refused.value.type == "/problems/invalid-request"
    assert "450" in refused.value.fields["rate"]
    assert refused.value.instance.startswith("urn:uuid:")


def test_files_bytes_and_keys_of_earlier_uploads_are_told_apart(
    served: Served, client: Client, tmp_path: Path
) -> None:
    sound, face = tmp_path / "speech «1».wav", b"picture"
    sound.write_bytes(b"sound" * 100_000)

    with pytest.raises(LipchordError, match="nowhere"):
        client.submit(audio=tmp_path / "nowhere.wav")
    first = client.submit(audio=sound, face=face)
    asked = first.view["request"]
    again = client.submit(audio=asked["audio"], face=asked["face"])

    assert (again.view["request"]["audio"], again.view["request"]["face"]) == (
        asked["audio"], asked["face"],
    )  # fmt: skip
    assert served.line.asked[-1][0] == "POST"


def test_what_is_not_there_or_not_ready_has_an_error_of_its_own(
    client: Client, tmp_path: Path
) -> None:
    job = client.submit("Hello")

    with pytest.raises(NotReadyError, match="not ready"):
        job.download(tmp_path / "early.mp4")
    with pytest.raises(NotFoundError, match="job"):
        client.job("job_" + "0" * 32)
    with pytest.raises(NotFoundError):
        client.job("../voices")
    assert list(tmp_path.iterdir()) == []


def test_jobs_come_newest_first_over_all_pages(served: Served, client: Client) -> None:
    sent = [client.submit(f"Hello {number}").id for number in range(103)]

    assert [job.id for job in client.jobs()] == sent[::-1]
    assert [job.id for job in client.jobs(2)] == sent[:-3:-1]
    assert served.line.times("GET", "/jobs") == 3


def test_cancel_and_delete_can_be_repeated(client: Client) -> None:
    job = client.submit("Hello")

    assert [job.cancel().state, job.cancel().state, job.delete().state] == ["canceled"] * 3


def test_voices_and_workers_are_told(served: Served, client: Client) -> None:
    served.house.beat("render0", "render")

    assert {"ru", "kk"} <= {voice["language"] for voice in client.voices()}
    assert [worker["name"] for worker in client.workers()] == ["render0"]


def test_nobody_at_an_address_is_an_error_at_once_that_says_what_to_do() -> None:
    client = Client(f"http://127.0.0.1:{free_port()}", patience_s=600)

    with pytest.raises(UnreachableError, match=r"No Lipchord API answers .* `lipchord up`"):
        client.voices()
    with pytest.raises(UnreachableError, match="http://localhost:3000"):
        Client("localhost:3000")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (404, "does not look like a Lipchord API"),
        ((200, {"Content-Length": "0"}), "does not look like a Lipchord API"),
        ((308, {"Location": "https://example.com/"}), "moved to https://example.com/"),
    ],
)
def test_another_kind_of_server_is_recognised(answer: object, words: str) -> None:
    with receiving(answer) as other, pytest.raises(LipchordError, match=words):  # type: ignore[arg-type]
        Client(f"http://127.0.0.1:{other.port}").submit("Hello")


def test_the_folder_alone_is_enough(served: Served, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "lipchord_client")
    program = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "from lipchord_client import Client; print(Client(sys.argv[1]).submit('Hello').state)"
    )

    # -I -S: none of what is installed, none of this checkout.
    said = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, served.url],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    ).stdout  # fmt: skip

    assert said == "queued\n"


@pytest.mark.parametrize(
    ("typed", "model"),
    [
        (views.JobView, job_views.JobView),
        (views.ChunkView, job_views.ChunkView),
        (views.ChunksView, job_views.ChunksView),
        (views.VideoView, job_views.VideoView),
        (views.WebhookView, job_views.WebhookView),
        (views.ProblemView, problem_views.ProblemView),
        (views.LinksView, job_views.LinksView),
        (views.ProofView, proof_view.ProofView),
        (views.VoiceView, house_views.VoiceView),
        (fleet.FleetView, fleet_views.FleetView),
        (fleet.HostView, fleet_views.HostView),
        (fleet.QueueView, fleet_views.QueueView),
        (fleet.FleetWorkerView, fleet_views.FleetWorkerView),
        (fleet.InHandView, fleet_views.InHandView),
        (fleet.MemoryView, fleet_views.MemoryView),
        (fleet.MishapView, fleet_views.MishapView),
    ],
)
def test_the_types_are_those_of_the_api(typed: type, model: type) -> None:
    said = {field.serialization_alias or name for name, field in model.model_fields.items()}  # type: ignore[attr-defined]

    assert typed.__required_keys__ <= said <= set(get_type_hints(typed))  # type: ignore[attr-defined]


def test_every_option_of_a_job_can_be_given() -> None:
    sources = {"text", "audio", "face"}

    assert set(schemas.SpeakBody.model_fields) - sources <= set(get_type_hints(views.SpeakOptions))
    assert set(schemas.JobBody.model_fields) - sources <= set(get_type_hints(views.JobOptions))


@given(
    fields=st.dictionaries(
        st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n")),
        max_size=5,
    ),
    content=st.binary(max_size=2000),
    name=st.from_regex(r"[\w \"';.-]{1,20}\.wav", fullmatch=True),
)
def test_a_form_arrives_as_it_was_sent(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, str], content: bytes, name: str
) -> None:
    file = tmp_path_factory.getbasetemp() / name
    file.write_bytes(content)

    body = form(fields, {"audio": file, "face": content})
    sent = b"".join(body.blocks())

    assert body.size == len(sent)
    _, arrived, files = parse_form_data({
        "wsgi.input": BytesIO(sent), "CONTENT_LENGTH": str(len(sent)),
        "CONTENT_TYPE": body.content_type, "REQUEST_METHOD": "POST",
    })  # fmt: skip
    assert arrived.to_dict() == fields
    assert files["audio"].read() == files["face"].read() == content
