"""Lists that the API gives page by page, as one run of things."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from lipchord_client.transport import Transport

PAGE = 100  # things the API gives at most at a time


def pages(transport: Transport, path: str, name: str, limit: int | None = None) -> Iterator[Any]:
    """Things under `name`, newest first; the next page is asked for when it is needed.

    Args:
        limit: at most so many; None: all there are.
    """
    cursor, left = "", limit
    while left is None or left > 0:
        query = {"limit": str(PAGE if left is None else min(left, PAGE))}
        query |= {"cursor": cursor} if cursor else {}
        page = transport.ask("GET", f"{path}?{urlencode(query)}").json()
        yield from page[name]
        cursor = page.get("next_cursor")
        if not cursor:
            return
        left = None if left is None else left - len(page[name])
