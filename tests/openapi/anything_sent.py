"""Schemathesis sends what nobody thought of: no 5xx, no answer that /openapi.json does not know.

The document's own ids are replaced by those of a job, a face and a comparison that are there,
so that more comes back than 404.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.openapi.open_house import OpenHouse
from tests.served import serving

CONFIG = """
hooks = "tests.openapi.checks"
seed = 1

[generation]
deterministic = true
database = "none"
max-examples = 12

[checks]
# Replaced by a check that knows reasons, not statuses alone: see tests/openapi/checks.py.
positive_data_acceptance.enabled = false

[[operations]]
# A deleted job is still known: it says that it was deleted, and what it was (docs/reuse.md).
include-path-regex = "^/api/v1/jobs/"
checks.use_after_free.enabled = false
"""


@pytest.fixture
def house(queue_store: str, blob_store: str, tmp_path: Path) -> OpenHouse:
    return OpenHouse(queue_store, blob_store, tmp_path, generate_timeout_s=5.0)


def document(house: OpenHouse) -> dict[str, object]:
    """/openapi.json with ids that are there."""
    spec: dict[str, object] = house.http.get("/openapi.json").get_json()
    there = house.ids()
    for methods in spec["paths"].values():  # type: ignore[attr-defined]
        for operation in methods.values():
            for parameter in operation["parameters"]:
                parameter["example"] = there.get(parameter["name"], parameter["example"])
    return spec


def test_no_answer_breaks_the_document(house: OpenHouse, tmp_path: Path) -> None:
    (tmp_path / "schemathesis.toml").write_text(CONFIG)
    (tmp_path / "openapi.json").write_text(json.dumps(document(house)))
    with serving(house) as served:
        ended = subprocess.run(
            [
                Path(sys.executable).with_name("schemathesis"), "--no-color", "run",
                "openapi.json", "--url", served.url, "--continue-on-failure",
                "--request-timeout", "60", "--warnings", "off",
            ],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=230,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr
