"""`lipchord faces`: faces that the API keeps, to be used by id."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from deploy.asking import FILE
from deploy.calling import JSON, URL, client
from deploy.console import put_json, put_rows, waiting, warn

if TYPE_CHECKING:
    from lipchord_client import Face

NAMES = ("face", "kind", "size", "frames", "landmarks")


@click.group()
def faces() -> None:
    """Keep faces at the API, and use them by id."""


@faces.command()
@click.argument("file", type=FILE)
@JSON
@URL
def add(file: Path, as_json: bool, url: str | None) -> None:
    """Keep a picture or a short video of a face; prints its id."""
    with waiting("the API looks at the face …"):
        face = client(url).faces.add(file)
    for warning in face.view["warnings"]:
        warn(warning)
    if as_json:
        put_json(face.view)
    else:
        click.echo(face.id)


@faces.command("list")
@JSON
@URL
def list_(as_json: bool, url: str | None) -> None:
    """List faces, newest first."""
    found = client(url).faces
    if as_json:
        for face in found:
            put_json(face.view)
    else:
        put_rows(NAMES, [_row(face) for face in found])


@faces.command()
@click.argument("face_id", metavar="FACE")
@click.option("-o", "--out", type=click.Path(dir_okay=False, path_type=Path),
              help="Save a JPEG of it with its landmarks drawn.")  # fmt: skip
@JSON
@URL
def show(face_id: str, out: Path | None, as_json: bool, url: str | None) -> None:
    """Say what is known of a face."""
    face = client(url).faces.get(face_id)
    if out:
        face.preview(out)
    if as_json:
        put_json(face.view)
    else:
        put_rows(NAMES, [_row(face)])


@faces.command()
@click.argument("face_ids", metavar="FACE", nargs=-1, required=True)
@JSON
@URL
def delete(face_ids: tuple[str, ...], as_json: bool, url: str | None) -> None:
    """Forget faces; jobs that have them go on."""
    known = client(url).faces
    for face_id in face_ids:
        known.get(face_id).delete()
        if as_json:
            put_json({"id": face_id, "deleted": True})
        else:
            click.echo(f"{face_id}\tdeleted")


def _row(face: Face) -> tuple[object, ...]:
    view = face.view
    origin = "corrected by hand" if view["corrected"] else view["locator"]
    return face.id, view["kind"], f"{view['width']}×{view['height']}", view["n_frames"], origin
