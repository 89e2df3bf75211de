"""Wav2Lip through the queue: one pinned worker, two pinned, and one with both cores.

`make bench-wav2lip` runs it. Weights are random (speed does not depend on them);
the mouth does not rest, so that every frame is drawn. Each kind gets a fresh
stack, a short job and then the one that is measured, in rounds; medians are shown.
Peak memory is the kernel's high-water mark of the rendering processes. What two
cores can do at most is measured without a queue: one pinned process alone, then
one on each core at the same time.
Prints a table, saves JSON.
"""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from benchmarks.run import speak
from deploy.stack import Stack, StackOptions
from lipchord_client import Client
from tests.wav2lip_weights import write_checkpoint

RESULTS = Path(__file__).parent / "results" / "wav2lip_queue.json"
KINDS = {"one worker, one core": (1, 1), "two workers, one core each": (2, 1),
         "one worker, both cores": (1, 2)}  # fmt: skip


@dataclass(frozen=True)
class Round:
    """Of one job: seconds of its rendering and of all, chunks, and the workers' greatest peak."""

    render: float
    whole: float
    chunks: int
    peak_mb: float


def measured(sound: Path, weights: Path, folder: Path, workers: int, cores: int) -> Round:
    """A fresh stack with so many render workers of so many cores; a job through HTTP.

    A short job goes first: what a stack does once, at its first job, is nobody's rendering.
    """
    short = folder / "short.wav"
    var = folder / f"stack-{workers}-{cores}"
    options = StackOptions(
        var=var, port=0, flower_port=0, queue_port=0, blob_port=0, flower=False,
        render_workers=workers, group_size=cores, generator="wav2lip",
        env={"LIPCHORD_WAV2LIP_CHECKPOINT": str(weights), "LIPCHORD_REUSE": "0"},
    )  # fmt: skip
    with Stack(options) as stack:
        client = Client(stack.url)
        client.submit(audio=short, generator="wav2lip", wait=True)  # imports, the face, a warm pool
        started = time.perf_counter()
        job = client.submit(audio=sound, generator="wav2lip", rest_in_silence=False, wait=True)
        job.download(folder / "queue.mp4")
        whole = time.perf_counter() - started
        peak = max(peak_mb(worker["pid"]) for worker in rendering(stack.url))
    shutil.rmtree(var)
    used = {(chunk["worker"] or "").split("@")[0] for chunk in job.chunks}
    assert len(used) == workers, used
    return Round(job.view["timings"]["render"], whole, len(job.chunks), peak)


def bound(weights: Path, folder: Path) -> float:
    """How much two cores draw at once, over what one draws alone: no queue can beat that."""
    env = {**os.environ, "LIPCHORD_WAV2LIP_CHECKPOINT": str(weights)}

    def a_frame(cores: int) -> float:
        """Seconds of a frame, on average, with so many cores at work."""
        files = [folder / f"bare-{core}.json" for core in range(cores)]
        argv = [
            sys.executable,
            "-m",
            "benchmarks.chunk_costs",
            "--generator",
            "wav2lip",
            "--repeats",
            "2",
        ]
        running = [
            subprocess.Popen(
                [*argv, "--core", str(core), str(file)], env=env, stdout=subprocess.DEVNULL
            )
            for core, file in enumerate(files)
        ]
        if any(process.wait() for process in running):
            raise SystemExit("The bare processes ended with an error: see above.")
        return mean(json.loads(file.read_text())["per_frame_s"] for file in files)

    return 2 * a_frame(1) / a_frame(2)


def rendering(url: str) -> list[dict[str, object]]:
    """The render workers, as the API tells of them."""
    with urllib.request.urlopen(f"{url}/api/v1/workers", timeout=10) as answer:
        found = json.load(answer)
    return [worker for worker in found["workers"] if worker["kind"] == "render"]


def peak_mb(pid: object) -> float:
    """The most memory that a living process has held, MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024)


@click.command()
@click.option("--seconds", default=20, help="of speech")
@click.option("--rounds", default=1, help="of each kind; medians are shown")
def main(seconds: int, rounds: int) -> None:
    """Measure, print, save."""
    console = Console()
    found: dict[str, list[Round]] = {kind: [] for kind in KINDS}
    bounds: list[float] = []
    Path(".var").mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=".var") as name:
        folder = Path(name).resolve()
        sound, weights = folder / "speech.wav", write_checkpoint(folder / "wav2lip.pth")
        speak(seconds, sound)
        speak(2, folder / "short.wav")
        for _ in range(rounds):
            bounds.append(bound(weights, folder))
            for kind, (workers, cores) in KINDS.items():
                found[kind].append(measured(sound, weights, folder, workers, cores))
    renders = {kind: median(lap.render for lap in laps) for kind, laps in found.items()}
    one, two, both = renders.values()
    report = {
        "speech_seconds": seconds,
        "cores": os.cpu_count(),
        "rounds": {kind: [vars(lap) for lap in laps] for kind, laps in found.items()},
        "ratios": {
            "one worker / two": round(one / two, 3),
            "one worker of both cores / two": round(both / two, 3),
            "one core / two cores without a queue": round(median(bounds), 3),
        },
    }
    table = Table("wav2lip through the queue", "render s", "whole job s", "chunks", "peak MB")
    for kind, laps in found.items():
        last = laps[-1]
        whole = median(lap.whole for lap in laps)
        peak = max(lap.peak_mb for lap in laps)
        table.add_row(kind, f"{renders[kind]:.2f}", f"{whole:.2f}", str(last.chunks), f"{peak:.0f}")
    console.print(table, report["ratios"])
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
