"""`lipchord api`: the API alone, on stores that run elsewhere."""

import os

import click


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 for every address.")
@click.option("--port", default=3000, show_default=True, help="Where it listens.")
@click.option("--threads", type=click.IntRange(1), default=128, show_default=True,
              help="Most of them wait for a job, watch it, or send a video.")  # fmt: skip
@click.option("--drain", type=click.IntRange(0), default=30, show_default=True,
              help="Seconds that requests may still take after SIGTERM.")  # fmt: skip
def api(host: str, port: int, threads: int, drain: int) -> None:
    """Run the API alone, on the stores of LIPCHORD_QUEUE_URL and LIPCHORD_BLOB_URL."""
    from deploy.services import api_command
    from tasks.settings import Settings

    Settings.from_env()  # what is wrong with it is better said here than by gunicorn's traceback
    command = api_command(host, port, drain, threads)
    # In place of this process: signals of a container or of systemd then reach gunicorn itself.
    os.execv(command[0], command)  # noqa: S606
