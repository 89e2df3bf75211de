"""Live progress on a terminal: one bar for a job, one for each of its chunks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

SHOWN_CHUNKS = 12  # bars at a time; with more, chunks that are done give up theirs


@contextmanager
def bars(console: Console) -> Iterator[Progress]:
    """A region of the terminal for bars; where there is no terminal, its end is printed."""
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(),
        TextColumn("[dim]{task.fields[note]}"),
        console=console,
    )
    with progress:
        yield progress


class JobBars:
    """The bars of one job; `show` brings them up to what the API says."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._job = progress.add_task(f"[bold]{label}", total=1.0, note="queued")
        self._chunks: dict[int, TaskID] = {}

    def show(self, job: dict[str, Any]) -> None:
        """Args: job, as GET /api/v1/jobs/{id} answers it."""
        note = job["stage"] if job["state"] == "running" else job["state"]
        self._progress.update(self._job, completed=job["progress"], note=note or "")
        chunks = job["chunks"]["list"] or []
        for chunk in chunks:
            self._show_chunk(chunk, crowded=len(chunks) > SHOWN_CHUNKS)
        if job["state"] not in ("queued", "running"):
            self._progress.stop_task(self._job)

    def _show_chunk(self, chunk: dict[str, Any], crowded: bool) -> None:
        index, done = chunk["index"], chunk["state"] == "done"
        if index not in self._chunks:
            self._chunks[index] = self._progress.add_task(
                f"  chunk {index + 1}", total=chunk["n_frames"], note="", start=False
            )
        task = self._chunks[index]
        if chunk["state"] != "queued":
            self._progress.start_task(task)
        worker = "reused" if chunk["reused"] else chunk["worker"] or ""
        self._progress.update(
            task,
            completed=chunk["n_frames"] if done else chunk["frames_done"],
            note=f"{chunk['n_frames']} frames  {worker}",
            visible=not crowded or chunk["state"] == "rendering",
        )
        if done:
            self._progress.stop_task(task)
