"""From a job that was sent to its file: shown while it runs, left alone at Ctrl-C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape

from deploy.console import complain, console, errors, hint, put_json, warn
from deploy.exits import Exit
from deploy.progress import shown

if TYPE_CHECKING:
    from lipchord_client import Job


def watch(job: Job, out: Path | None, as_json: bool) -> None:
    """Follow a job to its end, then fetch its video where `out` is given.

    Args:
        as_json: print the job as JSON at each change instead of pictures of it.

    Raises:
        click.exceptions.Exit: there is no video, or the user has stopped watching.
    """
    try:
        _follow(job, as_json)
        _require_video(job)
        if out is not None:
            fetch(job, out)
    except KeyboardInterrupt:
        to = f" -o {out}" if out else ""
        hint(
            f"\nThe job goes on without you. Come back: lipchord watch {job.id}{to}\n"
            f"Stop it: lipchord cancel {job.id}"
        )
        raise click.exceptions.Exit(Exit.INTERRUPTED) from None
    if not as_json:
        about = f"{job.n_frames} frames, {job.view['speech_seconds']:.2f} s"
        console.print(f"{escape(str(out or job.id))}: {about}", soft_wrap=True)


def fetch(job: Job, out: Path) -> None:
    """Download a job's video, with a bar on a terminal."""
    with shown(errors) as progress:
        task = progress.add_task("download", total=None, note=str(out))
        job.download(out, lambda done, size: progress.update(task, completed=done, total=size))


def _follow(job: Job, as_json: bool) -> None:
    from deploy.progress import following

    with following(errors, job.id, quiet=as_json) as show:
        for now in job.follow():
            show(now.view)
            if as_json:
                put_json(now.view)
    for warning in job.warnings:
        warn(warning)


def _require_video(job: Job) -> None:
    if not job.succeeded:
        complain(job.error["detail"] if job.error else f"The job is {job.state}.")
        raise click.exceptions.Exit(Exit.NO_VIDEO)
