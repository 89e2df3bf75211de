"""What looking for known chunks costs a plan: `python -m benchmarks.reuse`, on a store of its own.

For each length: chunks of 10 s of noise at 1 MB each (as the avatar's are), all of
them known and all taken, which includes reading them; then the same with 256
known chunks of other sounds besides, which is the bound.
"""

import os
import time
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from rich.console import Console
from rich.table import Table

from deploy import stores
from deploy.guard import Guard
from deploy.ports import free_port
from deploy.processes import Child, stop_all
from lipsync_engine import video
from lipsync_engine.audio import needed_samples, read_slice
from lipsync_engine.generator import AudioContext
from lipsync_engine.look import Look
from lipsync_engine.timeline import SAMPLE_RATE, FrameRange
from tasks.known import MAX_KNOWN, Known, KnownChunks, heard_by, scene_of
from tasks.reuse import Reuse
from tasks.storage import RedisStorage
from tasks.stores import connect
from tasks.versions import Renderers

FPS, CONTEXT = Fraction(25), AudioContext(16_200, 16_200)
CHUNK = 250  # frames
ROUNDS = 9


def measured(url: str, folder: Path, seconds: int, console: Table) -> None:
    """One row: medians of the two cases, milliseconds."""
    client = connect(url)
    client.flushall()
    storage, known = RedisStorage(client), KnownChunks(client, 600)
    reuse = Reuse(Renderers("f", CONTEXT), known)
    pcm = np.random.default_rng(0).integers(-9, 9, seconds * SAMPLE_RATE, np.int16).tobytes()
    scene, n_frames = scene_of("f", "face", FPS, Look()), seconds * 25
    for first in range(0, n_frames, CHUNK):
        frames = FrameRange(first, CHUNK)
        path = folder / "chunk.mp4"
        noise = np.random.default_rng(first).integers(0, 255, (CHUNK, 90, 160, 3), np.uint8)
        video.encode_chunk([noise // 4], path, FPS)
        key = storage.put(path.read_bytes(), 600).key
        place = needed_samples(frames, FPS, CONTEXT.before, CONTEXT.after)
        heard = heard_by(read_slice(BytesIO(pcm), len(pcm) // 2, *place))
        known.add(scene, Known(first, CHUNK, heard, key))
    size = path.stat().st_size
    alone = timed(reuse, pcm, n_frames, storage, folder)
    for number in range(MAX_KNOWN - n_frames // CHUNK):
        length = CHUNK - number % 128
        known.add(scene, Known(number % (n_frames - length + 1), length, f"other {number}", "no"))
    besides = timed(reuse, pcm, n_frames, storage, folder)
    console.add_row(f"{seconds} s", f"{size / 1e6:.1f} MB", f"{alone:.1f}", f"{besides:.1f}")


def timed(reuse: Reuse, pcm: bytes, n_frames: int, storage: RedisStorage, folder: Path) -> float:
    """Median of some rounds, milliseconds."""
    laps = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        reuse.find("face", FPS, Look(), pcm, n_frames, storage, folder)
        laps.append(time.perf_counter() - started)
    return float(np.median(laps)) * 1000


def main() -> None:
    """Measure and print."""
    table = Table("speech", "a chunk", "all known, ms", f"{MAX_KNOWN} known, ms")
    with TemporaryDirectory() as name, Guard() as guard:
        folder = Path(name)
        spec = stores.StoreSpec("blobs", free_port(), folder, "blobs", 512 * 2**20)
        child = Child(stores.process(spec, stores.find_server()), folder, guard)
        stores.wait_ready(spec, child)
        for seconds in (10, 60, 240):
            measured(spec.url, folder, seconds, table)
        stop_all([child])
    Console().print(table, f"{os.cpu_count()} cores")


if __name__ == "__main__":
    main()
