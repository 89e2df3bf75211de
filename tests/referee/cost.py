"""What taking in a face video costs: `PYTHONPATH=tests .venv/bin/python -m referee.cost`."""

import os
import resource
import time
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import films
import people

from lipsync_engine.ingest import Limits, ingest_face
from lipsync_engine.locate import built_in, locate
from lipsync_engine.video import encode_chunk

FPS = Fraction(25)
SECONDS = 20


def main() -> None:
    """Print seconds for a photo of 512 and 2048 px, and for a video of 20 s at 720p."""
    os.environ["LIPCHORD_LOCATOR"] = "built-in"
    for factor in (1.0, 1.0, 4.0):  # the first loads the cascades
        photo = people.scaled(people.astronaut(), factor)[0]
        began = time.perf_counter()
        built_in.find_faces(photo)
        print(f"photo of {photo.shape[1]} px: {time.perf_counter() - began:.2f} s")
    with TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        film = films.astronaut(SECONDS * int(FPS), (1280, 720))
        encode_chunk((frame[None] for frame in film.frames), path, FPS)
        began = time.perf_counter()
        pictures = ingest_face(path, Path(folder), Limits(), FPS)
        read = time.perf_counter()
        face = locate(pictures.images, FPS)
        done = time.perf_counter()
    size = sum(map(len, face.images)) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"video of {SECONDS} s, 1280 x 720: read {read - began:.1f} s, located {done - read:.1f} s"
    )
    print(f"its pictures: {size:.0f} MB; peak memory with the test's own frames {peak:.2f} GB")


if __name__ == "__main__":
    main()
