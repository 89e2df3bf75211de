"""`lipchord submit`: one job, from the wish to the file."""

import click
from rich.markup import escape

from deploy.asking import Asked, asking
from deploy.console import complain, console
from deploy.exits import Exit
from deploy.places import Places


@click.command()
@click.option("--url", help="Of the API. Without: of the stack that is up in this checkout.")
@click.option("--webhook", help="An https URL that is told when the job has ended.")
@asking
def submit(asked: Asked, url: str | None, webhook: str | None) -> None:
    """Send a job to a running stack, wait, fetch the video.

    An API that asks for a key gets the one in LIPCHORD_API_KEY.
    """
    from deploy.http_client import Client
    from deploy.progress import JobBars, bars
    from deploy.stack import running_url

    client = Client(url or running_url(Places.at(".var")) or "http://127.0.0.1:3000")
    more = {"webhook": webhook} if webhook else {}
    job = client.submit(asked.fields() | more, asked.files())
    try:
        with bars(console) as progress:
            shown = JobBars(progress, job["id"])
            for now in client.follow(job):
                shown.show(now)
                job = now
    except KeyboardInterrupt:
        client.cancel(job["id"])
        raise
    for warning in job["warnings"]:
        console.print(f"[yellow]warning:[/] {escape(warning)}")
    if job["state"] != "succeeded":
        complain(job["error"]["detail"] if job["error"] else f"The job is {job['state']}.")
        raise click.exceptions.Exit(Exit.NO_VIDEO)
    client.download(job["id"], asked.out)
    console.print(f"{escape(str(asked.out))}: {job['n_frames']} frames")
