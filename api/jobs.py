"""Jobs over HTTP: submit, poll, cancel, list, watch."""

from apiflask import APIBlueprint
from flask import Response, request

from api import docs
from api.bodies import Body, read_body
from api.freshness import etag, unchanged
from api.handlers import RETRY_SOON
from api.queries import JobsQuery, PollHeaders, PollQuery, SubmitHeaders
from api.schemas import JobBody, SpeakBody, job_request
from api.services import services, tenant
from api.video import video_response
from api.views import JOBS, answer, job_view, page_view
from api.waiting import FullHouseError, preferred_wait
from tasks.contract import Job, JobRequest
from tasks.errors import RejectedError

bp = APIBlueprint("jobs", __name__, url_prefix=JOBS, tag="Jobs")


@bp.post("")
@bp.input(SubmitHeaders, location="headers", arg_name="headers")
@bp.doc(**docs.SUBMIT)
def submit(headers: SubmitHeaders) -> Response:
    """Send a job

    Text, or speech in a file; a face in a file, or none for the shipped avatar. The answer
    comes at once, and means that the job survives the death of any process: follow `Location`.
    """
    job = accept(read_body(request, JobBody), headers.idempotency_key)
    shown = {"Location": f"{JOBS}/{job.id}"}
    seconds = preferred_wait(headers.prefer)
    if seconds is not None:
        shown |= _waited(job.id, seconds)
        job = services().queue.job(job.id)
    if job.state.terminal:
        return answer(job_view(job), 200, shown)
    return answer(job_view(job), 202, shown | RETRY_SOON)


@bp.get("/<job_id>")
@bp.input(PollHeaders, location="headers", arg_name="headers")
@bp.input(PollQuery, location="query", arg_name="query")
@bp.doc(**docs.POLL)
def poll(job_id: str, headers: PollHeaders, query: PollQuery) -> Response:
    """Look at a job

    Poll it every `Retry-After` seconds, with the ETag that came last in `If-None-Match`: a 304
    costs next to nothing. Or hold the request open with `?wait=N` or `Prefer: wait=N`, or watch
    its events.
    """
    queue = services().queue
    version = queue.version(job_id, tenant())  # before the job: never newer than what is shown
    seconds = query.wait if query.wait is not None else preferred_wait(headers.prefer)
    waited = {} if seconds is None or version.terminal else _waited(job_id, seconds)
    version = queue.version(job_id, tenant()) if waited else version
    response = unchanged(version, request)
    if response is None:
        job = queue.job(job_id, tenant())
        response = answer(job_view(job), headers={"Cache-Control": "private, no-cache"})
        response.headers["ETag"] = etag(version)
    response.headers.extend(waited | ({} if version.terminal else RETRY_SOON))
    return response


@bp.delete("/<job_id>")
@bp.doc(**docs.CANCEL)
def cancel(job_id: str) -> Response:
    """Cancel or delete a job

    Can be repeated. A job that runs is `canceled` from now on; a worker that renders it notices
    after the batch of frames in hand and stops. One that is over stays as it ended, but for its
    video, which is gone (410). Either way its files are dropped, unless another job has the same.
    """
    return answer(job_view(services().queue.delete(job_id, tenant())))


@bp.post("/<job_id>/cancel")
@bp.doc(**docs.CANCEL_BY_POST)
def cancel_by_post(job_id: str) -> Response:
    """Cancel a job

    Can be repeated. Answers with the job: `canceled` from now on, or as it had ended before; unlike
    `DELETE`, this leaves the video of a job that is over.
    """
    return answer(job_view(services().queue.cancel(job_id, tenant())))


@bp.get("")
@bp.input(JobsQuery, location="query", arg_name="query")
@bp.doc(**docs.LIST)
def listed(query: JobsQuery) -> Response:
    """List jobs

    Newest first, each in brief: without its list of chunks, its text cut to 200 characters.
    """
    page = services().queue.jobs(query.limit, query.cursor or None, tenant())
    return answer(page_view(page))


@bp.get("/<job_id>/video")
@bp.doc(**docs.VIDEO)
def video(job_id: str) -> Response:
    """Watch the video

    MP4 with ETag, Range and If-Range, so that a player can seek in it.
    """
    queue = services().queue
    info, file = queue.open_video(job_id, tenant())
    return video_response(info, file, queue.job(job_id), "inline")


def accept(body: Body[SpeakBody], idempotency_key: str, num_workers: int | None = None) -> Job:
    """Store the files, submit the job.

    Args:
        body: checked fields and files.
        idempotency_key: empty for none.
        num_workers: instead of the body's.

    Raises:
        RejectedError, BusyError, StoreError.
    """
    key = idempotency_key or None
    return services().queue.submit(asked(body, key, num_workers), key, tenant())


def asked(
    body: Body[SpeakBody], idempotency_key: str | None = None, num_workers: int | None = None
) -> JobRequest:
    """Store the files; the request that names them. Raises as `accept`."""
    _one_source(body)
    if body.files:
        services().queue.admit(tenant(), idempotency_key, body.fields.generator)
    wanted = num_workers or getattr(body.fields, "num_workers", None)
    return job_request(body.fields, _blob(body, "audio"), _blob(body, "face"), wanted)


def _one_source(body: Body[SpeakBody]) -> None:
    text = body.fields.text is not None
    audio = body.fields.audio is not None or "audio" in body.files
    if text and audio:
        raise RejectedError(
            "invalid-request", "Both `text` and `audio` are given: leave one of them out."
        )
    if not text and not audio:
        raise RejectedError(
            "empty-text", "There is nothing to say: give `text`, or a sound file in `audio`."
        )


def _blob(body: Body[SpeakBody], field: str) -> str | None:
    """The key of a file that came with the body, or the key that the field holds."""
    if field not in body.files:
        key: str | None = getattr(body.fields, field)
        return key
    try:
        return services().queue.store_upload(body.files[field].stream)  # type: ignore[arg-type]
    except RejectedError as error:
        raise RejectedError(error.reason, f"`{field}`: {error.detail}") from error


def _waited(job_id: str, seconds: int) -> dict[str, str]:
    """Wait until the job has ended, at most so long, where a slot is free; headers that say so."""
    try:
        with services().waiting.slot():
            services().queue.wait(job_id, seconds)
    except FullHouseError:
        return {}  # a preference may be left unheeded (RFC 7240, 2)
    return {"Preference-Applied": f"wait={seconds}"}
