"""A finished MP4 as an HTTP answer: streamed part by part, with ETag, Range and If-Range."""

import re
from typing import BinaryIO

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from tasks.contract import Job, VideoInfo

BUFFER = 256 * 1024  # bytes in memory for one reader, besides the part that the store sent
ONE_RANGE = re.compile(r"bytes=\s*([0-9]+-[0-9]*|-[0-9]+)\s*", re.ASCII)


def video_response(info: VideoInfo, file: BinaryIO, job: Job, disposition: str) -> Response:
    """The video; 206, 304 or 416 where the request's headers ask for it.

    Args:
        info: size and hash.
        file: seekable; closed when the answer has been sent.
        job: whose video it is.
        disposition: "inline" or "attachment".

    Raises:
        RequestedRangeNotSatisfiable: becomes a 416 with the video's length.
    """
    # Not wrap_file: a server's own file wrapper cannot seek, and would read up to the range.
    body = FileWrapper(file, BUFFER)
    response = Response(body, mimetype="video/mp4", direct_passthrough=True)
    response.content_length = info.size
    response.set_etag(info.sha256)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers.set("Content-Disposition", disposition, filename=file_name(job))
    try:
        response.make_conditional(_environ(), accept_ranges=True, complete_length=info.size)
    except RequestedRangeNotSatisfiable:
        file.close()
        raise
    return response


def file_name(job: Job) -> str:
    """Such as "lipchord-ru-1f0a2b3c.mp4"."""
    spoken = f"-{job.request.language}" if job.request.text is not None else ""
    return re.sub(r"[^a-z0-9.-]", "", f"lipchord{spoken}-{job.id[4:12]}.mp4".lower())


def _environ() -> dict[str, object]:
    """The request without a Range that is to be ignored (RFC 9110, 14.2).

    That is any on another method than GET, of another unit, or of several ranges.
    """
    environ = dict(request.environ)
    if request.method != "GET" or not ONE_RANGE.fullmatch(environ.get("HTTP_RANGE", "")):
        environ.pop("HTTP_RANGE", None)
    return environ
