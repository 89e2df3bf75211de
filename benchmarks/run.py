"""Two workers against one, and the queue against no queue: `make bench`.

Everything is measured in one run, and compared inside it: these machines are
noisy, so ratios are what to trust. Rounds alternate (bare, one worker, two
workers), and each figure is the median of the rounds. Prints a table, saves JSON.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time
import wave
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
from rich.console import Console
from rich.table import Table

from deploy.devices import CPU_RENDERING
from deploy.stack import Stack, StackOptions
from lipchord_client import Client
from lipsync_engine import speech

RESULTS = Path(__file__).parent / "results" / "queue.json"
SENTENCES = (
    "A course maker writes a lesson, and wants it spoken by a friendly face. "
    "The lesson is long, so its video is rendered in pieces, on several machines at once. "
    "Nobody should see where the pieces meet. "
)
BARE = """
import json, os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
from pathlib import Path
from tasks.contract import JobRequest
from tasks.local import render_locally
from tasks.settings import Settings
report = render_locally(JobRequest(), Path(sys.argv[2]), Settings.from_env(), Path(sys.argv[1]))
print(json.dumps(report.timings))
"""


@dataclass(frozen=True)
class Round:
    """Seconds of one rendering: by stage, and from the sending to the file on disk."""

    plan: float
    render: float
    merge: float
    whole: float


def speak(seconds: int, path: Path) -> None:
    """Write `seconds` of speech, exactly, as a WAV."""
    with TemporaryDirectory(prefix="bench-speech-") as folder:
        text = SENTENCES * max(1, seconds // 8)
        spoken = speech.synthesize(text, "en", None, 165, 50, Path(folder))
        with wave.open(str(spoken.track)) as source, wave.open(str(path), "wb") as target:
            target.setparams(source.getparams())
            target.writeframes(source.readframes(seconds * source.getframerate()))
            assert source.getnframes() >= seconds * source.getframerate(), "too little text"


def bare(sound: Path, folder: Path) -> Round:
    """`lipchord render`'s own function in one process, pinned to one core as a worker is."""
    env = os.environ | CPU_RENDERING | {"OMP_NUM_THREADS": "1", "TMPDIR": str(folder)}
    argv = [sys.executable, "-c", BARE, str(sound), str(folder / "bare.mp4")]
    started = time.perf_counter()
    answer = subprocess.run(argv, env=env, check=True, capture_output=True, text=True)
    whole = time.perf_counter() - started
    laps = json.loads(answer.stdout.splitlines()[-1])
    return Round(laps["plan"], laps["render"], laps["merge"], whole)


def queued(sound: Path, folder: Path, workers: int) -> Round:
    """A fresh stack with so many render workers, one core each; one job through HTTP."""
    var = folder / f"stack-{workers}"
    options = StackOptions(
        var=var, port=0, flower_port=0, queue_port=0, blob_port=0, flower=False,
        render_workers=workers, env={"LIPCHORD_REUSE": "0"},  # rendering is what is measured
    )  # fmt: skip
    with Stack(options) as stack:
        client = Client(stack.url)
        started = time.perf_counter()
        job = client.submit(audio=sound, wait=True)  # by long poll: it costs the workers little
        job.download(folder / f"q{workers}.mp4")
        whole = time.perf_counter() - started
    shutil.rmtree(var)
    timings = job.view["timings"]
    assert {(chunk["worker"] or "").split("@")[0] for chunk in job.chunks} == {
        f"render{index}" for index in range(workers)
    }
    return Round(timings["plan"], timings["render"], timings["merge"], whole)


@click.command()
@click.option("--seconds", default=120, help="of speech")
@click.option("--rounds", default=3, help="of each kind; medians are shown")
def main(seconds: int, rounds: int) -> None:
    """Measure, print, save."""
    console = Console()
    found: dict[str, list[Round]] = {"bare": [], "one worker": [], "two workers": []}
    var = Path(".var")
    var.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=var) as name:
        folder = Path(name).resolve()
        sound = folder / "speech.wav"
        speak(seconds, sound)
        for number in range(rounds):
            found["bare"].append(bare(sound, folder))
            found["one worker"].append(queued(sound, folder, 1))
            found["two workers"].append(queued(sound, folder, 2))
            console.print(f"round {number + 1} of {rounds}:", {k: v[-1] for k, v in found.items()})
    report = summary(found, seconds)
    show(console, report)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")


def summary(found: dict[str, list[Round]], seconds: int) -> dict[str, object]:
    """Medians by kind, and the three ratios."""
    medians = {
        kind: {
            stage: round(median(getattr(lap, stage) for lap in laps), 3)
            for stage in ("plan", "render", "merge", "whole")
        }
        for kind, laps in found.items()
    }
    one, two, alone = medians["one worker"], medians["two workers"], medians["bare"]
    work = alone["plan"] + alone["render"] + alone["merge"]
    return {
        "speech_seconds": seconds,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "seconds": medians,
        "ratios": {
            "render, one worker / two": round(one["render"] / two["render"], 3),
            "whole job, one worker / two": round(one["whole"] / two["whole"], 3),
            "queue, one worker / bare work (no start, no set-up)": round(one["whole"] / work, 3),
            "queue, one worker / bare command": round(one["whole"] / alone["whole"], 3),
        },
        "rounds": {kind: [vars(lap) for lap in laps] for kind, laps in found.items()},
    }


def show(console: Console, report: dict[str, object]) -> None:
    """Print the medians and the ratios as tables."""
    times = Table("seconds, medians", "plan", "render", "merge", "whole")
    for kind, stages in report["seconds"].items():  # type: ignore[attr-defined]
        times.add_row(kind, *(f"{value:.2f}" for value in stages.values()))
    ratios = Table("ratio", "")
    for name, value in report["ratios"].items():  # type: ignore[attr-defined]
        ratios.add_row(name, f"{value:.3f}")
    console.print(times, ratios)


if __name__ == "__main__":
    main()
