"""Render workers on a GPU: how many pay, where the time goes, what overlaps: `make bench-gpu`.

Each figure comes from processes of its own. Where there is no GPU this says what it would run,
and that nothing was measured; `--device cpu` runs the same code small, to see that it runs.
Prints tables, saves JSON with the hardware and the versions.
"""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import click
import torch
from rich.console import Console
from rich.table import Table

from benchmarks.gpu_watch import Watching
from deploy.devices import CPU_RENDERING
from tasks import nvml
from tests.wav2lip_weights import write_checkpoint

RESULTS = Path(__file__).parent / "results" / "gpu.json"
TOGETHER = (1, 2, 4, 8)  # render workers on one GPU
GENERATORS = ("wav2lip", "viseme")
WHAT = """\
Without a GPU nothing was measured. With one, `make bench-gpu` runs, for wav2lip and viseme:
  1, 2, 4 and 8 render workers on one GPU: frames a second, share of the time it is busy (NVML)
  each stage of a frame: network, paste and copy, encoder
  float32 against bfloat16 and float16: frames a second, largest difference of a pixel
  x264 by threads, and NVENC where there is one (H100 and H200 have none)
  copies by pinned memory on a stream of their own, and drawing beside encoding
To see that its code runs: python -m benchmarks.gpu --device cpu"""


@click.command()
@click.option("--device", default="cuda:0", show_default=True, help="cpu: small, for a look.")
@click.option("--frames", type=click.IntRange(16), help="Of each part. Default: 1500; cpu: 32.")
@click.option("--size", type=(int, int), help="Of the picture. Default: 1920 1080; cpu: 320 240.")
@click.option("--minutes", type=float, default=10.0, show_default=True, help="Of a part, at most.")
def main(device: str, frames: int | None, size: tuple[int, int] | None, minutes: float) -> None:
    """Measure, print, save; without CUDA say what would be, and end with 0."""
    if device != "cpu" and not torch.cuda.is_available():
        click.echo(WHAT)
        return
    small = device == "cpu"
    asked = {"device": device, "frames": frames or (32 if small else 1500),
             "size": size or ((320, 240) if small else (1920, 1080))}  # fmt: skip
    folder = Path(".var").resolve()
    folder.mkdir(exist_ok=True)
    weights = write_checkpoint(folder / "bench-gpu.pth")
    env = {
        **os.environ, **(CPU_RENDERING if small else {}), "LIPCHORD_DEVICE": device,
        "LIPCHORD_WAV2LIP_CHECKPOINT": str(weights), "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
    }  # fmt: skip
    bench = Bench(asked, env, 60 * minutes)
    console, report = Console(), {"host": host(device), "asked": asked}
    try:
        for generator in GENERATORS:
            counts = TOGETHER[:2] if small else TOGETHER
            report[generator] = {
                "stages_ms": bench.part("stages", generator),
                "workers": [bench.workers(n, generator) for n in counts],
            }
            show(console, generator, report[generator])
        for part in ("precision", "encoders", "overlap"):
            report[part] = bench.part(part, "wav2lip")
            console.print(part, report[part])
    finally:
        weights.unlink()
    if not small:
        RESULTS.write_text(json.dumps(report, indent=1) + "\n")


class Bench:
    """Starts the parts, each in its own process."""

    def __init__(self, asked: dict[str, Any], env: dict[str, str], patience_s: float) -> None:
        self._asked, self._env, self._patience_s = asked, env, patience_s

    def part(self, name: str, generator: str) -> dict[str, Any]:
        """What a part prints. Raises RuntimeError with its last words."""
        blocking = {"CUDA_LAUNCH_BLOCKING": "1"} if name == "stages" else {}
        child = self._started(name, generator, blocking)
        return self._said(child)

    def workers(self, n: int, generator: str) -> dict[str, Any]:
        """So many render workers at once, begun together when all have loaded."""
        threads = max(1, len(os.sched_getaffinity(0)) // n)
        share = {"OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        children = [self._started("worker", generator, share) for _ in range(n)]
        for child in children:
            assert child.stdout is not None
            if child.stdout.readline() != "ready\n":
                raise RuntimeError(_last_words(child))
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        with Watching(self._asked["device"]) as watching:
            rows = [self._said(child) for child in children]
        seconds = max(row["ended"] for row in rows) - min(row["began"] for row in rows)
        fps = sum(row["frames"] for row in rows) / seconds
        return {"workers": n, "fps": round(fps, 1), **watching.found()}

    def _started(self, name: str, generator: str, env: dict[str, str]) -> "subprocess.Popen[str]":
        told = json.dumps({**self._asked, "generator": generator})
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.gpu_parts", name, told],
            env={**self._env, **env}, text=True, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def _said(self, child: "subprocess.Popen[str]") -> dict[str, Any]:
        out, errors = child.communicate(timeout=self._patience_s)
        if child.returncode:
            raise RuntimeError(errors[-2000:])
        found: dict[str, Any] = json.loads(out.splitlines()[-1])
        return found


def _last_words(child: "subprocess.Popen[str]") -> str:
    return child.communicate()[1][-2000:]


def host(device: str) -> dict[str, Any]:
    """Hardware and versions."""
    return {
        "gpu": torch.cuda.get_device_name(device) if device != "cpu" else None,
        "driver": nvml.driver_version(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "pyav": av.__version__,
    }


def show(console: Console, generator: str, found: dict[str, Any]) -> None:
    """Print a generator's workers and stages."""
    first = found["workers"][0]["fps"]
    table = Table(f"{generator}: workers on one device", "frames a second", "times one", "GPU busy")
    for row in found["workers"]:
        busy = "–" if row["busy"] is None else f"{row['busy']:.0%}"
        table.add_row(f"{row['workers']}", f"{row['fps']:.1f}", f"{row['fps'] / first:.2f}", busy)
    console.print(table)
    console.print("ms a frame:", found["stages_ms"])


if __name__ == "__main__":
    main()
