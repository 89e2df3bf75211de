"""The earlier service's two addresses: wait for the job, answer with the video itself."""

import time

from apiflask import APIBlueprint
from flask import Response, request

from api import docs
from api.bodies import read_body
from api.jobs import accept
from api.problems import problem_response
from api.queries import SubmitHeaders
from api.schemas import JobBody, SpeakBody
from api.services import services
from api.video import video_response
from api.views import JOBS
from tasks.contract import Job, JobState
from tasks.errors import StoreError

bp = APIBlueprint("generate", __name__, url_prefix="/api", tag="Video in the answer")

STORE_PAUSE_S = 1.0  # before looking again when the store was away


@bp.post("/generate_parallel")
@bp.input(SubmitHeaders, location="headers", arg_name="headers")
@bp.doc(**docs.GENERATE_PARALLEL)
def generate_parallel(headers: SubmitHeaders) -> Response:
    """Make a video on several workers

    Answers with the MP4. If the connection breaks the job goes on: it is in GET /api/v1/jobs.
    """
    with services().waiting.slot():
        return _video(accept(read_body(request, JobBody), headers.idempotency_key))


@bp.post("/generate")
@bp.input(SubmitHeaders, location="headers", arg_name="headers")
@bp.doc(**docs.GENERATE)
def generate(headers: SubmitHeaders) -> Response:
    """Make a video on one worker

    As /api/generate_parallel with `num_workers` 1: one chunk.
    """
    with services().waiting.slot():
        return _video(accept(read_body(request, SpeakBody), headers.idempotency_key, 1))


def _video(accepted: Job) -> Response:
    job = _ended(accepted, services().settings.generate_timeout_s)
    if job.state is not JobState.SUCCEEDED:
        return _no_video(job)
    info, file = services().queue.open_video(job.id)
    response = video_response(info, file, job, "attachment")
    response.headers["X-Job-Id"] = job.id
    response.headers["X-Chunks"] = str(len(job.chunks))
    response.headers["X-Frames"] = str(job.n_frames)
    return response


def _ended(job: Job, timeout_s: float) -> Job:
    """The job at its end, or as it is after `timeout_s`; a store may be away in between."""
    until = time.monotonic() + timeout_s
    while not job.state.terminal and (left := until - time.monotonic()) > 0:
        try:
            job = services().queue.wait(job.id, left)
        except StoreError:
            time.sleep(min(STORE_PAUSE_S, left))
    return job


def _no_video(job: Job) -> Response:
    where = {"X-Job-Id": job.id, "Location": f"{JOBS}/{job.id}"}
    if not job.state.terminal:
        return problem_response(
            "generate-timeout",
            f"The video is not ready yet ({job.progress:.0%} done). The job goes on: follow "
            f"{JOBS}/{job.id}, its video will be at {JOBS}/{job.id}/video.",
            {**where, "Retry-After": "10"},
            job=job.id,
        )
    if job.failure:
        return problem_response(job.failure.reason, job.failure.detail, where, job=job.id)
    reason = "canceled" if job.state is JobState.CANCELED else "deadline"
    return problem_response(
        reason, f"The job has {job.state} and left no video. Send it again.", where, job=job.id
    )
