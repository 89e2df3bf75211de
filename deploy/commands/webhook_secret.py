"""`lipchord webhook-secret`: what receivers of webhooks verify them with."""

import os

import click

from deploy.places import Places


@click.command("webhook-secret")
@click.option("--var", default=".var", show_default=True, help="Folder of the stack that is up.")
def webhook_secret(var: str) -> None:
    """Show the secret by which receivers of webhooks verify them."""
    from deploy.running import running_queue
    from tasks.settings import Settings
    from tasks.stores import connect
    from tasks.webhooks.outbox import Outbox

    told = any(os.environ.get(f"LIPCHORD_QUEUE_URL{end}") for end in ("", "_FILE"))
    running = None if told else running_queue(Places.at(var))
    click.echo(Outbox(connect(running or Settings.from_env().queue_url)).secret())
