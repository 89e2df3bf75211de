"""`lipchord render`: one video in this very process."""

import click
from rich.markup import escape

from deploy.asking import Asked, asking
from deploy.console import console


@click.command()
@asking
def render(asked: Asked) -> None:
    """Make a video in this process: no store, no queue."""
    from deploy.rendering import render_here

    console.print(escape(render_here(asked, console)))
