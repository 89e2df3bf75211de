"""Commands that talk to an API: what scripts read, what people read, and how each one ends."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from deploy import cli
from deploy.exits import Exit
from lipchord_client import BusyError, Client
from tests.api_house import House
from tests.looking_house import LookingHouse
from tests.media import tone
from tests.served import Served, serving

VIDEO = bytes(range(256)) * 400


@pytest.fixture
def served(queue_store: str, blob_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(House(queue_store, blob_store)) as served:
        monkeypatch.setenv("LIPCHORD_URL", served.url)
        yield served


@pytest.fixture
def client(served: Served) -> Client:
    return Client()


class Ran:
    """What a command line has said, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> None:
        capsys.readouterr()
        self.code = cli.run(list(arguments))
        self.out, self.err = capsys.readouterr()

    @property
    def documents(self) -> list[dict[str, object]]:
        """Of a `--json`: every line is one."""
        return [json.loads(line) for line in self.out.splitlines()]


def job_line(served: Served, text: str = "Hello") -> str:
    return Client(served.url).submit(text).id


def test_submit_without_a_file_prints_the_id_and_nothing_else_on_stdout(
    served: Served, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = Ran(capsys, "submit", "--text", "Hello", "--seed", "7", "--workers", "2")

    assert ran.code == Exit.DONE
    job = client.job(ran.out.strip())
    assert (job.view["request"]["seed"], job.view["request"]["num_workers"]) == (7, 2)
    assert f"lipchord watch {job.id}" in ran.err


def test_submit_with_a_file_watches_and_fetches(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    out = tmp_path / "hello.mp4"
    hand = Thread(target=first_job_succeeds, args=(served,))
    hand.start()

    ran = Ran(capsys, "submit", "--text", "Hello", "-o", str(out))

    hand.join()
    assert ran.code == Exit.DONE
    assert out.read_bytes() == VIDEO
    assert "50 frames" in ran.out
    assert ran.out.count("\n") == 1
    assert "chunk 1 of 2: 30 frames, render0" in ran.err
    assert "warning: There are two faces" in ran.err
    assert "\x1b" not in ran.err


def first_job_succeeds(served: Served) -> None:
    while not served.house.outbox.planned:
        pass
    served.house.succeeded(served.house.outbox.planned[0], VIDEO)


def test_a_text_is_read_from_the_standard_input(
    served: Served, client: Client, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    (tmp_path / "text").write_text("Сәлем!\nHello!", encoding="utf-8")
    for option in ("--text", "--text-file"):
        with (tmp_path / "text").open() as text:
            monkeypatch.setattr(sys, "stdin", text)
            ran = Ran(capsys, "submit", option, "-", "--json")

        assert ran.documents[0]["request"]["text"] == "Сәлем!\nHello!"  # type: ignore[index]


@pytest.fixture
def looking(queue_store: str, blob_store: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    with serving(LookingHouse(queue_store, blob_store)) as served:
        monkeypatch.setenv("LIPCHORD_URL", served.url)
        yield served


def test_check_says_what_a_job_would_take_and_sends_none(
    looking: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    looking.house.beat("render0", "render")
    sound = tone(tmp_path / "tone.wav", 3.2)

    ran = Ran(capsys, "check", "--audio", str(sound), "--workers", "2")
    as_json = Ran(capsys, "check", "--text", "Hello there", "--json")

    told = dict(line.split("\t") for line in ran.out.splitlines())
    assert (ran.code, as_json.code) == (Exit.DONE, Exit.DONE)
    assert told["frames"] == "80"
    assert told["speech"] == "3.20 s"
    assert told["wait"] == "0.0 s"
    assert told["video after"].endswith(" s")
    assert "Only 1 of the 2 render workers" in ran.err
    assert as_json.documents[0]["n_frames"] > 10  # type: ignore[operator]
    assert list(Client().jobs()) == []


def test_check_says_all_that_is_wrong_in_the_apis_words(
    looking: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    bad = tmp_path / "me.png"
    bad.write_bytes(b"no picture")
    wrong = ("check", "--text", "?!", "--language", "xx", "--voice", "zz", "--face", str(bad))

    ran, as_json = Ran(capsys, *wrong), Ran(capsys, *wrong, "--json")

    lines = ran.err.splitlines()
    assert (ran.code, as_json.code) == (Exit.REFUSED, Exit.REFUSED)
    assert len(lines) == 4
    assert all(line.startswith("error: ") for line in lines)
    errors = as_json.documents[0]["errors"]
    assert [each["field"] for each in errors] == ["text", "language", "voice", "face"]  # type: ignore[attr-defined]
    assert lines == [f"error: {each['detail']}" for each in errors]  # type: ignore[attr-defined]


def test_check_of_a_full_house_is_busy(
    queue_store: str, blob_store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(LookingHouse(queue_store, blob_store, tenant_jobs=1)) as served:
        served.house.accepted()
        hurried = Client(served.url, patience_s=0)
        with pytest.raises(BusyError):
            hurried.check("Hello")


def test_watch_as_json_is_the_job_at_each_change(
    served: Served, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    job_id = job_line(served)
    served.house.succeeded(job_id, VIDEO)

    ran = Ran(capsys, "watch", job_id, "--json", "-o", str(tmp_path / "x.mp4"))

    assert ran.code == Exit.DONE
    assert ran.documents[-1]["state"] == "succeeded"
    assert {document["id"] for document in ran.documents} == {job_id}
    assert (tmp_path / "x.mp4").read_bytes() == VIDEO


def test_a_job_without_a_video_ends_with_its_own_code_and_the_apis_sentence(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    job_id = job_line(served)
    served.house.failed(job_id, "no-face", "No face was found. Send another picture.")

    ran = Ran(capsys, "watch", job_id)

    assert ran.code == Exit.NO_VIDEO
    assert ran.err.splitlines()[-1] == "error: No face was found. Send another picture."
    assert ran.out == ""


def test_list_is_lines_with_tabs_where_no_terminal_reads(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    sent = [job_line(served, f"Hello\tnumber\n{number}") for number in range(3)]

    ran = Ran(capsys, "list", "--limit", "2")
    as_json = Ran(capsys, "list", "--json")

    rows = [line.split("\t") for line in ran.out.splitlines()]
    assert [row[0] for row in rows] == sent[:0:-1]
    assert rows[0][1:3] == ["queued", "0%"]
    assert rows[0][-1] == "Hello number 2"
    assert [document["id"] for document in as_json.documents] == sent[::-1]


def test_cancel_ends_several_and_delete_drops_what_they_left(
    served: Served, client: Client, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other, done = (job_line(served) for _ in range(3))
    served.house.succeeded(done, VIDEO)

    ran = Ran(capsys, "cancel", one, other, done)
    dropped = Ran(capsys, "cancel", "--delete", done, "--json")

    assert [line.split("\t")[1] for line in ran.out.splitlines()] == [
        "canceled", "canceled", "succeeded",
    ]  # fmt: skip
    assert dropped.documents[0]["state"] == "succeeded"
    assert client.job(done).view["links"]["video"] is None


def test_download_says_where_the_file_is(
    served: Served, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
) -> None:  # fmt: skip
    job_id = job_line(served)
    early = Ran(capsys, "download", job_id)
    served.house.succeeded(job_id, VIDEO)
    monkeypatch.chdir(tmp_path)

    ran = Ran(capsys, "download", job_id)
    as_json = Ran(capsys, "download", job_id, "-o", "again.mp4", "--json")

    assert (early.code, ran.code) == (Exit.REFUSED, Exit.DONE)
    assert "not ready" in early.err
    assert ran.out == f"{job_id}.mp4\n"
    assert as_json.documents[0]["file"] == "again.mp4"
    assert (tmp_path / f"{job_id}.mp4").read_bytes() == (tmp_path / "again.mp4").read_bytes()


def test_voices_can_be_searched_by_code_and_by_name(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    all_of_them = Ran(capsys, "voices", "--json")
    kazakh = Ran(capsys, "voices", "kazakh")

    assert len(all_of_them.documents) > 100
    assert kazakh.out.split("\t")[0] == "kk"


@pytest.mark.parametrize(
    "arguments",
    [("watch", "job_0"), ("download", "../secrets"), ("cancel", "job_" + "0" * 32)],
)
def test_a_job_that_is_not_there_is_refused_in_one_line(
    served: Served, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    ran = Ran(capsys, *arguments)

    assert ran.code == Exit.REFUSED
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1


def test_a_missing_key_is_told_with_the_variable_that_holds_one(
    queue_store: str, blob_store: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.write_text("alice:correct-horse-battery\n")
    house = House(queue_store, blob_store, api_keys_file=str(keys))  # type: ignore[arg-type]
    with serving(house) as served:
        ran = Ran(capsys, "list", "--url", served.url)

    assert ran.code == Exit.REFUSED
    assert "LIPCHORD_API_KEY" in ran.err


def test_ctrl_c_while_watching_leaves_the_job_and_says_how_to_come_back(
    served: Served, client: Client
) -> None:
    job_id = job_line(served)
    watching = subprocess.Popen(
        [sys.executable, "-m", "deploy.cli", "watch", job_id, "-o", "x.mp4"],
        stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ.copy(),
        # A shell that runs the tests in the background has Ctrl-C ignored, children included.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )  # fmt: skip
    assert watching.stderr is not None
    assert watching.stderr.readline() == "queued\n"

    watching.send_signal(signal.SIGINT)
    out, err = watching.communicate()

    assert watching.returncode == Exit.INTERRUPTED
    assert f"lipchord watch {job_id} -o x.mp4" in err
    assert f"lipchord cancel {job_id}" in err
    assert "Traceback" not in err + out
    assert client.job(job_id).state == "queued"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_a_script_that_asks_this_command(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    ran = Ran(capsys, "completion", shell)

    assert ran.code == Exit.DONE
    assert f"_LIPCHORD_COMPLETE={shell}_complete" in ran.out


def test_a_shell_is_offered_commands_options_and_the_newest_jobs(
    served: Served, client: Client
) -> None:
    job_id = job_line(served)

    def offered(line: str, words: int) -> str:
        env = os.environ | {
            "_LIPCHORD_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(words),
        }  # fmt: skip
        program = "from deploy.cli import main; main()"
        ran = subprocess.run(
            [sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True
        )
        assert ran.stderr == ""
        return ran.stdout

    assert "plain,submit" in offered("lipchord sub", 1)
    assert "plain,--rest-in-silence" in offered("lipchord submit --rest", 2)
    assert job_id in offered("lipchord watch job_", 2)
