"""`lipchord download`: the video of a job that has succeeded."""

from pathlib import Path

import click

from deploy.asking import out_option
from deploy.calling import JSON, URL, client, job_argument
from deploy.console import put_json


@click.command()
@job_argument()
@out_option(False, "MP4. Without: JOB.mp4 in this folder.")
@click.option("--captions", is_flag=True, help="Also what is said: WebVTT, beside the video.")
@JSON
@URL
def download(job_id: str, out: Path | None, captions: bool, as_json: bool, url: str | None) -> None:
    """Fetch the video of a job.

    A download that broke goes on where it was when the command is given again; the file
    appears only whole, and as the API has it.
    """
    from deploy.watching import fetch

    job = client(url).job(job_id)
    file = out or Path(f"{job_id}.mp4")
    said = job.captions() if captions else None  # first: where there are none, nothing is fetched
    fetch(job, file)
    told: dict[str, object] = {
        "job": job.id, "file": str(file), **(job.view["video"] or {})
    }  # fmt: skip
    if said is not None:
        told["captions"] = str(file.with_suffix(".vtt"))
        file.with_suffix(".vtt").write_text(said, encoding="utf-8")
    if as_json:
        put_json(told)
    else:
        click.echo("\n".join(str(told[name]) for name in ("file", "captions") if name in told))
