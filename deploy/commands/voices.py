"""`lipchord voices`: who can speak."""

import click

from deploy.calling import JSON, URL, client
from deploy.console import put_json, put_rows


@click.command()
@click.argument("search", required=False, default="")
@JSON
@URL
def voices(search: str, as_json: bool, url: str | None) -> None:
    """List languages and their voices; SEARCH: those whose code or name has it."""
    wanted = search.casefold()
    found = [
        voice
        for voice in client(url).voices()
        if wanted in voice["language"].casefold() or wanted in voice["name"].casefold()
    ]
    if as_json:
        for voice in found:
            put_json(voice)
    else:
        put_rows(
            ("language", "name", "variants"),
            [(v["language"], v["name"], " ".join(v["variants"])) for v in found],
        )
