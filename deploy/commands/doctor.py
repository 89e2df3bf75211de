"""`lipchord doctor`: this host, looked over."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from deploy.console import console, put_json
from deploy.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from deploy.doctor.finding import Finding


@click.command()
@click.option("--queue-url", help="Of the queue store. Without: LIPCHORD_QUEUE_URL, or the stack "
              "that is up.")  # fmt: skip
@click.option("--blob-url", help="Of the blob store. Without: LIPCHORD_BLOB_URL, or the stack.")
@click.option("--var", default=".var", show_default=True, help="Folder of the stack.")
@click.option("--json", "as_json", is_flag=True, help="For scripts: one finding a line.")
def doctor(queue_url: str | None, blob_url: str | None, var: str, as_json: bool) -> None:
    """Look this host over, and say what to do about what is not well.

    Programs, GPUs, memory, disks, ports, both stores and their clocks. Ends with 11 when
    something is not well.
    """
    from deploy.doctor.examination import findings
    from deploy.stack import StackOptions

    looks = findings(StackOptions(var=var), queue_url, blob_url)
    good = _as_json(looks) if as_json else _as_table(looks)
    if not good:
        raise click.exceptions.Exit(Exit.NOT_WELL)


def _as_json(looks: Iterable[Finding]) -> bool:
    good = True
    for finding in looks:
        put_json(asdict(finding))
        good = good and finding.good
    return good


def _as_table(looks: Iterable[Finding]) -> bool:
    table = Table(box=None, show_header=False)
    for _ in range(4):
        table.add_column(overflow="fold")
    good = True
    with console.status("looking …"):
        for finding in looks:
            good = good and finding.good
            sign = "[green]✓" if finding.good else "[red]✗"
            table.add_row(sign, finding.what, escape(finding.found), escape(finding.advice))
    console.print(table)
    return good
