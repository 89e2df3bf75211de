"""`lipchord store`: this process becomes a store's server, its password never on a command line."""

import os
from ipaddress import ip_address
from typing import Literal

from deploy import stores
from deploy.errors import UsageError
from deploy.places import Places
from tasks.addresses import Address
from tasks.settings import Settings

PORTS = {"queue": 6390, "blobs": 6391}


def keep(
    kind: Literal["queue", "blobs"],
    host: str,
    port: int | None = None,
    folder: str | None = None,
    maxmemory: str | None = None,
) -> None:
    """Become the server of `kind`; returns never.

    Raises:
        UsageError: it would be open to every host without a password.
        ServerMissingError: there is no server here.
    """
    settings = Settings.from_env()
    url = settings.queue_url if kind == "queue" else settings.blob_url
    password = Address.parse(url).password
    if not password and not _is_own(host):
        name = "QUEUE" if kind == "queue" else "BLOB"
        raise UsageError(
            f"On {host} the {kind} store is open to other hosts, and has no password: set "
            f"LIPCHORD_{name}_PASSWORD or LIPCHORD_{name}_PASSWORD_FILE."
        )
    if maxmemory is None:
        usual = stores.QUEUE_MAXMEMORY if kind == "queue" else stores.default_blob_memory()
        maxmemory = str(usual)
    place = Places.at(folder or f".var/stores/{kind}").var
    place.mkdir(parents=True, exist_ok=True)
    told = {"bind": host, "port": str(port or PORTS[kind]), "dir": str(place),
            "maxmemory": maxmemory}  # fmt: skip
    if password:
        told["requirepass"] = password
    _become([str(stores.find_server()), "-"], stores.conf(kind), told)


def _become(command: list[str], conf: str, told: dict[str, str]) -> None:
    """Run the server in place of this process; it reads its configuration from stdin."""
    lines = [f"{name} {_quoted(value)}" for name, value in told.items()]
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as pipe:  # a pipe holds 64 KiB; this is 2
        pipe.write("\n".join([conf, *lines, ""]))
    os.dup2(reading, 0)
    os.execv(command[0], command)  # noqa: S606


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _is_own(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
