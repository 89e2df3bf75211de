"""How the queue scales, by measurement where two cores allow: `make bench-scale`.

Each part is some minutes and may be run alone: `python -m benchmarks.scale --only queue`. What
a part finds is put into results/scale.json beside what the others found before, and drawn.
"""

import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from benchmarks import scale_fleet, scale_jobs, scale_plot

RESULTS = Path(__file__).parent / "results" / "scale.json"
DRAWING = Path(__file__).parent.parent / "docs" / "img" / "scale.svg"


def queue() -> Any:
    """In a process of its own, for Celery's app knows one store."""
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale_queue"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    rows = [json.loads(line) for line in said.stdout.splitlines() if line.startswith("{")]
    if said.returncode:
        raise RuntimeError(said.stderr[-2000:])
    return rows


PARTS: dict[str, Callable[[], Any]] = {
    "queue": queue,
    "fleet": scale_fleet.measure,
    "jobs": scale_jobs.measure,
}


@click.command()
@click.option("--only", type=click.Choice(list(PARTS)), help="One part.")
def main(only: str | None) -> None:
    """Measure, print, save, draw."""
    Path(".var").mkdir(exist_ok=True)
    console = Console()
    report = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    report["machine"] = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    for name in [only] if only else PARTS:
        console.print(f"{name} …", style="dim")
        report[name] = {"at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}", "found": PARTS[name]()}
        RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    show(console, report)
    if {"queue", "fleet"} <= report.keys():
        DRAWING.write_text(scale_plot.drawing(report["queue"]["found"], report["fleet"]["found"]))


def show(console: Console, report: dict[str, Any]) -> None:
    """Print what there is, as tables."""
    if "queue" in report:
        table = Table("chunks of a job", "ms a chunk", "processes' ms", "store's ms", "commands")
        for row in report["queue"]["found"]:
            table.add_row(*(f"{row[name]:g}" for name in (
                "chunks", "ms_a_chunk", "process_ms_a_chunk", "store_ms_a_chunk",
                "store_commands_a_chunk")))  # fmt: skip
        console.print(table)
    if "fleet" in report:
        table = Table("workers", "speech, s", "ms a frame", "chunks", "render, s", "efficiency",
                      "whole, s")  # fmt: skip
        for row in report["fleet"]["found"]:
            table.add_row(*(f"{row[name]:g}" for name in (
                "workers", "speech_s", "frame_ms", "chunks", "render_s", "efficiency",
                "whole_s")))  # fmt: skip
        console.print(table)
    if "jobs" in report:
        console.print_json(data=report["jobs"]["found"])


if __name__ == "__main__":
    main()
