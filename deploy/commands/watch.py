"""`lipchord watch`: a job that was sent before, to its end."""

from pathlib import Path

import click

from deploy.asking import out_option
from deploy.calling import JSON, URL, client, job_argument


@click.command()
@job_argument()
@out_option(False, "Fetch the video into this file then.")
@JSON
@URL
def watch(job_id: str, out: Path | None, as_json: bool, url: str | None) -> None:
    """Show how a job gets on, until it has ended.

    Ctrl-C ends the watching, not the job. With --json: the job at each change of it.
    """
    from deploy import watching

    watching.watch(client(url).job(job_id), out, as_json)
