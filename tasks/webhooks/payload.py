"""What a webhook says: the event, when it happened, and the job in brief, as the API shows it.

The shape is the one that Standard Webhooks recommends: `type`, `timestamp`, `data`.
"""

import json
from datetime import UTC, datetime
from typing import Any

from tasks.contract import Job, JobState

JOBS = "/api/v1/jobs"  # as in api/views.py, which this room may not know


def body_of(job: Job, public_url: str = "") -> bytes:
    """The body, UTF-8 JSON of about 1 KB.

    Args:
        job: one that has ended.
        public_url: put before the links; empty: they are relative to the API's address.
    """
    event = {
        "type": f"job.{job.state}",
        "timestamp": _moment(job.finished_at),
        "data": _brief(job, public_url.rstrip("/")),
    }
    return json.dumps(event, separators=(",", ":")).encode()


def _brief(job: Job, public_url: str) -> dict[str, Any]:
    here = f"{public_url}{JOBS}/{job.id}"
    done = job.state is JobState.SUCCEEDED
    video, failure = job.video, job.failure
    return {
        "id": job.id,
        "state": job.state,
        "created_at": _moment(job.created_at),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
        "fps": job.fps,
        "n_frames": job.n_frames,
        "speech_seconds": job.speech_seconds,
        "warnings": list(job.warnings),
        "error": {"type": f"/problems/{failure.reason}", "detail": failure.detail}
        if failure
        else None,
        "video": {"size": video.size, "sha256": video.sha256} if video else None,
        "links": {"self": here, "video": f"{here}/video" if done else None},
    }


def _moment(seconds: float | None) -> str | None:
    """Unix time as ISO 8601 in UTC."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
