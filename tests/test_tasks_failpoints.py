"""Failpoints: the nth passage acts, once, over all processes that share a folder."""

import os
import subprocess
import sys
from pathlib import Path

PASS_TWICE = "from tasks import failpoints; failpoints.hit('here:mid'); failpoints.hit('here:mid')"


def _passing(folder: Path, point: str) -> int:
    env = os.environ | {"LIPCHORD_FAILPOINT": point, "LIPCHORD_FAILPOINT_DIR": str(folder)}
    return subprocess.run([sys.executable, "-c", PASS_TWICE], env=env, check=False).returncode


def test_the_third_passage_kills_whichever_process_makes_it(tmp_path: Path) -> None:
    codes = [_passing(tmp_path, "here:mid:3:kill") for _ in range(3)]

    assert codes == [0, -9, 0]


def test_other_places_are_passed(tmp_path: Path) -> None:
    assert _passing(tmp_path, "elsewhere:1:kill") == 0


def test_what_a_file_asks_for_may_change_while_the_process_lives(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    (passages := tmp_path / "passages").mkdir()

    codes = [_passing(passages, f"@{asked}")]
    asked.write_text("here:mid:2:exit")
    codes += [_passing(passages, f"@{asked}")]

    assert codes == [0, 1]
    assert sorted(path.name for path in passages.iterdir()) == ["here:mid.1", "here:mid.2"]
