"""The house as a whole: rooms of this checkout, pins, commands that the README promises."""

import importlib
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("api", "tasks", "lipsync_engine", "merge", "deploy", "lipchord_client")


def lines_of(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()


def targets() -> set[str]:
    return {line.split(":")[0] for line in lines_of("Makefile") if re.match(r"[a-z0-9-]+:", line)}


@pytest.mark.parametrize("room", ROOMS)
def test_each_room_is_imported_from_this_checkout(room: str) -> None:
    found = importlib.import_module(room).__file__

    assert found is not None
    assert Path(found).parent == ROOT / room


@pytest.mark.parametrize("readme", ["README.md", "README.ru.md"])
def test_every_make_command_of_the_readme_exists(readme: str) -> None:
    named = set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", (ROOT / readme).read_text(), re.MULTILINE))

    assert {"demo", "test", "up"} <= named
    assert named <= targets()


def test_make_alone_shows_every_target_that_is_meant_for_people() -> None:
    said = subprocess.run(
        ["make", "--silent"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    for target in ("demo", "test", "check", "up", "bench", "fmt", "clean", "help"):
        assert re.search(rf"^  make {target} +\S", said, re.MULTILINE), target


def test_make_refuses_an_old_python_in_words(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\ntest "$1" = --version && echo Python 3.9.2 || exit 1\n')
    old.chmod(0o755)

    tried = subprocess.run(
        ["make", f"PYTHON={old}", f"VENV={tmp_path / 'venv'}", "venv"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert tried.returncode != 0
    assert "needs Python 3.11 or newer" in tried.stderr
    assert "Python 3.9.2" in tried.stderr


def test_everything_installed_is_pinned_to_its_version() -> None:
    pins = dict(
        line.lower().replace("_", "-").split("==")
        for line in lines_of("constraints.txt")
        if "==" in line and not line.startswith("#")
    )
    # "2.13.0+cpu" and "2.13.0" are builds of one version.
    installed = {
        found.name.lower().replace("_", "-"): found.version.partition("+")[0]
        for found in distributions()
    }

    strangers = {name for name in installed if name in pins and installed[name] != pins[name]}

    assert not strangers
    assert pins["torch"] == "2.13.0"


@pytest.mark.parametrize("module", ["deploy.wsgi", "deploy.cli", "deploy.stack"])
def test_what_starts_the_house_never_loads_torch_or_opencv(module: str) -> None:
    program = f"import sys, {module}; print(sorted({{'torch', 'cv2'}} & sys.modules.keys()))"

    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == "[]"


def test_every_file_says_its_one_idea_first() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for room in ROOMS
        for path in (ROOT / room).rglob("*.py")
        if not path.read_text().startswith('"""')
    ]

    assert silent == []
