"""The command line: what it tells a user whose wish cannot be met, and with which exit code."""

import subprocess
import sys
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from deploy import cli, exits
from deploy.errors import DeployError
from deploy.places import Lock, Places
from deploy.ports import free_port

WISH = ["--text", "Hello", "-o", "out.mp4"]


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Exit code, and what stands on stderr."""
    code = cli.run(list(arguments))
    return code, capsys.readouterr().err


@pytest.mark.parametrize("command", ["render", "submit"])
@pytest.mark.parametrize(
    "sources", [[], ["--text", "a", "--audio", __file__], ["--text", "a", "--text-file", __file__]]
)
def test_exactly_one_source_of_speech_is_wanted(
    capsys: pytest.CaptureFixture[str], command: str, sources: list[str]
) -> None:
    code, said = told(capsys, command, *sources, "-o", "out.mp4")

    assert code == 2
    assert "exactly one of --text, --text-file and --audio" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--face", "/nowhere/me.jpg"], "does not exist"),
        (["--rate", "9000"], "80<=x<=450"),
        (["--pitch", "high"], "not a valid integer"),
        (["--colour", "red"], "No such option"),
    ],
)
def test_a_wrong_option_is_a_usage_error_that_names_it(
    capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    code, said = told(capsys, "submit", *WISH, *options)

    assert code == 2
    assert options[0] in said
    assert words in said


def test_a_text_file_that_is_not_utf8_is_named(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "cp1251.txt"
    file.write_bytes("Привет".encode("cp1251"))

    code, said = told(capsys, "submit", "--text-file", str(file), "-o", "out.mp4")

    assert code == 2
    assert "is not UTF-8" in said


def test_no_api_is_one_line_that_says_how_to_start_one(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    code, said = told(capsys, "submit", *WISH, "--url", url)

    assert code == 7
    assert "lipchord up" in said
    assert said.count("\n") == 1


def test_an_url_that_is_none_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "submit", *WISH, "--url", "localhost:3000")

    assert code == 7
    assert "http://localhost:3000" in said


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (["--text", " \n"], "text"),
        (["--text", "🙂🙂"], "letter"),
        (["--text", "hallo", "--language", "xx"], "xx"),
    ],
)
def test_input_that_cannot_be_used_is_refused_without_a_traceback(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, wish: list[str], words: str
) -> None:
    out = tmp_path / "out.mp4"

    code, said = told(capsys, "render", *wish, "-o", str(out))

    assert code == 8
    assert words in said
    assert "Traceback" not in said
    assert not out.exists()


def test_silence_is_refused_before_anything_is_rendered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    silence = tmp_path / "silence.wav"
    with wave.open(str(silence), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(32_000))

    code, said = told(capsys, "render", "--audio", str(silence), "-o", str(tmp_path / "o.mp4"))

    assert code == 8
    assert "silen" in said


def test_a_taken_port_is_named_with_its_holder_and_a_way_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        port = str(server.server_address[1])

        code, said = told(
            capsys, "up", "--var", str(tmp_path), "--queue-port", "0", "--blob-port", "0",
            "--port", port,
        )  # fmt: skip

    assert code == 4
    assert f"Port {port} is taken by" in said
    assert "(pid " in said
    assert "--port" in said


def test_a_second_stack_in_the_same_place_is_told_so(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    lock = Lock.take(Places.at(tmp_path))

    code, said = told(capsys, "up", "--var", str(tmp_path))

    assert lock is not None
    lock.release()
    assert code == 5
    assert "is up already" in said
    assert "--var" in said


def test_the_lock_of_a_killed_launcher_is_free(tmp_path: Path) -> None:
    program = (
        "import sys; from deploy.places import Lock, Places; "
        "lock = Lock.take(Places.at(sys.argv[1])); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        holder.stdout.readline()
        assert Lock.take(Places.at(tmp_path)) is None
        holder.kill()

    lock = Lock.take(Places.at(tmp_path))

    assert lock is not None
    lock.release()


def test_a_worker_without_its_store_says_which_variable_to_set(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LIPCHORD_QUEUE_URL", f"redis://127.0.0.1:{free_port()}/0")

    code, said = told(capsys, "worker", "--var", str(tmp_path))

    assert code == 6
    assert "LIPCHORD_QUEUE_URL" in said


def test_no_worker_at_all_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    code, said = told(capsys, "worker", "--no-cpu", "--no-render")

    assert code == 2
    assert "no worker" in said


def test_doctor_finds_a_store_server_and_a_voice_here() -> None:
    said = CliRunner().invoke(cli.cli, ["doctor"], env={"COLUMNS": "200"}).output

    assert "✓  store server" in said
    assert "✓  speech" in said
    assert "✓  generators" in said


def test_help_names_every_exit_code() -> None:
    said = " ".join(CliRunner().invoke(cli.cli, ["--help"]).output.split())

    for code in exits.Exit:
        assert f" {code:d} {exits.MEANINGS[code]}" in said


def test_every_error_ends_with_a_code_of_the_table() -> None:
    def below(kind: type[DeployError]) -> list[type[DeployError]]:
        return [kind, *(deeper for child in kind.__subclasses__() for deeper in below(child))]

    codes = {kind.exit_code for kind in below(DeployError)}

    assert codes <= set(exits.Exit)


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_the_list_of_help_says_of_a_command_what_it_says_itself(name: str) -> None:
    command = cli.cli.get_command(click.Context(cli.cli), name)

    assert command is not None
    assert command.name == name
    assert (command.help or "").split("\n")[0] == cli.COMMANDS[name]


def test_help_loads_no_command_and_nothing_heavy() -> None:
    program = (
        "import sys; from deploy import cli; code = cli.run(['--help']); "
        "heavy = {'rich', 'redis', 'numpy', 'lipsync_engine', 'tasks', 'api', 'urllib.request'}; "
        "loaded = {n for n in sys.modules if n in heavy or n.startswith('deploy.commands.')}; "
        "print(code, sorted(loaded), file=sys.stderr)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stderr

    assert said.strip() == "0 []"
