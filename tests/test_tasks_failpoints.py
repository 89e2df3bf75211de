"""Failpoints: the nth passage acts, once, over all processes that share a folder."""

import os
import subprocess
import sys
from pathlib import Path

PASS_TWICE = "from tasks import failpoints; failpoints.hit('here'); failpoints.hit('here')"


def _passing(folder: Path, point: str) -> int:
    env = os.environ | {"LIPCHORD_FAILPOINT": point, "LIPCHORD_FAILPOINT_DIR": str(folder)}
    return subprocess.run([sys.executable, "-c", PASS_TWICE], env=env, check=False).returncode


def test_the_third_passage_kills_whichever_process_makes_it(tmp_path: Path) -> None:
    codes = [_passing(tmp_path, "here:3:kill") for _ in range(3)]

    assert codes == [0, -9, 0]


def test_other_places_are_passed(tmp_path: Path) -> None:
    assert _passing(tmp_path, "elsewhere:1:kill") == 0
