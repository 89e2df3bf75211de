"""Where the command line writes: results and progress to stdout, complaints to stderr."""

from rich.console import Console
from rich.markup import escape

console = Console(highlight=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def complain(what: str) -> None:
    """One line for an error."""
    errors.print(f"[red]error:[/] {escape(what)}")


def say(name: str, what: str) -> None:
    """One line about a process that is started or has died."""
    console.print(f"[dim]{name:>8}[/]  {escape(what)}")
