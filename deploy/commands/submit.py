"""`lipchord submit`: one job, from the wish to the file."""

from pathlib import Path
from typing import Any

import click

from deploy.asking import Asked, asking, out_option
from deploy.calling import JSON, URL, client
from deploy.console import hint, put_json, waiting


@click.command()
@asking
@out_option(False, "MP4. Without: the job is sent, its id printed, and that is all.")
@click.option("--workers", type=click.IntRange(1, 64), help="Render workers to plan for.")
@click.option("--webhook", help="An https URL that is told when the job has ended.")
@click.option("--wait", is_flag=True, help="Watch it to its end without --out too.")
@JSON
@URL
def submit(
    asked: Asked,
    out: Path | None,
    workers: int | None,
    webhook: str | None,
    wait: bool,
    as_json: bool,
    url: str | None,
) -> None:
    """Send a job to an API, watch it, fetch the video.

    With -o it waits for the video; without it prints the job's id and ends. An API that asks
    for a key gets the one in LIPCHORD_API_KEY. Sent again after a lost connection it is still
    one job.
    """
    from deploy.watching import watch

    more: dict[str, Any] = {"webhook": webhook, "num_workers": workers}
    how = asked.how() | {name: value for name, value in more.items() if value is not None}
    with waiting("sending …"):
        job = client(url).submit(asked.text, audio=asked.audio, face=asked.face, **how)
    if out or wait:
        watch(job, out, as_json)
    elif as_json:
        put_json(job.view)
    else:
        click.echo(job.id)
        hint(f"Watch it: lipchord watch {job.id} -o video.mp4")
