"""`lipchord probe`: is a part of Lipchord well? For health checks of containers and scripts."""

import time

import click

from deploy.exits import Exit


@click.command()
@click.argument("part", type=click.Choice(["api", "ready", "queue", "blobs", "worker"]))
@click.option("--url", default="http://127.0.0.1:3000", show_default=True, help="Of the API.")
@click.option("--name", help="Of this host's workers in the fleet. Default: the machine's name.")
@click.option("--wait", type=click.FloatRange(0), default=0.0, help="Ask for so many seconds.")
def probe(part: str, url: str, name: str | None, wait: float) -> None:
    """Exit 0 where PART is well, 1 with a sentence where it is not.

    \b
    api     its process answers
    ready   a job that is sent to it now would be started
    queue   the store of LIPCHORD_QUEUE_URL answers
    blobs   the store of LIPCHORD_BLOB_URL answers
    worker  this host's workers are heard in the fleet, with their generators loaded
    """
    from deploy import probing

    end = time.monotonic() + wait
    while (wrong := probing.wrong_with(part, url, name)) and time.monotonic() < end:
        time.sleep(0.5)
    click.echo(wrong or f"{part}: well", err=bool(wrong))
    if wrong:
        raise click.exceptions.Exit(Exit.UNEXPECTED)
