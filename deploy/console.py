"""Where the command line writes: what was asked for to stdout, all else to stderr."""

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(what: str) -> None:
    """One line for an error."""
    errors.print(f"[red]error:[/] {escape(what)}")


def warn(what: str) -> None:
    """One line for what the user should know, though it went well."""
    errors.print(f"[yellow]warning:[/] {escape(what)}")


def hint(what: str) -> None:
    """One line about what can be done next."""
    errors.print(f"[dim]{escape(what)}")


def waiting(what: str) -> AbstractContextManager[object]:
    """A sign of life on a terminal while something takes its time; elsewhere nothing."""
    return errors.status(escape(what)) if errors.is_terminal else nullcontext()


def say(name: str, what: str) -> None:
    """One line about a process that is started or has died."""
    console.print(f"[dim]{name:>8}[/]  {escape(what)}")


def put_json(value: Mapping[str, object]) -> None:
    """One JSON document on one line: what `--json` prints, for each thing that is told."""
    click.echo(json.dumps(value, ensure_ascii=False))


def put_rows(names: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on a terminal; lines with tabs, and no head, where another program reads."""
    if not console.is_terminal:
        for row in rows:
            click.echo("\t".join(map(str, row)))
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for name in names:
        table.add_column(name, no_wrap=name == names[0])
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table)
