"""`lipchord doctor`: this host, looked over."""

import click
from rich.markup import escape
from rich.table import Table

from deploy.console import console
from deploy.exits import Exit


@click.command()
def doctor() -> None:
    """Look this host over, and say what to do about what is not well."""
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
        raise click.exceptions.Exit(Exit.UNEXPECTED)
