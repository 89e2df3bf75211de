"""1 to 64 workers that sleep for a GPU's time: what of their time the queue takes.

Planning and cutting, the store, messages, leases, heartbeats are the real ones. Each worker is
a thread with a name and connections of its own, eight of them in a process, which sleeps where
a GPU would render: so 64 of them fit on two cores, and whatever these cores do is the queue's
share, theirs too.
"""

import io
import json
import os
import subprocess
import sys
import time
import wave
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks.scale_crew import fleet
from benchmarks.scale_house import finished, front_door, house
from tasks.contract import JobRequest

# 50 frames a second, picture, paste and x264 of 1080p together: what a render worker is assumed
# to reach on a GPU.
FRAME_S = 0.020
FIXED_S = 0.05  # of a chunk: its sound comes, its file goes
SPEECH_S = 600
WORKERS = (1, 4, 16, 64)
SHORT_FOR = {1: 60, 4: 120}  # seconds of speech where few workers would take minutes


def measure(workers: tuple[int, ...] = WORKERS) -> list[dict[str, Any]]:
    """A row for each fleet."""
    return [_alone(n, SHORT_FOR.get(n, SPEECH_S), FRAME_S) for n in workers]


def _alone(n_workers: int, speech_s: int, frame_s: float) -> dict[str, Any]:
    """In a process of its own: Celery's app knows one store."""
    said = subprocess.run(
        [sys.executable, "-m", __spec__.name, *map(str, (n_workers, speech_s, frame_s))],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if said.returncode:
        raise RuntimeError(said.stderr[:4000])
    print(said.stdout.splitlines()[-1], flush=True)
    row: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return row


def _fleet(n_workers: int, speech_s: int, frame_s: float) -> dict[str, Any]:
    with (
        TemporaryDirectory(prefix="scale-", dir=".var") as name,
        house(Path(name).resolve(), renders=False) as made,
        fleet(n_workers, FIXED_S, frame_s),
    ):
        queue = front_door(made)
        made.n_chunks = 4 * n_workers
        finished(queue, queue.submit(JobRequest(text="connections, scripts, costs")))
        made.n_chunks = 0
        began = time.perf_counter()
        sound = queue.store_upload(io.BytesIO(_sound(speech_s)))
        job = finished(queue, queue.submit(JobRequest(speech=sound)))
        whole = time.perf_counter() - began
    render_s = job.timings["render"]
    slept = sum(FIXED_S + frame_s * chunk.n_frames for chunk in job.chunks)
    return {
        "workers": n_workers,
        "speech_s": speech_s,
        "frame_ms": 1e3 * frame_s,
        "chunks": len(job.chunks),
        "busy_s": round(slept, 2),
        "render_s": round(render_s, 3),
        "efficiency": round(slept / n_workers / render_s, 3),
        "whole_s": round(whole, 3),
    }


def _sound(seconds: int) -> bytes:
    """Noise in words of a second with pauses, as a WAV: there is something to cut at."""
    rate, rng = 16_000, np.random.default_rng(5)
    words = rng.normal(0, 4000, seconds * rate) * (np.arange(seconds * rate) % rate < 0.8 * rate)
    file = io.BytesIO()
    with wave.open(file, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(rate)
        target.writeframes(words.clip(-32000, 32000).astype("<i2").tobytes())
    return file.getvalue()


if __name__ == "__main__":
    Path(".var").mkdir(exist_ok=True)
    print(json.dumps(_fleet(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))), flush=True)
    os._exit(0)  # Celery would look for its store, which is gone, for 20 s
