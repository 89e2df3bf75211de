"""Wav2Lip here against the published loop, and what each step gains: `make bench-wav2lip`.

Same weights (random ones: speed does not depend on them), same sound, same
photo, same machine, one run. "Whole" is a command from its start to the MP4 on
disk: `benchmarks/wav2lip_plain.py` against `lipchord render`. "Forward" is the
network alone. Prints tables, saves JSON.
"""

import json
import os
import platform
import subprocess
import sys
import time
import wave
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.run import speak
from deploy.devices import KEEP_MEMORY
from lipsync_engine.avatar import default_face
from tests.wav2lip_weights import write_checkpoint

RESULTS = Path(__file__).parent / "results" / "wav2lip.json"
SIZES = (512, 1280)  # pixels, square
# What it is, the step, whether malloc keeps its memory, threads that draw a batch each (0: all
# threads share one batch).
STEPS = (
    ("the published modules, batch 128", "eager-128", False, 0),
    ("batch 8", "eager-8", False, 0),
    ("malloc keeps its memory", "eager-8", True, 0),
    ("batch norms folded, channels last", "folded", True, 0),
    ("what the photo decides, once", "split", True, 0),
    ("Winograd's convolutions", "winograd", True, 0),
    ("each core its own batch", "winograd", True, -1),
    ("bfloat16 (inexact, LIPCHORD_WAV2LIP_PRECISION)", "bfloat16", True, -1),
)


@dataclass(frozen=True)
class Cost:
    """Of one command: wall seconds, and the peak of its memory in MB."""

    seconds: float
    peak_mb: float


def command(argv: list[str], env: Mapping[str, str]) -> Cost:
    """Run to its end. Raises AssertionError when it fails."""
    started = time.perf_counter()
    child = subprocess.Popen(argv, env={**os.environ, **env}, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    assert status == 0, argv
    return Cost(round(time.perf_counter() - started, 2), round(usage.ru_maxrss / 1024))


def whole(size: int, sound: Path, weights: Path, folder: Path) -> dict[str, Cost]:
    """The published loop and ours on one photo."""
    face = folder / f"face-{size}.png"
    picture = cv2.resize(default_face().image(0), (size, size), interpolation=cv2.INTER_CUBIC)
    cv2.imwrite(str(face), picture)
    cores = str(len(os.sched_getaffinity(0)))
    plain = [sys.executable, "-m", "benchmarks.wav2lip_plain", str(weights), str(face), str(sound)]
    ours = [
        sys.executable, "-m", "deploy.cli", "render", "--generator", "wav2lip", "--audio",
        str(sound), "--face", str(face), "--paste", "reference", "--no-rest-in-silence", "-o",
    ]  # fmt: skip
    env = {"LIPCHORD_WAV2LIP_CHECKPOINT": str(weights), "OMP_NUM_THREADS": cores}
    return {
        "plain": command([*plain, str(folder / "plain.mp4")], {"OMP_NUM_THREADS": cores}),
        "ours": command([*ours, str(folder / "ours.mp4")], env),
        "ours, bfloat16": command(
            [*ours, str(folder / "coarse.mp4")], env | {"LIPCHORD_WAV2LIP_PRECISION": "bfloat16"}
        ),
    }


def forward(step: str, keep: bool, streams: int, threads: int, weights: Path) -> float:
    """Frames a second of one step in a process of its own, on so many cores."""
    argv = [sys.executable, "-m", "benchmarks.wav2lip_steps", step, str(weights)]
    argv.append(str(threads if streams < 0 else 0))
    env = os.environ | {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
    cores = sorted(os.sched_getaffinity(0))[:threads]
    argv = ["taskset", "-c", ",".join(map(str, cores)), *argv]
    done = subprocess.run(
        argv, env=env | (KEEP_MEMORY if keep else {}), check=True, capture_output=True, text=True
    )
    return round(float(done.stdout.split()[-1]), 2)


def to_16k(sound: Path) -> None:
    """Make a WAV 16 kHz mono: then neither side has to resample."""
    with wave.open(str(sound)) as file:
        rate, pcm = file.getframerate(), np.frombuffer(file.readframes(file.getnframes()), "<i2")
    n = round(len(pcm) * 16_000 / rate)
    pcm = np.interp(np.arange(n) * rate / 16_000, np.arange(len(pcm)), pcm).astype("<i2")
    with wave.open(str(sound), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(pcm.tobytes())


@click.command()
@click.option("--seconds", default=20, help="of speech")
@click.option("--steps/--no-steps", default=True, help="the network alone, step by step")
@click.option("--ends/--no-ends", default=True, help="whole commands")
def main(seconds: int, steps: bool, ends: bool) -> None:
    """Measure, print, save."""
    console = Console()
    # A part that is left out keeps the figures of its last run.
    report: dict[str, object] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    report |= {
        "speech_seconds": seconds,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
    }
    Path(".var").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=".var") as name:
        folder = Path(name).resolve()
        sound, weights = folder / "speech.wav", write_checkpoint(folder / "wav2lip.pth")
        speak(seconds, sound)
        to_16k(sound)
        if steps:
            report["forward"] = stepwise(weights, console)
        if ends:
            report["whole"] = {
                size: {kind: vars(cost) for kind, cost in costs.items()}
                for size in SIZES
                for costs in [_shown(size, whole(size, sound, weights, folder), console)]
            }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


def stepwise(weights: Path, console: Console) -> list[dict[str, object]]:
    """Frames a second of the forward pass, each step with those before it."""
    table = Table("forward pass, frames a second", "one core", "all cores", "x of the first")
    rows: list[dict[str, object]] = []
    for what, step, keep, streams in STEPS:
        cores = len(os.sched_getaffinity(0))
        one, many = (forward(step, keep, streams, n, weights) for n in (1, cores))
        first = rows[0]["all cores"] if rows else many
        assert isinstance(first, float)
        rows.append({"step": what, "one core": one, "all cores": many})
        table.add_row(what, f"{one:.1f}", f"{many:.1f}", f"{many / first:.2f}")
    console.print(table)
    return rows


def _shown(size: int, costs: dict[str, Cost], console: Console) -> dict[str, Cost]:
    table = Table(f"whole command, {size} x {size}", "seconds", "times quicker", "peak MB")
    for kind, cost in costs.items():
        gain = costs["plain"].seconds / cost.seconds
        table.add_row(kind, f"{cost.seconds:.1f}", f"{gain:.2f}", f"{cost.peak_mb:.0f}")
    console.print(table)
    return costs


if __name__ == "__main__":
    main()
