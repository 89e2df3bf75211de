"""`lipchord worker`: this host's workers, on stores that run elsewhere."""

from typing import Any

import click

from deploy.console import say
from deploy.interrupt import noticing
from deploy.places import Places


@click.command()
@click.option("--cpu/--no-cpu", default=True, help="A worker that plans and merges.")
@click.option("--render/--no-render", "rendering", default=True, help="Render workers.")
@click.option("--workers", "at_most", type=click.IntRange(1), help="Render workers at most.")
@click.option("--devices", help="GPUs to use, such as 0,1 or a UUID; none: the CPU. Default: all.")
@click.option("--cores", help="CPU cores to use, such as 0-3,6. Default: all.")
@click.option("--per-device", type=click.IntRange(1), default=1, show_default=True,
              help="Render workers that share a GPU or a group of cores.")  # fmt: skip
@click.option("--cores-per-worker", "group_size", type=click.IntRange(1), default=1,
              show_default=True, help="Where there is no GPU.")  # fmt: skip
@click.option("--generator", default="viseme", show_default=True, envvar="LIPCHORD_GENERATOR",
              help="What the render workers hold.")  # fmt: skip
@click.option("--name", help="Of this host in the fleet. Default: the machine's name.")
@click.option("--var", default=".var/worker", show_default=True, help="Folder of logs.")
@click.option("--log-to-stdout", "to_stdout", is_flag=True,
              help="The workers' logs to stdout, for containers, and not to files.")  # fmt: skip
def worker(cpu: bool, var: str, to_stdout: bool, **options: Any) -> None:
    """Run this host's workers on the stores of LIPCHORD_QUEUE_URL and LIPCHORD_BLOB_URL."""
    from deploy.hosting import HostOptions, plans_of, run_workers

    plans = plans_of(HostOptions(cpu_workers=int(cpu), **options))
    if not plans:
        raise click.UsageError("--no-cpu and --no-render leave no worker to run.")
    with noticing() as interrupted:
        run_workers(plans, Places.at(var), say, interrupted, to_stdout)
