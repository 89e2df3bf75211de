"""`lipchord fleet`: the workers of all hosts, and what they do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.calling import JSON, URL, client
from deploy.console import put_json, put_rows

if TYPE_CHECKING:
    from lipchord_client.fleet import FleetWorkerView

NAMES = (
    "worker",
    "device",
    "generator",
    "state",
    "frames/s",
    "in hand",
    "GPU memory",
    "last error",
)
SHOWN_ERROR = 48  # characters
GIB = 2**30


@click.command()
@click.option("--host", help="Only the workers of this host.")
@JSON
@URL
def fleet(host: str | None, as_json: bool, url: str | None) -> None:
    """Show the workers of all hosts: device, speed, what is in hand, last error."""
    found = client(url).fleet()
    shown = [each for each in found["hosts"] if host in (None, each["name"])]
    if as_json:
        put_json({"hosts": shown, "queues": found["queues"]})
        return
    put_rows(NAMES, [_row(worker) for each in shown for worker in each["workers"]])


def _row(worker: FleetWorkerView) -> tuple[str, ...]:
    pace, error = worker["frames_per_second"], worker["last_error"]
    return (
        worker["name"],
        worker["device"],
        worker["generator"] or "",
        worker["state"],
        "" if pace is None else f"{pace:.1f}",
        _in_hand(worker),
        _memory(worker),
        "" if error is None else f"{error['at'][:16].replace('T', ' ')} {_short(error['detail'])}",
    )


def _in_hand(worker: FleetWorkerView) -> str:
    had = worker["in_hand"]
    if had is None:
        return ""
    where = "another's job" if had["job"] is None else f"{had['job']}, chunk {had['chunk']}"
    return f"{where}, {had['frames_left']} frames left"


def _memory(worker: FleetWorkerView) -> str:
    memory = worker["gpu_memory"]
    if memory is None:
        return ""
    return f"{memory['used'] / GIB:.1f}/{memory['total'] / GIB:.0f} GiB"


def _short(text: str) -> str:
    return text if len(text) <= SHOWN_ERROR else text[: SHOWN_ERROR - 1] + "…"
