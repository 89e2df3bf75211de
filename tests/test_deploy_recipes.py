"""The recipes say what they must, and nothing that does not fit together."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from deploy import cli
from deploy.services import HAND_BACK_S
from tasks.contract import render_queue
from tasks.settings import PLAIN_STORES, Settings
from tests.recipes import BIN, DEPLOY, Role, compose, documents, kubernetes, memory_of, systemd

READ: dict[str, Callable[[], list[Role]]] = {
    "compose": compose,
    "kubernetes cpu": lambda: kubernetes("cpu"),
    "kubernetes gpu": lambda: kubernetes("gpu"),
    "systemd": systemd,
}
KNOWN = {item.metadata["env"] for item in Settings.__dataclass_fields__.values()} | set(
    PLAIN_STORES
)


@pytest.fixture(params=READ)
def roles(request: pytest.FixtureRequest) -> list[Role]:
    return READ[request.param]()


def parsed(words: tuple[str, ...]) -> click.Context:
    """The command line as click reads it; raises for an option that is not there."""
    command = cli.cli.get_command(click.Context(cli.cli), words[0])
    assert command is not None, words
    return command.make_context(words[0], list(words[1:]))


def test_every_command_of_a_recipe_is_one_that_there_is(roles: list[Role]) -> None:
    for role in roles:
        assert role.command[0].rpartition("/")[2] == "lipchord"
        parsed(role.command[1:])
        for check in role.checks:
            if not isinstance(check, str):
                assert check[0] == role.command[0]
                parsed(check[1:])


def test_each_recipe_has_every_role(roles: list[Role]) -> None:
    commands = [role.command[1:3] for role in roles]

    assert ("store", "queue") in commands
    assert ("store", "blobs") in commands
    assert any(command[0] == "api" for command in commands)
    assert ("worker", "--no-render") in commands
    assert ("worker", "--no-cpu") in commands


def test_every_setting_of_a_recipe_exists(roles: list[Role]) -> None:
    for role in roles:
        assert {name for name in role.env if name.startswith("LIPCHORD_")} <= KNOWN, role.name


def test_no_secret_stands_in_a_recipe(roles: list[Role]) -> None:
    for role in roles:
        for name, value in role.env.items():
            assert not name.endswith("PASSWORD"), role.name
            if name.endswith("PASSWORD_FILE"):
                assert value in role.secrets, f"{role.name} reads {value}, which nobody puts there"


def test_what_stops_a_process_waits_longer_than_it_needs(roles: list[Role]) -> None:
    for role in roles:
        if role.command[1] == "worker":
            needed = float(role.env["LIPCHORD_DRAIN_S"]) + HAND_BACK_S
        elif role.command[1] == "api":
            needed = float(role.command[role.command.index("--drain") + 1])
        else:
            needed = 10.0
        assert role.grace_s > needed + 5, role.name


def test_a_store_leaves_memory_for_the_copy_of_its_file(roles: list[Role]) -> None:
    for role in roles:
        if role.command[1] == "store":
            # While it rewrites its file a store may need twice what it holds.
            assert role.memory >= 2 * memory_of(role.command), role.name


@pytest.mark.parametrize("variant", ["cpu", "gpu"])
def test_keda_looks_at_the_list_that_render_workers_read(variant: str) -> None:
    [scaled] = [each for each in documents(variant) if each["kind"] == "ScaledObject"]
    [trigger] = scaled["spec"]["triggers"]
    render = next(role for role in kubernetes(variant) if role.name == "render")

    told = trigger["metadata"]
    assert told["listName"] == render_queue(render.env["LIPCHORD_GENERATOR"])
    assert render.env["LIPCHORD_QUEUE_URL"].endswith(f":6390/{told['databaseIndex']}")
    assert told["address"].endswith(":6390")
    assert scaled["spec"]["scaleTargetRef"]["name"] == "render"
    # With none at all the API refuses jobs, and so there would never be one.
    assert scaled["spec"]["minReplicaCount"] >= 1


@pytest.mark.parametrize("variant", ["cpu", "gpu"])
def test_pods_are_confined_and_their_selectors_meet(variant: str) -> None:
    found = list(documents(variant))
    pods = {each["metadata"]["name"]: each["spec"]["template"] for each in found
            if each["kind"] in ("Deployment", "StatefulSet")}  # fmt: skip

    for name, pod in pods.items():
        [container] = pod["spec"]["containers"]
        assert pod["spec"]["securityContext"]["runAsNonRoot"], name
        assert pod["spec"]["automountServiceAccountToken"] is False
        confined = container["securityContext"]
        assert confined["readOnlyRootFilesystem"]
        assert not confined["allowPrivilegeEscalation"]
        assert confined["capabilities"] == {"drop": ["ALL"]}
        assert "requests" in container["resources"]
    labels = [pod["metadata"]["labels"] for pod in pods.values()]
    for each in found:
        if each["kind"] in ("Service", "PodDisruptionBudget"):
            wanted = each["spec"]["selector"]
            wanted = wanted.get("matchLabels", wanted)
            assert any(wanted.items() <= those.items() for those in labels), each["metadata"]


def test_gpus_are_asked_for_where_they_are_used() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["render-gpu"]
    [device] = service["deploy"]["resources"]["reservations"]["devices"]
    [gpu] = [e for e in documents("gpu") if e["metadata"]["name"] == "render"
             and e["kind"] == "Deployment"]  # fmt: skip
    [container] = gpu["spec"]["template"]["spec"]["containers"]

    assert device["capabilities"] == ["gpu"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert "none" not in container["args"]


def test_compose_keeps_the_stores_off_the_outside() -> None:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())

    assert read["networks"]["back"]["internal"]
    for name in ("queue", "blobs"):
        assert read["services"][name]["networks"] == ["back"]
        assert "ports" not in read["services"][name]
    for service in read["services"].values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["restart"] == "unless-stopped"


def test_the_image_takes_in_all_rooms_and_runs_as_nobody() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    taken = {line[1:] for line in (DEPLOY.parent / ".dockerignore").read_text().splitlines()
             if line.startswith("!")}  # fmt: skip

    assert {"api", "tasks", "lipsync_engine", "merge", "deploy", "lipchord_client"} <= taken
    assert all((DEPLOY.parent / name).exists() for name in taken)
    assert dockerfile.rindex("USER 10001") > dockerfile.rindex("FROM base AS runtime")
    assert Path(BIN).name == "lipchord"
    assert 'ENTRYPOINT ["lipchord"]' in dockerfile
