"""Talk to a Lipchord API from Python: `from lipchord_client import Client`.

    client = Client("http://localhost:3000")
    job = client.submit("Hello, I am Lipchord.", language="en", face="me.jpg")
    job.wait(on_progress=lambda job: print(job.progress))
    job.download("hello.mp4")

Standard library alone, and none of the rooms: this folder can be copied to where it is
needed. Reading order: `client`, `job`, `faces`; below them `transport`, `retrying`, `form`,
`events`, `download`; `views` says what the API answers, `errors` what can go wrong.
"""

# The one `__init__` that exports: users write this import, and it loads nothing heavy.
from lipchord_client.client import Client
from lipchord_client.errors import (
    ApiError,
    BusyError,
    DamagedError,
    GoneError,
    JobFailedError,
    LipchordError,
    NotFoundError,
    NotReadyError,
    RefusedError,
    StillRunningError,
    UnauthorizedError,
    UnreachableError,
)
from lipchord_client.events import Event
from lipchord_client.faces import Face, Faces
from lipchord_client.job import Job

__all__ = [
    "ApiError",
    "BusyError",
    "Client",
    "DamagedError",
    "Event",
    "Face",
    "Faces",
    "GoneError",
    "Job",
    "JobFailedError",
    "LipchordError",
    "NotFoundError",
    "NotReadyError",
    "RefusedError",
    "StillRunningError",
    "UnauthorizedError",
    "UnreachableError",
]
