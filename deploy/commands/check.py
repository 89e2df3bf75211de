"""`lipchord check`: what a job would take, or all that is wrong with it, before it is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from deploy.asking import Asked, asking
from deploy.calling import JSON, URL, client
from deploy.console import complain, put_json, put_rows, waiting, warn
from deploy.exits import Exit

if TYPE_CHECKING:
    from lipchord_client import RefusedError
    from lipchord_client.views import CheckView


@click.command()
@asking
@click.option("--workers", type=click.IntRange(1, 64), help="Render workers to plan for.")
@click.option("--webhook", help="An https URL that would be told.")
@JSON
@URL
def check(
    asked: Asked, workers: int | None, webhook: str | None, as_json: bool, url: str | None
) -> None:
    """Say what a job would take, or all that is wrong with it; nothing is rendered.

    Takes what `lipchord submit` takes. The API's own sentences say what is wrong, all of it at
    once; files are sent and looked at. With --json: the estimate, or the problem (RFC 9457).
    """
    from lipchord_client import BusyError, RefusedError

    more = {"webhook": webhook, "num_workers": workers}
    how = asked.how() | {name: value for name, value in more.items() if value is not None}
    try:
        with waiting("the API looks at it …"):
            found = client(url).check(asked.text, audio=asked.audio, face=asked.face, **how)
    except RefusedError as error:
        _refused(error, as_json)
        raise click.exceptions.Exit(Exit.REFUSED) from error
    except BusyError as error:
        if as_json:
            put_json(error.problem)
        raise
    if as_json:
        put_json(found)
        return
    put_rows(("what", "estimate"), _rows(found))
    for warning in found["warnings"]:
        warn(warning)


def _refused(error: RefusedError, as_json: bool) -> None:
    if as_json:
        put_json(error.problem)
        return
    faults = error.problem.get("errors") or [error.problem]
    for fault in faults:
        complain(str(fault.get("detail") or error))


def _rows(found: CheckView) -> list[tuple[str, str]]:
    """Facts by name, in a person's units."""
    about = "" if found["exact"] else "about "
    nobody = "nobody can say: no worker is ready"

    def seconds(value: float | None) -> str:
        return nobody if value is None else f"{value:.1f} s"

    return [
        ("frames", f"{about}{found['n_frames']}"),
        ("speech", f"{about}{found['speech_seconds']:.2f} s"),
        ("chunks", f"{found['chunks']} on {found['workers']} workers"),
        ("wait", seconds(found["wait_seconds"])),
        ("render", seconds(found["render_seconds"])),
        ("video after", seconds(found["total_seconds"])),
    ]
