"""`lipchord render`: plan, render and merge in this very process, with a bar for each stage."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import TaskID

from deploy.asking import Asked
from deploy.progress import bars


def render_here(asked: Asked, out: Path, console: Console) -> str:
    """Make the video; returns a line about it.

    Raises:
        click.UsageError: the face is one that an API keeps.
        EngineError, MergeError, TasksError: why there is no video.
    """
    # Here, not above: this loads torch, which no other command needs.
    from tasks.contract import JobRequest
    from tasks.local import render_locally
    from tasks.settings import Settings

    if isinstance(asked.face, str):
        raise click.UsageError(f"The face {asked.face} is kept by an API: `render` needs a file.")
    request = JobRequest(text=asked.text, **asked.how())
    out.parent.mkdir(parents=True, exist_ok=True)
    with bars(console) as progress:
        stages: dict[str, TaskID] = {}

        def show(stage: str, fraction: float) -> None:
            if stage not in stages:
                stages[stage] = progress.add_task(stage, total=1.0, note="")
            progress.update(stages[stage], completed=fraction)

        report = render_locally(
            request,
            out,
            Settings.from_env(),
            speech_path=asked.audio,
            face_path=asked.face,
            on_progress=show,
        )
    for warning in report.plan.warnings:
        console.print(f"warning: {warning}", style="yellow", markup=False)
    seconds = ", ".join(f"{stage} {took:.1f} s" for stage, took in report.timings.items())
    return f"{out}: {report.plan.n_frames} frames; {seconds}"
