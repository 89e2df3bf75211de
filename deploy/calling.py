"""What every command has that talks to an API: where it is, the client, jobs by id."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from lipchord_client import Client, LipchordError

T = TypeVar("T", bound=Callable[..., Any])

OFFERED_JOBS = 20  # ids that a shell's completion shows

URL = click.option(
    "--url",
    help="Of the API. Without: LIPCHORD_URL, or the stack that is up in this checkout.",
)
JSON = click.option(
    "--json", "as_json", is_flag=True, help="For scripts: the API's own JSON, one document a line."
)


def job_argument(many: bool = False) -> Callable[[T], T]:
    """A command's job, or its jobs."""
    name = "job_ids" if many else "job_id"
    return click.argument(
        name, metavar="JOB", nargs=-1 if many else 1, required=True, shell_complete=_recent_jobs
    )


def client(url: str | None) -> Client:
    """Of the API at `url`, or of the one that is nearest. Raises UnreachableError."""
    from lipchord_client import Client

    return Client(_address(url), on_retry=_tell)


def _address(url: str | None) -> str | None:
    """None leaves it to the client, which has a default."""
    from deploy.places import Places
    from deploy.running import running_url

    return url or os.environ.get("LIPCHORD_URL") or running_url(Places.at(".var"))


def _tell(error: LipchordError, seconds: float) -> None:
    from deploy.console import hint

    if seconds >= 1:  # what is mended within a second is nobody's business
        hint(f"{error} Trying again in {seconds:.0f} s …")


def _recent_jobs(
    ctx: click.Context, _param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """The newest jobs, for a shell; none where no API answers at once."""
    from click.shell_completion import CompletionItem

    from lipchord_client import Client, LipchordError

    try:
        near = Client(_address(ctx.params.get("url")), timeout_s=1, patience_s=0)
        jobs = list(near.jobs(OFFERED_JOBS))
    except LipchordError:
        return []
    return [CompletionItem(j.id, help=j.state) for j in jobs if j.id.startswith(incomplete)]
