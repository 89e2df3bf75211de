"""Contact sheets, to look at: a face in all its mouth shapes, or every n-th frame of a video.

python benchmarks/contact_sheet.py poses out/poses.png [--face me.jpg] [--crop mouth] [--zoom 2]
python benchmarks/contact_sheet.py video demo.mp4 out/frames.png [--every 5]
"""

from collections.abc import Iterable
from pathlib import Path

import av
import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine.avatar import default_face
from lipsync_engine.face import Face
from lipsync_engine.locate import locate
from lipsync_engine.viseme.idle import SWAY_LIMITS, Sway
from lipsync_engine.viseme.mouth import MOUTH_PARAMETERS
from lipsync_engine.viseme.portrait import Portrait, portrait
from lipsync_engine.viseme.rig import Motion, draw

Image = NDArray[np.uint8]

# name -> parameters that are not 0; "lids" is a blink, "sway" -1..1 the head's farthest places
SOUNDS: dict[str, dict[str, float]] = {
    "p b m": {"lip_closure": 1.0, "jaw_open": 0.15},
    "f v": {"labiodental": 1.0, "jaw_open": 0.12},
    "a": {"jaw_open": 0.6},
    "e": {"jaw_open": 0.35, "width": 0.4},
    "i": {"jaw_open": 0.15, "width": 0.9, "lower_depress": 0.3, "upper_raise": 0.2},
    "o": {"jaw_open": 0.4, "rounding": 0.65, "width": -0.3},
    "u": {"jaw_open": 0.12, "rounding": 1.0, "width": -0.6},
    "s": {"jaw_open": 0.05, "width": 0.3, "upper_raise": 0.5, "lower_depress": 0.6},
    "sh": {"jaw_open": 0.1, "rounding": 0.5, "upper_raise": 0.6, "lower_depress": 0.3},
    "l": {"jaw_open": 0.3, "tongue": 1.0},
    "th": {"jaw_open": 0.12, "tongue": 1.0, "lower_depress": 0.2},
}
POSES: dict[str, dict[str, float]] = {
    "rest": {},
    **SOUNDS,
    **{f"{name} half": {k: v / 2 for k, v in sound.items()} for name, sound in SOUNDS.items()},
    "a shouted": {"jaw_open": 1.0},
    **{f"blink {shut}": {"lids": shut} for shut in (0.25, 0.5, 0.75, 0.9, 1.0)},
    "sway left": {"sway": -1.0},
    "sway right": {"sway": 1.0},
}


@click.group(help=__doc__)
def main() -> None:
    pass


@main.command()
@click.argument("png", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--face", "picture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--crop", type=click.Choice(["all", "face", "mouth"]), default="face")
@click.option("--zoom", type=float, default=1.0, help="of the pictures' own size")
@click.option("--columns", type=click.IntRange(1), default=6)
def poses(png: Path, picture: Path | None, crop: str, zoom: float, columns: int) -> None:
    """A face (the avatar, or a photo) as on the photo, speaking, blinking, swaying."""
    face = default_face() if picture is None else photo(picture)
    ready = portrait(face.image(0), face.landmarks[0], torch.device("cpu"), sharp=True)
    box = {"face": ready.roi, "mouth": ready.lips}.get(crop)
    tiles = {"photo": ready.picture, **posed(ready)}
    if box is not None:
        rows, across = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
        tiles = {name: image[rows, across] for name, image in tiles.items()}
    save(png, sheet(tiles.items(), columns, zoom))


@main.command()
@click.argument("video", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("png", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--every", type=click.IntRange(1), default=5, help="frames from one to the next")
@click.option("--most", type=click.IntRange(1), default=48, help="pictures on the sheet")
@click.option("--zoom", type=float, default=0.4, help="of the frames' own size")
@click.option("--columns", type=click.IntRange(1), default=8)
def video(video: Path, png: Path, every: int, most: int, zoom: float, columns: int) -> None:
    """Every n-th frame of a video, numbered."""
    tiles: list[tuple[str, Image]] = []
    with av.open(str(video)) as source:
        for number, frame in enumerate(source.decode(video=0)):
            if number % every == 0 and len(tiles) < most:
                tiles.append((str(number), frame.to_ndarray(format="bgr24").astype(np.uint8)))
    save(png, sheet(tiles, columns, zoom))


def photo(path: Path) -> Face:
    """A photo with the landmarks that the service would find."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        raise click.BadParameter(f"{path} is no picture that OpenCV can read")
    return locate([cv2.imencode(".png", image)[1].tobytes()])


def posed(face: Portrait) -> dict[str, Image]:
    """Every pose's name and frame, (H, W, 3) uint8 BGR."""
    return {name: _frame(face, values) for name, values in POSES.items()}


def _frame(face: Portrait, values: dict[str, float]) -> Image:
    mouth = [[values.get(name, 0.0) for name in MOUTH_PARAMETERS]]
    away = values.get("sway", 0.0)
    motion = Motion(
        np.array(mouth, np.float32),
        np.array([values.get("lids", 0.0)]),
        Sway(away * SWAY_LIMITS[None, :2], away * SWAY_LIMITS[2:]),
    )
    return draw(face, motion)[0]


def sheet(tiles: Iterable[tuple[str, Image]], columns: int, zoom: float) -> Image:
    """Named pictures of one size, side by side."""
    ready = [_labelled(name, image, zoom) for name, image in tiles]
    if not ready:
        raise click.ClickException("there is no picture to show")
    while len(ready) % columns:
        ready.append(np.zeros_like(ready[0]))
    rows = [np.hstack(ready[first : first + columns]) for first in range(0, len(ready), columns)]
    return np.vstack(rows)


def save(png: Path, image: Image) -> None:
    png.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(png), image)
    click.echo(f"{png}: {image.shape[1]} x {image.shape[0]}")


def _labelled(name: str, image: Image, zoom: float) -> Image:
    how = cv2.INTER_CUBIC if zoom > 1 else cv2.INTER_AREA
    tile = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=how).astype(np.uint8)
    for thickness, colour in ((3, (0, 0, 0)), (1, (255, 255, 255))):
        at = (5, tile.shape[0] - 7)
        cv2.putText(tile, name, at, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, thickness, cv2.LINE_AA)
    return tile


if __name__ == "__main__":
    main()
