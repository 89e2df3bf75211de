"""`make demo`: a stack of its own, a Russian and an English video through it, a table, silence.

Everything runs on free ports and writes under .var/demo, so that a running
`make up` is not in the way; what it started is stopped, whatever happens.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from deploy.errors import DeployError
from deploy.exits import told as in_words
from deploy.interrupt import noticing
from deploy.places import Places, checkout
from deploy.progress import JobBars, bars
from deploy.stack import Stack, StackOptions
from lipchord_client import Client, LipchordError

VAR = Path(".var/demo")
COLUMNS = (
    "sound", "frames", "chunks", "plan", "render", "merge", "whole", "factor",
)  # fmt: skip

TEXTS = {
    "ru": (
        "Здравствуйте! Меня нарисовали, а говорить я научилась только что. "
        "Этот текст сначала стал голосом, потом его разрезали в паузах на части. "
        "Каждую часть рисовал свой работник, и все они трудились одновременно. "
        "Теперь части склеены, и шва между ними нет. Попробуйте найти его сами!"
    ),
    "en": (
        "Hello! Somebody drew me, and a moment ago I learned to speak. "
        "This text became a voice first, and the voice was cut into chunks where it pauses. "
        "Each chunk was rendered by a worker of its own, all at the same time. "
        "Then they were joined, frame by frame, and there is no seam. Try to find one!"
    ),
}


class DemoError(DeployError):
    """A job of the demo ended without a video."""

    exit_code = 9


@dataclass(frozen=True, slots=True)
class Told:
    """A job of the demo: its language, and what the API said of it in the end."""

    language: str
    job: dict[str, Any]


def run(console: Console) -> None:
    """The whole demo.

    Raises:
        DeployError: what went wrong, and what to do.
    """
    shutil.rmtree(Places.at(VAR).var, ignore_errors=True)
    options = StackOptions(var=VAR, port=0, flower_port=0, queue_port=0, blob_port=0, flower=False)
    with noticing() as interrupted:
        console.print("Starting two stores, the API and the workers …")
        with Stack(options, lambda name, what: _say(console, name, what), interrupted) as stack:
            told = _speak(Client(stack.url), console, interrupted)
            console.print(_table(told))
            console.print(_chunks(told))
    for language in TEXTS:
        console.print(f"[bold]{_video(language).relative_to(checkout())}[/]")


def _speak(client: Client, console: Console, interrupted: Callable[[], bool]) -> list[Told]:
    """One text after the other, so that the seconds of each are its own; fetch the videos."""
    told = []
    with bars(console) as progress:
        for language, text in TEXTS.items():
            job = client.submit(text, language=language)
            shown = JobBars(progress, f"demo-{language}.mp4")
            for now in job.follow():
                shown.show(now.view)
                if interrupted():
                    raise DemoError("Interrupted.")
            told.append(Told(language, cast(dict[str, Any], job.view)))
    for one in told:
        _fetch(client, one)
    return told


def _fetch(client: Client, told: Told) -> None:
    job = told.job
    if job["state"] != "succeeded":
        why = job["error"]["detail"] if job["error"] else job["state"]
        raise DemoError(f"demo-{told.language}.mp4 was not made: {why}")
    client.job(job["id"]).download(_video(told.language))


def _video(language: str) -> Path:
    return checkout() / "out" / f"demo-{language}.mp4"


def _table(told: list[Told]) -> Table:
    table = Table(
        title="Two videos through the queue (sound, stages and whole in seconds)",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("video", no_wrap=True)
    for name in COLUMNS:
        table.add_column(name, justify="right")
    for one in told:
        job = one.job
        whole = _seconds(job)
        stages = [f"{job['timings'].get(stage, 0.0):.2f}" for stage in ("plan", "render", "merge")]
        table.add_row(
            f"demo-{one.language}.mp4", f"{job['speech_seconds']:.2f}", str(job["n_frames"]),
            str(job["chunks"]["total"]), *stages, f"{whole:.2f}",
            f"{whole / job['speech_seconds']:.2f}",
        )  # fmt: skip
    return table


def _chunks(told: list[Told]) -> Table:
    table = Table(title="Who rendered what", title_justify="left", box=SIMPLE_HEAD)
    for name in ("video", "chunk", "frames", "worker"):
        table.add_column(name)
    table.add_column("seconds", justify="right")
    for one in told:
        for chunk in one.job["chunks"]["list"]:
            first, last = chunk["first_frame"], chunk["first_frame"] + chunk["n_frames"] - 1
            table.add_row(
                f"demo-{one.language}.mp4", str(chunk["index"] + 1), f"{first}–{last}",
                "reused" if chunk["reused"] else chunk["worker"] or "",
                f"{chunk['seconds'] or 0.0:.2f}",
            )  # fmt: skip
    return table


def _seconds(job: dict[str, Any]) -> float:
    """From its acceptance to its end."""
    began, ended = (datetime.fromisoformat(job[name]) for name in ("created_at", "finished_at"))
    return (ended - began).total_seconds()


def _say(console: Console, name: str, what: str) -> None:
    console.print(f"[dim]{name:>8}[/]  {escape(what)}")


def main() -> int:
    """The exit code."""
    console = Console(highlight=False)
    try:
        run(console)
    except (DeployError, LipchordError) as error:
        what, code = in_words(error)
        console.print(f"[red]error:[/] {escape(what)}", soft_wrap=True)
        return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
