"""`lipchord store`: one of the two stores alone, for other hosts."""

import click


@click.command()
@click.argument("kind", type=click.Choice(["queue", "blobs"]))
@click.option("--host", default="127.0.0.1", show_default=True,
              help="0.0.0.0 for every address; then a password is needed.")  # fmt: skip
@click.option("--port", type=int, help="Default: 6390 of the queue, 6391 of the blobs.")
@click.option("--dir", "folder", help="Where its file lies. Default: .var/stores/KIND.")
@click.option("--maxmemory", help="Such as 3gb; past it writes are refused, nothing is evicted.")
def store(
    kind: str, host: str, port: int | None, folder: str | None, maxmemory: str | None
) -> None:
    """Run one of the two stores alone, behind the password of its settings."""
    from deploy.keeping import keep

    keep(kind, host, port, folder, maxmemory)  # type: ignore[arg-type]
