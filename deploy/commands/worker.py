"""`lipchord worker`: this host's workers, on stores that run elsewhere."""

import click

from deploy.console import say
from deploy.interrupt import noticing
from deploy.places import Places


@click.command()
@click.option("--cpu/--no-cpu", default=True, help="A worker that plans and merges.")
@click.option("--render/--no-render", "rendering", default=True, help="Render workers.")
@click.option("--workers", type=click.IntRange(1), help="Render workers at most.")
@click.option("--cores-per-worker", type=click.IntRange(1), default=1, show_default=True)
@click.option("--generator", default="viseme", show_default=True, help="What the workers hold.")
@click.option("--var", default=".var/worker", show_default=True, help="Folder of logs.")
def worker(
    cpu: bool,
    rendering: bool,
    workers: int | None,
    cores_per_worker: int,
    generator: str,
    var: str,
) -> None:
    """Run this host's workers on the stores of LIPCHORD_QUEUE_URL and LIPCHORD_BLOB_URL."""
    from deploy import devices
    from deploy.hosting import run_workers

    plans = [devices.cpu_worker()] if cpu else []
    if rendering:
        machine = devices.look()
        plans += devices.render_workers(machine, generator, cores_per_worker, workers)
    if not plans:
        raise click.UsageError("--no-cpu and --no-render leave no worker to run.")
    with noticing() as interrupted:
        run_workers(plans, Places.at(var), say, interrupted)
