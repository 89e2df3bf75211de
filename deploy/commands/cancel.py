"""`lipchord cancel`: jobs that are not wanted any more."""

import click

from deploy.calling import JSON, URL, client, job_argument
from deploy.console import put_json


@click.command()
@job_argument(many=True)
@click.option("--delete", is_flag=True, help="Drop their videos and files too.")
@JSON
@URL
def cancel(job_ids: tuple[str, ...], delete: bool, as_json: bool, url: str | None) -> None:
    """End jobs; one that has ended stays as it is."""
    api = client(url)
    for job_id in job_ids:
        job = api.job(job_id)
        job = job.delete() if delete else job.cancel()
        if as_json:
            put_json(job.view)
        else:
            click.echo(f"{job.id}\t{job.state}{', its files are gone' if delete else ''}")
