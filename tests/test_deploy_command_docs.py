"""docs/command-line.md: commands, exit codes and lines as they are; and completion in a shell."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from deploy import cli
from deploy.exits import MEANINGS
from lipchord_client import Client
from tests.api_house import House
from tests.served import serving

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/command-line.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "README.ru.md", *(ROOT / "docs").glob("*.md")]
# At the line's beginning, behind variables, in $(…), or after &&; not `kubectl -n lipchord get`.
OURS = r"(?:^(?:\w+=\S+\s+)*|\$\(|&& )(?:\.venv/bin/)?lipchord ([a-z][^|)>#]*)"
FOR_SCRIPTS = (
    "submit", "watch", "list", "cancel", "download", "check", "voices", "doctor", "fleet",
    "faces add", "faces list", "faces show", "faces delete",
)  # fmt: skip


def command(words: list[str]) -> click.Command:
    """The command that a line begins with. Raises AssertionError: there is none."""
    found: click.Command = cli.cli
    for word in words:
        if not isinstance(found, click.Group) or word.startswith("-"):
            break
        inner = found.get_command(click.Context(found), word)
        assert inner is not None, words
        found = inner
    return found


def test_the_page_lists_every_command_and_no_other() -> None:
    listed = re.findall(r"^\| `lipchord ([\w-]+)`", PAGE, re.MULTILINE)

    assert sorted(listed) == sorted(cli.COMMANDS)


def test_the_page_has_the_table_of_exit_codes() -> None:
    listed = re.findall(r"^\| (\d+) \| (.+) \|$", PAGE, re.MULTILINE)

    assert [(int(code), words) for code, words in listed] == [
        (int(code), words) for code, words in MEANINGS.items()
    ]


@pytest.mark.parametrize("name", FOR_SCRIPTS)
def test_what_scripts_use_has_json(name: str) -> None:
    assert "--json" in {option for p in command(name.split()).params for option in p.opts}


def lines() -> list[str]:
    """Every line of a page that begins with our command, its continuations joined."""
    found = []
    for page in PAGES:
        for block in re.findall(r"^```\w*\n(.+?)^```", page.read_text(), re.MULTILINE | re.DOTALL):
            for line in block.replace("\\\n", " ").splitlines():
                found += re.findall(OURS, line)
    return found


@pytest.mark.parametrize("line", sorted(set(lines())))
def test_every_line_that_is_shown_has_a_command_and_options_that_exist(line: str) -> None:
    words = shlex.split(line.replace('"$(', "").rstrip('"'))
    found = command(words)
    known = {option for p in found.params for option in (*p.opts, *p.secondary_opts)}

    assert {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)} <= known


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """An environment with `lipchord` on its PATH, as an installation has it."""
    program = tmp_path / "lipchord"
    program.write_text(f"#!{sys.executable}\nfrom deploy.cli import main\nmain()\n")
    program.chmod(0o755)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "TERM": "dumb"}


def completed(shell: dict[str, str], typed: str) -> list[str]:
    """What a real bash offers after `typed` and a tab, by the function that it was given."""
    words = typed.split(" ")
    program = f"""
eval "$(lipchord completion bash)"
how=$(complete -p lipchord)
function=${{how##*-F }}; function=${{function%% *}}
COMP_WORDS=({" ".join(shlex.quote(word) for word in words)}) COMP_CWORD={len(words) - 1}
$function lipchord 2>/dev/null
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    bash = shutil.which("bash")
    assert bash is not None
    return subprocess.run(
        [bash, "--norc", "-c", program], env=shell, capture_output=True, text=True, check=True
    ).stdout.split()


def test_a_real_bash_completes_commands_options_and_jobs(
    shell: dict[str, str], queue_store: str, blob_store: str
) -> None:
    with serving(House(queue_store, blob_store)) as served:
        job_id = Client(served.url).submit("Hello").id
        shell = shell | {"LIPCHORD_URL": served.url}

        assert completed(shell, "lipchord do") == ["download", "doctor"]
        assert "--text-file" in completed(shell, "lipchord check --te")
        assert completed(shell, "lipchord faces de") == ["delete"]
        assert completed(shell, "lipchord watch job_") == [job_id]
        assert completed(shell, "lipchord completion z") == ["zsh"]


def test_a_shell_without_an_api_near_it_is_offered_no_jobs_and_no_error(
    shell: dict[str, str],
) -> None:
    shell = shell | {"LIPCHORD_URL": "http://127.0.0.1:9"}

    assert completed(shell, "lipchord watch job_") == []
