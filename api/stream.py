"""Early playback: the finished beginning of a job as HLS, while the rest renders."""

from apiflask import APIBlueprint
from flask import Response, request

from api import docs
from api.services import services, tenant
from api.views import JOBS
from tasks.live import StreamPart

bp = APIBlueprint("stream", __name__, url_prefix=JOBS, tag="Early playback")

FOR_EVER_S = 86400


@bp.get("/<job_id>/stream.m3u8")
@bp.doc(**docs.STREAM)
def stream(job_id: str) -> Response:
    """Watch the beginning while the rest renders

    An HLS master playlist: open it in a player. 409 until the first chunk is rendered; then its
    playlists grow as chunks are done in order, and end with the job. When the job has succeeded
    the stream stays for as long as its chunks are kept; after that, 410: fetch the video.
    """
    return served(services().queue.stream(job_id, "stream.m3u8", tenant()))


@bp.get("/<job_id>/stream/<name>")
@bp.doc(**docs.STREAM_PART)
def part(job_id: str, name: str) -> Response:
    """A file of the stream

    What the master playlist names, and what those playlists name: each of them, `video.m3u8` and
    `audio.m3u8`, lists a header and segments of about two seconds (CMAF, fragmented MP4);
    `captions.m3u8`, which a job with `text` has, lists WebVTT for the same times.
    """
    return served(services().queue.stream(job_id, name, tenant()))


def served(part: StreamPart) -> Response:
    """The file; 304 where the client has it."""
    response = Response(part.data, mimetype=part.mimetype)
    caching = f"private, max-age={FOR_EVER_S}, immutable" if part.final else "private, no-cache"
    response.headers["Cache-Control"] = caching
    response.add_etag()
    response.make_conditional(request)
    return response
