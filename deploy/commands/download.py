"""`lipchord download`: the video of a job that has succeeded."""

from pathlib import Path

import click

from deploy.asking import out_option
from deploy.calling import JSON, URL, client, job_argument
from deploy.console import put_json


@click.command()
@job_argument()
@out_option(False, "MP4. Without: JOB.mp4 in this folder.")
@JSON
@URL
def download(job_id: str, out: Path | None, as_json: bool, url: str | None) -> None:
    """Fetch the video of a job.

    A download that broke goes on where it was when the command is given again; the file
    appears only whole, and as the API has it.
    """
    from deploy.watching import fetch

    job = client(url).job(job_id)
    file = out or Path(f"{job_id}.mp4")
    fetch(job, file)
    if as_json:
        put_json({"job": job.id, "file": str(file), **(job.view["video"] or {})})
    else:
        click.echo(str(file))
