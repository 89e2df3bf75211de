"""Live progress: bars on a terminal, a line for each chunk where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from lipchord_client.views import ChunkView, JobView

SHOWN_CHUNKS = 12  # bars at a time; with more, chunks that are done give up theirs

Show: TypeAlias = Callable[["JobView"], None]


@contextmanager
def bars(console: Console) -> Iterator[Progress]:
    """A region of the terminal for bars; where there is no terminal, its end is printed."""
    with _progress(console) as progress:
        yield progress


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """The same, and nothing at all where there is no terminal."""
    with _progress(console, hidden=not console.is_terminal) as progress:
        yield progress


@contextmanager
def following(console: Console, label: str, quiet: bool) -> Iterator[Show]:
    """A function that shows a job, again and again until it has ended.

    Args:
        quiet: say nothing where there is no terminal.
    """
    if console.is_terminal:
        with bars(console) as progress:
            yield JobBars(progress, label).show
    else:
        yield JobLines(console if not quiet else Console(quiet=True)).show


class JobBars:
    """The bars of one job; `show` brings them up to what the API says."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._job = progress.add_task(f"[bold]{label}", total=1.0, note="queued")
        self._chunks: dict[int, TaskID] = {}

    def show(self, job: JobView) -> None:
        """Args: job, as the API shows it."""
        self._progress.update(self._job, completed=job["progress"], note=_note(job))
        chunks = job["chunks"]["list"] or []
        for chunk in chunks:
            self._show_chunk(chunk, crowded=len(chunks) > SHOWN_CHUNKS)
        if job["state"] not in ("queued", "running"):
            self._progress.stop_task(self._job)

    def _show_chunk(self, chunk: ChunkView, crowded: bool) -> None:
        index, done = chunk["index"], chunk["state"] == "done"
        if index not in self._chunks:
            self._chunks[index] = self._progress.add_task(
                f"  chunk {index + 1}", total=chunk["n_frames"], note="", start=False
            )
        task = self._chunks[index]
        if chunk["state"] != "queued":
            self._progress.start_task(task)
        self._progress.update(
            task,
            completed=chunk["n_frames"] if done else chunk["frames_done"],
            note=f"{chunk['n_frames']} frames  {_who(chunk)}",
            visible=not crowded or chunk["state"] == "rendering",
        )
        if done:
            self._progress.stop_task(task)


class JobLines:
    """A line for each stage, and for each chunk that is done or tried again."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said: set[tuple[object, ...]] = set()

    def show(self, job: JobView) -> None:
        """Args: job, as the API shows it."""
        self._once(("stage", _note(job)), _note(job))
        for chunk in job["chunks"]["list"] or []:
            index, total = chunk["index"], job["chunks"]["total"]
            name = f"chunk {index + 1} of {total}"
            if chunk["error"]:
                self._once((index, chunk["attempts"]), f"{name}: again, for {chunk['error']}")
            if chunk["state"] == "done":
                took = f", {chunk['seconds']:.1f} s" if chunk["seconds"] else ""
                self._once(
                    (index, "done"), f"{name}: {chunk['n_frames']} frames, {_who(chunk)}{took}"
                )

    def _once(self, key: tuple[object, ...], line: str) -> None:
        if line and key not in self._said:
            self._said.add(key)
            self._console.print(escape(line))


def _note(job: JobView) -> str:
    if job["state"] != "running":
        return job["state"]
    left = job["eta_seconds"]
    return (job["stage"] or "") + (f", {left:.0f} s left" if left else "")


def _who(chunk: ChunkView) -> str:
    return "reused" if chunk["reused"] else chunk["worker"] or ""


def _progress(console: Console, hidden: bool = False) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=console,
        disable=hidden,
    )
