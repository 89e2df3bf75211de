"""From a job's raw record to the `Job` that the outside sees: times, progress, estimate."""

import json
from dataclasses import replace
from itertools import takewhile
from typing import Any

from tasks.blueprint import Plan
from tasks.contract import (
    PUBLIC,
    ChunkState,
    ChunkStatus,
    Failure,
    Job,
    JobRequest,
    JobState,
    Stage,
    VideoInfo,
    WebhookState,
    WebhookStatus,
)
from tasks.proof import Proof

PLANNING_SHARE = 0.05  # of the whole: measured on a 120 s text, planning is 2-4 % of the time
MERGING_SHARE = 0.05


def job_from(record: dict[str, str], chunks: list[dict[str, Any]], now: float) -> Job:
    """The job as it is at `now` (Unix time by the store's clock, seconds)."""
    plan = Plan.from_json(record["plan"]) if "plan" in record else None
    failure, video = record.get("failure"), record.get("video")
    job = Job(
        id=record["id"],
        state=JobState(record["state"]),
        stage=Stage(record["stage"]) if record["stage"] else None,
        progress=0.0,
        request=JobRequest(**json.loads(record["request"])),
        created_at=float(record["created_at"]),
        started_at=_number(record, "started_at"),
        finished_at=_number(record, "finished_at"),
        fps=str(plan.fps) if plan else None,
        n_frames=plan.n_frames if plan else None,
        speech_seconds=plan.speech_seconds if plan else None,
        chunks=tuple(_chunk_status(index, chunk) for index, chunk in enumerate(chunks)),
        timings=_timings(record, now),
        warnings=plan.warnings if plan else (),
        failure=Failure(**json.loads(failure)) if failure else None,
        video=_video(video) if video else None,
        tenant=record.get("tenant", PUBLIC),
        webhook=_webhook_status(record) if "webhook" in record else None,
        playable_seconds=_playable(record, chunks, plan),
    )
    planning, shown = float(record.get("planning", 0)), _number(record, "shown")
    eta = _eta_seconds(job, _number(record, "planned_at"), now)
    return replace(job, progress=round(_progress(job, planning, shown), 4), eta_seconds=eta)


def _chunk_status(index: int, chunk: dict[str, Any]) -> ChunkStatus:
    return ChunkStatus(
        index=index,
        first_frame=chunk["first_frame"],
        n_frames=chunk["n_frames"],
        state=ChunkState(chunk["state"]),
        frames_done=chunk["frames_done"],
        worker=chunk.get("worker"),
        seconds=chunk.get("seconds"),
        attempts=chunk["attempts"],
        error=chunk.get("error"),
        reused=chunk.get("reused", False),
        started_at=chunk.get("started_at"),
        finished_at=chunk.get("finished_at"),
    )


def _video(raw: str) -> VideoInfo:
    said = json.loads(raw)
    proof = said.get("proof")
    return VideoInfo(**said | {"proof": Proof(**proof) if proof else None})


def _playable(record: dict[str, str], chunks: list[dict[str, Any]], plan: Plan | None) -> float:
    """Seconds from the beginning that can be watched: all of a video, of a stream what is there."""
    if plan is None or record["state"] == JobState.CANCELED or "deleted_at" in record:
        return 0.0
    if "video" in record:
        return float(plan.n_frames / plan.fps)
    done = takewhile(lambda chunk: chunk["state"] == ChunkState.DONE, chunks)
    n_frames = sum(chunk["n_frames"] for chunk in done) if "sound" in record else 0
    return round(float(n_frames / plan.fps), 3)


def _webhook_status(record: dict[str, str]) -> WebhookStatus:
    status = record.get("webhook_status")
    return WebhookStatus(
        state=WebhookState(record.get("webhook_state", WebhookState.WAITING)),
        attempts=int(record.get("webhook_attempts", 0)),
        last_status=int(status) if status else None,
        last_error=record.get("webhook_error") or None,
        next_at=_number(record, "webhook_next"),
    )


def _number(record: dict[str, str], name: str) -> float | None:
    return float(record[name]) if name in record else None


def _timings(record: dict[str, str], now: float) -> dict[str, float]:
    """Seconds by stage; the stage under way counts up to now."""
    marks = [_number(record, name) for name in ("started_at", "planned_at", "merge_at")]
    end = _number(record, "finished_at") or now
    timings = {}
    for stage, begin, after in zip(
        ("plan", "render", "merge"), marks, [*marks[1:], None], strict=True
    ):
        if begin is not None:
            timings[stage] = round((after if after is not None else end) - begin, 3)
    return timings


def _progress(job: Job, planning: float, shown: float | None) -> float:
    """0..1, never falling: `shown` of the frames were rendered by an earlier plan, if any."""
    if job.state is JobState.SUCCEEDED:
        return 1.0
    if not job.n_frames and shown is None:
        return PLANNING_SHARE * planning
    done = sum(chunk.frames_done for chunk in job.chunks)
    rendered = max(shown or 0.0, done / job.n_frames if job.n_frames else 0.0)
    return PLANNING_SHARE + (1 - PLANNING_SHARE - MERGING_SHARE) * rendered


def _eta_seconds(job: Job, rendering_since: float | None, now: float) -> float | None:
    """Seconds until the end, from the pace of the frames so far; None without a pace."""
    if job.state is not JobState.RUNNING or job.stage is Stage.PLANNING or not job.n_frames:
        return None
    done = sum(chunk.frames_done for chunk in job.chunks)
    reused = sum(chunk.n_frames for chunk in job.chunks if chunk.reused)
    if rendering_since is None or done == reused:
        return None
    # frames a second, by all workers together
    pace = (done - reused) / max(now - rendering_since, 1e-3)
    return round((job.n_frames - done) / pace / (1 - MERGING_SHARE), 1)
