"""How fast the built-in generator draws, stage by stage: `make bench-engine`.

Every figure comes from a child process of its own, pinned to one core or two,
with the environment of a render worker. The yardstick is taken in the same
child: cv2.remap of the same region, and the encoder on the same pictures.
Prints tables, saves JSON.
"""

import json
import os
import platform
import resource
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks.run import speak
from deploy.devices import CPU_RENDERING

RESULTS = Path(__file__).parent / "results" / "engine.json"
FPS = Fraction(25)
SIZES = {"512 x 512": (512, 512), "768 x 768": (768, 768), "1920 x 1080": (1920, 1080)}
REPEATS = 3


def measure(width: int, height: int, n_cores: int, sound: Path, folder: Path) -> dict[str, Any]:
    """In this process: frames a second whole and by stage, and of the yardstick."""
    _pin(n_cores)
    from benchmarks.engine_parts import Work

    work = Work(width, height, sound, folder)
    work.render()  # the portrait is made, kernels are loaded
    laps = [_lap(work.render) for _ in range(REPEATS)]
    parts = work.stages()
    remap, encoder = _best(work.remap_alone), _best(work.encoder_alone)
    n = work.frames.count
    return {
        "frames": n,
        "fps": round(n / min(laps), 1),
        "stages_ms": {name: round(1e3 * seconds / n, 3) for name, seconds in parts.items()},
        "remap_ms": round(1e3 * remap / n, 3),
        "encoder_ms": round(1e3 * encoder / n, 3),
        "times_yardstick": round(min(laps) / (remap + encoder), 2),
    }


def peak_memory(seconds: int, sound: Path, folder: Path) -> dict[str, Any]:
    """In this process: the largest resident set while `seconds` of sound are rendered, MB.

    In the longest chunks that a plan makes, as one render worker would alone.
    """
    _pin(1)
    from benchmarks.engine_parts import Work
    from lipsync_engine.timeline import FrameRange
    from tasks.cutting import MAX_CHUNK_FRAMES

    work = Work(512, 512, sound, folder, repeat_to=seconds)
    n_frames = work.frames.count
    for first in range(0, n_frames, MAX_CHUNK_FRAMES):
        work.frames = FrameRange(first, min(MAX_CHUNK_FRAMES, n_frames - first))
        work.render()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "frames": n_frames, "peak_mb": round(peak)}


def _pin(n_cores: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_cores])


def _best(work: Any) -> float:
    return min(_lap(work) for _ in range(REPEATS))


def _lap(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _child(job: str, *args: object, cores: int = 1) -> dict[str, Any]:
    env = os.environ | CPU_RENDERING | {"OMP_NUM_THREADS": str(cores)}
    argv = [sys.executable, "-m", "benchmarks.engine", job, *map(str, args)]
    out = subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout
    answer: dict[str, Any] = json.loads(out.splitlines()[-1])
    return answer


@click.group(invoke_without_command=True)
@click.pass_context
def main(context: click.Context) -> None:
    """Measure everything, print, save."""
    if context.invoked_subcommand is not None:
        return
    report: dict[str, Any] = {"machine": platform.processor() or platform.machine(), "speed": {}}
    var = Path(".var")
    var.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=var) as name:
        folder = Path(name).resolve()
        sound = folder / "speech.wav"
        speak(20, sound)
        for label, (width, height) in SIZES.items():
            for cores in (1, 2):
                speed = _child("speed", width, height, cores, sound, folder, cores=cores)
                report["speed"][f"{label}, {cores} core{'s' * (cores > 1)}"] = speed
        report["memory"] = [_child("memory", s, sound, folder) for s in (20, 600)]
    _show(report)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


@main.command()
@click.argument("width", type=int)
@click.argument("height", type=int)
@click.argument("cores", type=int)
@click.argument("sound", type=Path)
@click.argument("folder", type=Path)
def speed(width: int, height: int, cores: int, sound: Path, folder: Path) -> None:
    """One size on so many cores, as JSON."""
    click.echo(json.dumps(measure(width, height, cores, sound, folder)))


@main.command()
@click.argument("seconds", type=int)
@click.argument("sound", type=Path)
@click.argument("folder", type=Path)
def memory(seconds: int, sound: Path, folder: Path) -> None:
    """Peak memory of one length, as JSON."""
    click.echo(json.dumps(peak_memory(seconds, sound, folder)))


def _show(report: dict[str, Any]) -> None:
    console = Console()
    table = Table("", "frames/s", "x (remap + encoder)", "remap", "encoder", title="end to end")
    stages = Table("ms a frame", *next(iter(report["speed"].values()))["stages_ms"])
    for label, found in report["speed"].items():
        table.add_row(label, *(str(found[key]) for key in (
            "fps", "times_yardstick", "remap_ms", "encoder_ms")))  # fmt: skip
        stages.add_row(label, *(f"{value:.2f}" for value in found["stages_ms"].values()))
    console.print(table, stages)
    for found in report["memory"]:
        console.print(f"{found['seconds']} s of sound: peak {found['peak_mb']} MB")


if __name__ == "__main__":
    main()
