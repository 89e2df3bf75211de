"""The command line: lipchord up | render | submit | worker | webhook-secret | check."""

import os
import sys
import traceback
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.asking import Asked, asking
from deploy.errors import DeployError, HttpError, InterruptedStartError
from deploy.interrupt import noticing
from deploy.places import Places

EXIT_CODES = """\b
Exit codes: 0 done, 1 unexpected error, 2 wrong usage, 3 no store server,
4 port taken, 5 up already, 6 a process does not stay up, 7 no API answers,
8 the input was refused, 9 no video was made, 130 interrupted.
"""
UNEXPECTED, REFUSED, NO_VIDEO, INTERRUPTED = 1, 8, 9, 130

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lipchord")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Text or speech, and a face, in; a talking video out."""


@cli.command()
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
            with Stack(StackOptions(**options), _say, interrupted) as stack:
                _greet(stack.url, stack.flower_url, stack.flower_login, options["flower"])
                while not interrupted():
                    stack.wait(0.2)
                console.print("[dim]stopping …")
        except InterruptedStartError:
            pass
    console.print("Stopped. What was not done goes on at the next [bold]lipchord up[/].")


@cli.command()
@asking
def render(asked: Asked) -> None:
    """Make a video in this process: no store, no queue."""
    from deploy.rendering import render_here

    console.print(escape(render_here(asked, console)))


@cli.command()
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
        why = job["error"]["detail"] if job["error"] else f"The job is {job['state']}."
        raise click.exceptions.Exit(_complain(why, NO_VIDEO))
    client.download(job["id"], asked.out)
    console.print(f"{escape(str(asked.out))}: {job['n_frames']} frames")


@cli.command()
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
        run_workers(plans, Places.at(var), _say, interrupted)


@cli.command("webhook-secret")
@click.option("--var", default=".var", show_default=True, help="Folder of the stack that is up.")
def webhook_secret(var: str) -> None:
    """Show the secret by which receivers of webhooks verify them."""
    from deploy.stack import running_queue
    from tasks.settings import Settings
    from tasks.stores import connect
    from tasks.webhooks.outbox import Outbox

    given = os.environ.get("LIPCHORD_QUEUE_URL") or running_queue(Places.at(var))
    click.echo(Outbox(connect(given or Settings().queue_url)).secret())


@cli.command()
def check() -> None:
    """Say what this machine has and what it lacks."""
    from deploy.checkup import findings

    table = Table(box=None, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    good = True
    for finding in findings():
        good = good and finding.good
        sign = "[green]✓" if finding.good else "[red]✗"
        table.add_row(sign, finding.what, escape(finding.found), escape(finding.advice))
    console.print(table)
    if not good:
        raise click.exceptions.Exit(UNEXPECTED)


def main() -> None:
    """The console script: one line for an error, a traceback only with --debug."""
    if "render" in sys.argv:
        _settle_environment()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """The exit code of a command line; errors are printed."""
    try:
        code = cli.main(arguments, prog_name="lipchord", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Abort:
        return _complain("Interrupted.", INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Exception as error:
        if "--debug" in arguments:
            traceback.print_exc()
        return _complain(*_told(error))


def _told(error: Exception) -> tuple[str, int]:
    """An error in words for the user, and the exit code."""
    from lipsync_engine.errors import EngineError, InputError
    from merge.errors import MergeError
    from tasks.errors import RejectedError, TasksError

    if isinstance(error, HttpError) and 400 <= error.status < 500:
        return str(error), REFUSED
    if isinstance(error, DeployError):
        return str(error), error.exit_code
    if isinstance(error, (InputError, RejectedError)):
        return str(error), REFUSED
    if isinstance(error, (EngineError, MergeError, TasksError)):
        return str(error), NO_VIDEO
    if isinstance(error, OSError):
        return str(error), UNEXPECTED
    return (
        f"{type(error).__name__}: {error}. This is a defect; `lipchord --debug …` shows where.",
        UNEXPECTED,
    )


def _complain(what: str, code: int) -> int:
    errors.print(f"[red]error:[/] {escape(what)}")
    return code


def _say(name: str, what: str) -> None:
    console.print(f"[dim]{name:>8}[/]  {escape(what)}")


def _greet(url: str, flower_url: str, flower_login: str, has_flower: bool) -> None:
    console.print(f"\nLipchord is up on [bold]{url}[/] (API: {url}/docs)")
    if has_flower:
        user, password = flower_login.split(":")
        console.print(f"Flower on {flower_url}, user {user}, password [bold]{password}[/]")
    console.print("Ctrl-C stops all of it.\n")


def _settle_environment() -> None:
    """Start this very command again with variables that are read before Python's first line.

    malloc's, which save a third of the time, and those that keep caches and
    temporary files in the checkout.
    """
    from deploy.devices import CPU_RENDERING

    if not CPU_RENDERING.keys() <= os.environ.keys():
        places = Places.at(os.environ.get("LIPCHORD_VAR_DIR", ".var"))
        folder = places.var / "tmp"
        folder.mkdir(parents=True, exist_ok=True)
        env = {**os.environ, **places.env(), "TMPDIR": str(folder), **CPU_RENDERING}
        os.execve(sys.executable, sys.orig_argv, env)  # noqa: S606


if __name__ == "__main__":
    main()
