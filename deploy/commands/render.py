"""`lipchord render`: one video in this very process."""

from pathlib import Path

import click
from rich.markup import escape

from deploy.asking import Asked, asking, out_option
from deploy.console import console


@click.command()
@asking
@out_option(True, "MP4.")
def render(asked: Asked, out: Path) -> None:
    """Make a video in this process: no store, no queue."""
    from deploy.rendering import render_here

    console.print(escape(render_here(asked, out, console)))
