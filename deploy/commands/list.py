"""`lipchord list`: jobs, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from deploy.calling import JSON, URL, client
from deploy.console import put_json, put_rows

if TYPE_CHECKING:
    from lipchord_client import Job

NAMES = ("job", "state", "done", "sent", "seconds", "what")
SHOWN_TEXT = 40  # characters


@click.command("list")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="At most.")
@JSON
@URL
def list_(limit: int, as_json: bool, url: str | None) -> None:
    """List jobs, newest first."""
    jobs = client(url).jobs(limit)
    if as_json:
        for job in jobs:
            put_json(job.view)
    else:
        put_rows(NAMES, [_row(job) for job in jobs])


def _row(job: Job) -> tuple[str, ...]:
    sent = datetime.fromisoformat(job.view["created_at"]).astimezone()
    seconds = job.view["speech_seconds"]
    asked = job.view["request"]
    text = " ".join((asked.get("text") or "own sound").split())
    return (
        job.id,
        job.state,
        f"{job.progress:.0%}",
        f"{sent:%Y-%m-%d %H:%M}",
        "" if seconds is None else f"{seconds:.1f}",
        text if len(text) <= SHOWN_TEXT else text[: SHOWN_TEXT - 1] + "…",
    )
