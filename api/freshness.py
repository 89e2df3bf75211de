"""Whether what a poller has is still good: answered from a few fields, before a job is read."""

import re
import zlib

from flask import Request, Response

from api.job_views import JobView
from tasks.live import Version

GOOD_FOR_S = 5.0  # while nothing happens, estimates and times still move: then they are told anew
_ETAG = re.compile(r'W/"([0-9a-f]{24})\.([0-9]{1,15})"')
_SHAPE = f"{zlib.crc32(','.join(JobView.model_fields).encode()):08x}"  # of this release's answers


def etag(version: Version) -> str:
    """What is given with a job of this version."""
    return f'W/"{version.mark}{_SHAPE}.{int(1000 * version.now)}"'


def unchanged(version: Version, request: Request) -> Response | None:
    """A 304 where the request has this version, and has not had it for too long; else None."""
    found = _ETAG.search(request.headers.get("If-None-Match", ""))
    if found is None or found[1] != version.mark + _SHAPE:
        return None
    if not version.terminal and version.now - int(found[2]) / 1000 > GOOD_FOR_S:
        return None
    return Response(status=304, headers={"ETag": found[0], "Cache-Control": "private, no-cache"})
