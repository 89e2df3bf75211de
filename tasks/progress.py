"""How far a job is, and how long it will still take, from what its record says."""

from dataclasses import replace

from tasks.contract import Job, JobState, Stage

PLANNING_SHARE = 0.05  # of the whole: measured on a 120 s text, planning is 2-4 % of the time
MERGING_SHARE = 0.05


def progress(job: Job, planning: float, eta: float | None) -> Job:
    """The job with `progress` (0..1, never falling) and `eta_seconds` filled in."""
    return replace(job, progress=round(_progress(job, planning), 4), eta_seconds=eta)


def _progress(job: Job, planning: float) -> float:
    if job.state is JobState.SUCCEEDED:
        return 1.0
    if not job.n_frames:
        return PLANNING_SHARE * planning
    rendered = sum(chunk.frames_done for chunk in job.chunks) / job.n_frames
    return PLANNING_SHARE + (1 - PLANNING_SHARE - MERGING_SHARE) * rendered


def eta_seconds(job: Job, rendering_since: float | None, now: float) -> float | None:
    """Seconds until the end, from the pace of the frames so far; None without a pace."""
    if job.state is not JobState.RUNNING or job.stage is Stage.PLANNING or not job.n_frames:
        return None
    done = sum(chunk.frames_done for chunk in job.chunks)
    if rendering_since is None or done == 0:
        return None
    pace = done / max(now - rendering_since, 1e-3)  # frames a second, by all workers together
    return round((job.n_frames - done) / pace / (1 - MERGING_SHARE), 1)
