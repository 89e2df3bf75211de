"""`lipchord up`: stores, API, Flower and workers on this machine, until Ctrl-C."""

from typing import Any

import click

from deploy.console import console, say
from deploy.errors import InterruptedStartError
from deploy.interrupt import noticing


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for every address.")
@click.option("--port", default=3000, show_default=True, help="Of the API; 0: any free one.")
@click.option("--flower-port", default=5555, show_default=True, help="Of Flower.")
@click.option("--flower/--no-flower", default=True, help="Whether Flower runs.")
@click.option("--queue-port", default=6390, show_default=True, help="Of the queue store.")
@click.option("--blob-port", default=6391, show_default=True, help="Of the blob store.")
@click.option("--workers", "render_workers", type=click.IntRange(1), help="Render workers at most.")
@click.option("--cores-per-worker", "group_size", type=click.IntRange(1), default=1,
              show_default=True, help="Where there is no GPU.")  # fmt: skip
@click.option("--generator", default="viseme", show_default=True, help="What the workers hold.")
@click.option("--var", default=".var", show_default=True, help="Folder of stores, logs, state.")
def up(**options: Any) -> None:
    """Start everything and keep it up until Ctrl-C."""
    from deploy.stack import Stack, StackOptions

    with noticing() as interrupted:
        try:
            with Stack(StackOptions(**options), say, interrupted) as stack:
                _greet(stack.url, stack.flower_url, stack.flower_login, options["flower"])
                while not interrupted():
                    stack.wait(0.2)
                console.print("[dim]stopping …")
        except InterruptedStartError:
            pass
    console.print("Stopped. What was not done goes on at the next [bold]lipchord up[/].")


def _greet(url: str, flower_url: str, flower_login: str, has_flower: bool) -> None:
    console.print(f"\nLipchord is up on [bold]{url}[/] (API: {url}/docs)")
    if has_flower:
        user, _, password = flower_login.partition(":")
        console.print(f"Flower on {flower_url}, user {user}, password [bold]{password}[/]")
    console.print("Ctrl-C stops all of it.\n")
