"""Six faces speak three languages: `make gallery`.

Each video goes through the same plan, render and merge as a job. Writes
out/gallery: NAME-LANGUAGE.mp4, a sheet of NAME's mouth in every shape, a sheet of
every third frame of NAME's first video. With --docs, a strip of each face and all
of them together are written to docs/img as well.
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
import click
import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.cast import cast
from benchmarks.contact_sheet import posed, sheet
from lipsync_engine import registry
from lipsync_engine.face import Face
from lipsync_engine.viseme.portrait import portrait
from tasks.contract import JobRequest
from tasks.plan import Capacity, make_plan
from tasks.render import Renderer
from tasks.settings import Settings
from tasks.stitch import stitch
from tasks.storage import MemoryStorage, fetch

Image = NDArray[np.uint8]  # (H, W, 3) BGR
OUT, DOCS = Path("out/gallery"), Path("docs/img")
LANGUAGES = {
    "ru": "Здравствуйте! Губы мои поспевают за словами.",
    "en": "Hello! My lips follow every single word.",
    "kk": "Сәлеметсіз бе! Еріндерім сөзге ілеседі.",
}
SHARES = (0.97, 0.75, 0.5)  # of a film's frames that open the mouth less than the one in the docs
MOUTH = 250  # pixels across a mouth on the sheets
STRIP = 300  # pixels of a picture's height in the docs
LARGEST = 60_000  # bytes of one of those


@click.command(help=__doc__)
@click.option("--docs", is_flag=True, help="Write the strips to docs/img too.")
def main(docs: bool) -> None:
    """Film every face in every language, and lay out the pictures of them."""
    console, started = Console(stderr=True), time.perf_counter()
    OUT.mkdir(parents=True, exist_ok=True)
    studio = Studio()
    strips = []
    for seed, (name, made) in enumerate(cast().items()):
        face = made()
        for language, text in LANGUAGES.items():
            frames = studio.film(face, text, language, OUT / f"{name}-{language}.mp4", seed)
            console.print(f"{name} {language}: {frames} frames")
        _save(OUT / f"{name}-mouth.png", mouth_sheet(face))
        films = [list(frames_of(OUT / f"{name}-{language}.mp4")) for language in LANGUAGES]
        numbered = [(str(number), close_up(face, film)) for number, film in enumerate(films[0])]
        _save(OUT / f"{name}-frames.png", sheet(numbered[::3], 8, 0.75))
        strips.append((name, strip(face, films)))
    if docs:
        DOCS.mkdir(parents=True, exist_ok=True)
        for name, picture in strips:
            (DOCS / f"{name}.webp").write_bytes(small(picture))
        (DOCS / "faces.webp").write_bytes(small(overview([picture for _, picture in strips])))
    console.print(f"{OUT}: {time.perf_counter() - started:.0f} s")


class Studio:
    """One generator and one store for all the videos, as in one worker."""

    def __init__(self) -> None:
        self._settings, self._storage = Settings.from_env(), MemoryStorage()
        generator = registry.create("viseme")
        generator.setup()
        self._renderer = Renderer(generator, self._storage, self._settings)

    def film(self, face: Face, text: str, language: str, out: Path, seed: int) -> int:
        """Make `out`; the number of its frames."""
        storage, settings = self._storage, self._settings
        key = storage.put(face.to_bytes(), settings.upload_ttl_s).key
        voice = None if seed % 2 else "f2"
        request = JobRequest(text=text, language=language, voice=voice, rate=150, seed=seed)
        plan = replace(make_plan(request, storage, settings, Capacity(), lambda _: None), face=key)
        chunks = [self._renderer.render(plan, chunk, lambda _: True).key for chunk in plan.chunks]
        fetch(storage, stitch(plan, chunks, storage, settings).key, out)
        return plan.n_frames


def mouth_sheet(face: Face) -> Image:
    """The mouth in the photo's own shape and in every pose."""
    ready = portrait(face.image(0), face.landmarks[0], torch.device("cpu"), sharp=True)
    box = ready.lips
    rows, across = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
    tiles = {"photo": ready.picture, **posed(ready)}
    named = [(name, image[rows, across]) for name, image in tiles.items() if "sway" not in name]
    return sheet([tile for tile in named if "blink" not in tile[0]], 6, MOUTH / box.width)


def frames_of(path: Path) -> Iterator[Image]:
    """Every frame of a video, (H, W, 3) BGR."""
    with av.open(str(path)) as source:
        for frame in source.decode(video=0):
            yield frame.to_ndarray(format="bgr24").astype(np.uint8)


def strip(face: Face, films: list[list[Image]]) -> Image:
    """The photo, and of each language one frame in which it speaks, eyes open."""
    photo, marks = face.image(0), face.landmarks[0]
    spoken = []
    for film, share in zip(films, SHARES, strict=True):
        eyes = [_unlike(frame, photo, marks[36:48]) for frame in film]
        awake = [frame for frame, lids in zip(film, eyes, strict=True) if lids <= np.median(eyes)]
        awake.sort(key=lambda frame: _unlike(frame, photo, marks[48:68]))
        spoken.append(awake[int(share * (len(awake) - 1))])
    return np.hstack([close_up(face, image) for image in (photo, *spoken)])


def overview(strips: list[Image]) -> Image:
    """All strips in two columns, half as large."""
    halved = [cv2.resize(s, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) for s in strips]
    rows = [np.hstack(halved[k : k + 2]) for k in range(0, len(halved), 2)]
    return np.vstack(rows).astype(np.uint8)


def close_up(face: Face, image: Image) -> Image:
    """The head alone, 240 x 300."""
    (x0, y0), (x1, y1) = face.landmarks[0].min(0), face.landmarks[0].max(0)
    side = 1.5 * max(x1 - x0, y1 - y0)
    centre = (float(x0 + x1) / 2, float(y0 + y1) / 2 - 0.05 * side)
    cut = cv2.getRectSubPix(image, (int(0.8 * side), int(side)), centre)
    small = cv2.resize(cut, (STRIP * 4 // 5, STRIP), interpolation=cv2.INTER_AREA)
    return small.astype(np.uint8)


def small(image: Image) -> bytes:
    """WebP of at most `LARGEST` bytes."""
    for quality in range(90, 20, -5):
        encoded = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        if len(encoded) <= LARGEST:
            return encoded
    sys.exit("a strip is too large for the docs")


def _unlike(a: Image, b: Image, marks: NDArray[np.float32]) -> float:
    """Mean difference of two pictures in the box of some landmarks."""
    (x0, y0), (x1, y1) = marks.min(0).astype(int), marks.max(0).astype(int) + 1
    box = np.s_[y0:y1, x0:x1]
    return float(np.abs(a[box].astype(np.int64) - b[box]).mean())


def _save(path: Path, image: Image) -> None:
    if not cv2.imwrite(str(path), image):
        sys.exit(f"{path} could not be written")


if __name__ == "__main__":
    main()
