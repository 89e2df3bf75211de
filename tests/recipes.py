"""What the recipes of `deploy` start: read from their own files, to be run as plain processes."""

import re
import shlex
import socket
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parent.parent / "deploy"
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")
BIN = str(Path(sys.executable).with_name("lipchord"))


@dataclass(frozen=True)
class Role:
    """One process of a recipe.

    Attributes:
        command: the command line; its first word is `lipchord`.
        checks: its probes: command lines, or a path that is asked by HTTP.
        grace_s: how long it is waited for after SIGTERM.
        secrets: (path in the recipe, name of the secret) of files.
        memory: the most it may use, bytes.
    """

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str]
    checks: tuple[tuple[str, ...] | str, ...]
    grace_s: float
    secrets: Mapping[str, str] = field(default_factory=dict)
    memory: int = 0


def compose() -> list[Role]:
    """The services of compose.yaml, all profiles."""
    roles = []
    for name, service in yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"].items():
        check = service["healthcheck"]["test"]
        assert check[0] == "CMD"
        limits = service["deploy"]["resources"]["limits"]
        roles.append(Role(
            name, ("lipchord", *service["command"]), service["environment"],
            (tuple(check[1:]),), _number(service["stop_grace_period"].removesuffix("s")),
            {f"/run/secrets/{secret}": secret for secret in service["secrets"]},
            _bytes(limits["memory"]),
        ))  # fmt: skip
    return roles


def kubernetes(variant: str) -> list[Role]:
    """The pods of base and of `variant`, "cpu" or "gpu"."""
    folder = DEPLOY / "kubernetes"
    settings = _env_file(folder / "base" / "lipchord.env")
    roles = []
    for found in documents(variant):
        if found["kind"] not in ("Deployment", "StatefulSet"):
            continue
        pod = found["spec"]["template"]["spec"]
        [container] = pod["containers"]
        env = dict(settings) if "envFrom" in container else {}
        env |= {each["name"]: each["value"] for each in container.get("env", ())}
        probes = [container[kind] for kind in PROBES if kind in container]
        roles.append(Role(
            found["metadata"]["name"], ("lipchord", *container["args"]), env,
            tuple(_probe(probe) for probe in probes if "tcpSocket" not in probe),
            pod["terminationGracePeriodSeconds"],
            {f"/run/secrets/lipchord/{kind}-password": f"{kind}-password"
             for kind in ("queue", "blob")},
            _bytes(container["resources"]["limits"]["memory"]),
        ))  # fmt: skip
    return roles


def documents(variant: str) -> Iterator[dict[str, Any]]:
    """All Kubernetes objects of base and of a variant."""
    for path in sorted((DEPLOY / "kubernetes").glob("*/*.yaml")):
        if path.parent.name in ("base", variant) and path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text())


def systemd() -> list[Role]:
    """The units; of the templates one instance each."""
    roles = []
    for path in sorted((DEPLOY / "systemd").glob("*.service")):
        unit = _unit(path)
        env = dict(line.split("=", 1) for line in unit["Environment"])
        env = _env_file(DEPLOY / "systemd" / "lipchord.env") | env
        secrets = {f"%d/{name}": Path(source).name for name, source in
                   (line.split(":") for line in unit["LoadCredential"])}  # fmt: skip
        argv = tuple(shlex.split(unit["ExecStart"][0]))
        grace_s, memory = _number(unit["TimeoutStopSec"][0]), _bytes(unit["MemoryMax"][0])
        name = path.stem.removeprefix("lipchord-").rstrip("@")
        checks = tuple(tuple(shlex.split(line)) for line in unit.get("ExecStartPost", ()))
        roles.append(Role(name, argv, env, checks, grace_s, secrets, memory))
    return roles


@dataclass(frozen=True)
class Ground:
    """Where a recipe is run: ports of its own, folders of its own, secrets as files."""

    folder: Path
    ports: Mapping[str, int]  # "3000", "6390", "6391" of the recipe → here

    def settle(self, role: Role) -> Role:
        """The role with hosts, ports and paths of this ground."""
        settled = {name: self._text(value, role) for name, value in role.env.items()}
        settled |= {"TMPDIR": str(self.folder)}
        return Role(
            role.name, tuple(self._text(word, role) for word in role.command), settled,
            tuple(c if isinstance(c, str) else tuple(self._text(w, role) for w in c)
                  for c in role.checks),
            role.grace_s,
        )  # fmt: skip

    def _text(self, text: str, role: Role) -> str:
        for path, secret in role.secrets.items():
            text = text.replace(path, str(self.folder / "secrets" / secret))
        text = re.sub(r"^(/opt/lipchord/.venv/bin/)?lipchord$", BIN, text)
        text = text.replace("/var/lib/lipchord", str(self.folder / role.name))
        text = re.sub(r"//(queue|blobs)\b", "//127.0.0.1", text).replace("0.0.0.0", "127.0.0.1")
        text = text.replace("%H", socket.gethostname()).replace("%i", "0")
        for port, here in self.ports.items():
            text = re.sub(rf"(?<![\d]){port}\b", str(here), text)
        return text.replace("viseme", "stamp")


def _probe(probe: dict[str, Any]) -> tuple[str, ...] | str:
    if "httpGet" in probe:
        return str(probe["httpGet"]["path"])
    return tuple(probe["exec"]["command"])


def _unit(path: Path) -> dict[str, list[str]]:
    """Key → values of a unit file, in which keys repeat."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def _env_file(path: Path) -> dict[str, str]:
    lines = (line for line in path.read_text().splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def _number(text: str) -> float:
    return float(text)


def _bytes(text: str) -> int:
    """Of "1g", "2gb", "512Mi", "4G"."""
    found = re.fullmatch(r"(\d+)([kmg])(?:i?b?)?", text.lower())
    assert found, text
    return int(found[1]) * 1024 ** ("kmg".index(found[2]) + 1)


def memory_of(words: tuple[str, ...]) -> int:
    """What `--maxmemory` says."""
    return _bytes(words[words.index("--maxmemory") + 1])
