"""Tables of measurements in the documentation, each between two marks of its name."""

from collections.abc import Iterable, Sequence
from pathlib import Path

PERFORMANCE = Path(__file__).parent.parent / "docs" / "performance.md"


def put(name: str, table: str, page: Path = PERFORMANCE) -> None:
    """Replace what stands between `<!-- name -->` and `<!-- end of name -->`.

    Raises:
        ValueError: the page has no such marks.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, found, rest = page.read_text().partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{page} has no {begin.strip()} … {end}: add the two lines.")
    page.write_text(f"{before}{begin}{table.strip()}\n{end}{after}")


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)
