"""What a chunk costs one pinned render worker: `python benchmarks/chunk_costs.py [out.json]`.

Renders and encodes chunks of several lengths from one speech, as a render worker
does (slice of sound, generator, H.264 chunk), and fits seconds = fixed + per_frame * frames
by least squares. `spread` is how much longer the slowest chunk of one length took
than the mean of its length: the lag that a queue sees between like workers.
The figures belong into lipsync_engine/chunking.py, `MEASURED`; what the store and
the messages add to `fixed_s` shows only in `make bench`, so give it by --messages.
"""

import argparse
import json
import os
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from statistics import mean

import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine import registry, speech
from lipsync_engine.audio import needed_samples, read_slice
from lipsync_engine.avatar import default_face
from lipsync_engine.generator import Generator, Look
from lipsync_engine.sound import Sound
from lipsync_engine.timeline import FrameRange, frame_count
from lipsync_engine.video import encode_chunk

FPS = Fraction(25)
LENGTHS = (8, 25, 50, 100, 200)  # frames of a chunk
SENTENCES = (
    "A talking face is cut where the voice is silent. ",
    "Every worker takes the next piece as soon as it is free. ",
    "My mother bought a big blue umbrella, and put it by the door. ",
    "She sees three keys under the wooden table; nobody knows whose they are. ",
)


def main() -> None:
    """Measure, print, and write the JSON that the cost model's constants come from."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("json", nargs="?", type=Path, default=Path("out/chunk_costs.json"))
    parser.add_argument("--generator", default="viseme")
    parser.add_argument("--core", type=int, default=0, help="the core to be pinned to")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--messages", type=float, default=0.0, help="seconds a chunk spends in the queue and store"
    )
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {arguments.core})
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        times = measure(registry.create(arguments.generator), arguments.repeats, Path(folder))
    report = {
        "generator": arguments.generator,
        "face": "shipped avatar, {}x{}".format(*default_face().size),
        "fps": str(FPS),
        "seconds_by_frames": {str(length): seconds for length, seconds in times.items()},
        **fit(times, arguments.messages),
    }
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(report, indent=2) + "\n")
    show(times, report)
    print(arguments.json)


def measure(generator: Generator, repeats: int, folder: Path) -> dict[int, list[float]]:
    """Seconds of every chunk, by its length in frames; lengths take turns, so drift hits all."""
    generator.setup()
    sound = speech.synthesize("".join(SENTENCES), "en", None, 160, 50, folder)
    n_frames = frame_count(sound.n_samples, FPS)
    render(generator, sound, FrameRange(0, LENGTHS[0]), folder)  # the face is prepared once
    times: dict[int, list[float]] = {length: [] for length in LENGTHS}
    for turn in range(repeats):
        for length in LENGTHS:
            # chunks start anywhere: not all at a batch's edge, not all in the same words
            first = (turn * 37) % max(1, n_frames - length)
            times[length].append(render(generator, sound, FrameRange(first, length), folder))
    return times


def render(generator: Generator, sound: Sound, frames: FrameRange, folder: Path) -> float:
    """Seconds of one chunk, sound to H.264."""
    begin = time.perf_counter()
    context = generator.context
    first, stop = needed_samples(frames, FPS, context.before, context.after)
    with sound.pcm.open("rb") as pcm:
        heard = read_slice(pcm, sound.n_samples, first, stop)
    drawn = generator.render(default_face(), heard, frames, FPS, Look(), lambda: False)
    encode_chunk(drawn, folder / "chunk.mp4", FPS)
    return time.perf_counter() - begin


def fit(times: dict[int, list[float]], messages_s: float) -> dict[str, float]:
    """ChunkCosts as a dict; the fit weighs every chunk by its length, as waiting does."""
    lengths, seconds = _flat(times)
    rows = np.stack([np.ones_like(lengths), lengths], axis=1) / np.sqrt(lengths)[:, None]
    (fixed, per_frame), *_ = np.linalg.lstsq(rows, seconds / np.sqrt(lengths))
    longest = times[max(times)]
    return {
        "fixed_s": round(max(0.0, float(fixed)) + messages_s, 4),
        "per_frame_s": round(float(per_frame), 5),
        "spread": round(max(longest) / mean(longest) - 1, 3),
    }


def _flat(times: dict[int, list[float]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pairs = [(length, each) for length, seconds in times.items() for each in seconds]
    lengths, seconds = np.array(pairs, np.float64).T
    return lengths, seconds


def show(times: dict[int, list[float]], report: dict[str, object]) -> None:
    print(f"{'frames':>7} {'seconds':>9} {'fps':>7}")
    for length, seconds in times.items():
        print(f"{length:7d} {mean(seconds):9.3f} {length / mean(seconds):7.1f}")
    print({name: report[name] for name in ("fixed_s", "per_frame_s", "spread")})


if __name__ == "__main__":
    main()
