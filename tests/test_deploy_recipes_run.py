"""Each recipe's own commands as plain processes: a job goes through, and its probes tell."""

import json
import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, ProcessSpec, stop_all
from tests.recipes import Ground, Role, compose, kubernetes, systemd
from tests.workers import EXTRA, until

PASSWORD = {"queue-password": "first@secret/1", "blob-password": "second:secret#2"}
READ: dict[str, Callable[[], list[Role]]] = {
    "compose": compose,
    "kubernetes": lambda: kubernetes("cpu"),
    "systemd": systemd,
}
STORES = ("queue", "blobs")


class Running:
    """The processes of one recipe on this machine."""

    def __init__(self, roles: list[Role], folder: Path, guard: Guard) -> None:
        ports = {name: free_port() for name in ("3000", "6390", "6391")}
        ground = Ground(folder, ports)
        (folder / "secrets").mkdir()
        for name, password in PASSWORD.items():
            (folder / "secrets" / name).write_text(password + "\n")
        # Without the device: a GPU's command needs a GPU.
        here = (role for role in roles if not role.name.endswith("gpu"))
        self.roles = {role.name: ground.settle(role) for role in here}
        self.url = f"http://127.0.0.1:{ports['3000']}"
        self.children: dict[str, Child] = {}
        self._folder, self._guard = folder, guard

    def start(self, name: str) -> None:
        role = self.roles[name]
        env = {**role.env, "LIPCHORD_EXTRA_GENERATORS": EXTRA, "STAMP_DELAY_S": "0.03",
               "LIPCHORD_HEARTBEAT_S": "0.5"}  # fmt: skip
        spec = ProcessSpec(name, role.command, env, stop=((signal.SIGTERM, role.grace_s),))
        self.children[name] = Child(spec, self._folder / "log", self._guard)

    def wrong_with(self, name: str) -> str:
        """What the role's own checks say; empty: all are well."""
        return "".join(self._asked(check, self.roles[name]) for check in self.roles[name].checks)

    def send(self, text: str) -> str:
        body = json.dumps({"text": text, "generator": "stamp"}).encode()
        asked = urllib.request.Request(
            f"{self.url}/api/v1/jobs", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return str(json.load(answer)["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/api/v1/jobs/{job_id}", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def ready(self) -> bool:
        return self._http("/readyz") == ""

    def _asked(self, check: tuple[str, ...] | str, role: Role) -> str:
        if isinstance(check, str):
            return self._http(check)
        env = {**os.environ, **role.env, "LIPCHORD_HEARTBEAT_S": "0.5"}
        said = subprocess.run(check, env=env, capture_output=True, text=True, check=False)
        assert "Traceback" not in said.stderr
        assert (said.returncode == 0) == (said.stderr == ""), said.stderr
        return said.stderr

    def _http(self, path: str) -> str:
        try:
            with urllib.request.urlopen(self.url + path, timeout=5):
                return ""
        except OSError as error:
            return f"{path}: {error}"


@pytest.fixture(params=READ)
def recipe(request: pytest.FixtureRequest, guard: Guard, tmp_path: Path) -> Iterator[Running]:
    running = Running(READ[request.param](), tmp_path, guard)
    yield running
    stop_all(running.children.values())


def test_a_job_goes_through_the_very_commands_of_the_recipe(recipe: Running) -> None:
    others = [name for name in recipe.roles if name not in STORES]
    [render] = [name for name in others if name.startswith("render")]
    for name, role in recipe.roles.items():
        if role.checks and "--wait" not in role.checks[0]:
            assert recipe.wrong_with(name), f"{name} is not started, and its check says well"

    for name in STORES:
        recipe.start(name)
    until(lambda: not any(recipe.wrong_with(name) for name in STORES))
    for name in others:
        recipe.start(name)
    until(recipe.ready)
    first = recipe.send("Two words, and two more.")
    until(lambda: recipe.job(first)["state"] == "succeeded")

    with urllib.request.urlopen(f"{recipe.url}/api/v1/jobs/{first}/video", timeout=30) as video:
        assert video.read()[4:8] == b"ftyp"
    assert not any(recipe.wrong_with(name) for name in others)
    for child in recipe.children.values():
        line = Path(f"/proc/{child.pid}/cmdline").read_text()
        assert not any(password in line for password in PASSWORD.values())

    ended_in_time(recipe, render, recipe.send("Nobody has heard these words before."))


def ended_in_time(recipe: Running, render: str, job_id: str) -> None:
    """SIGTERM in the middle of a chunk: it is ended, then the worker, and nothing is done twice."""
    until(lambda: any(c["state"] == "rendering" for c in chunks(recipe, job_id)))
    recipe.children[render].send(signal.SIGTERM)

    until(lambda: recipe.children[render].exit_code() is not None, recipe.roles[render].grace_s)
    until(lambda: recipe.job(job_id)["state"] == "succeeded")

    assert recipe.children[render].exit_code() == 0
    assert [chunk["attempts"] for chunk in chunks(recipe, job_id)] == [1]
    for name in ("cpu", "api", *STORES):
        recipe.children[name].send(signal.SIGTERM)
        until(lambda name=name: recipe.children[name].exit_code() == 0, recipe.roles[name].grace_s)  # type: ignore[misc]


def chunks(recipe: Running, job_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = recipe.job(job_id)["chunks"]["list"]
    return found
