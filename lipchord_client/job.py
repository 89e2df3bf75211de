"""One job: look at it, wait for it, hear of it, fetch its video, end it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from lipchord_client import events
from lipchord_client.download import OnBytes, download
from lipchord_client.errors import (
    ApiError,
    BusyError,
    JobFailedError,
    NotFoundError,
    StillRunningError,
)
from lipchord_client.events import Event
from lipchord_client.transport import Transport
from lipchord_client.views import ENDED, ChunkView, JobView, ProblemView, State

JOBS = "/api/v1/jobs"
POLL_S = 0.5  # between two looks, where there is no event stream
LONGEST_WAIT_S = 60  # that the API holds one request open

OnProgress: TypeAlias = Callable[["Job"], None]


class Job:
    """A job as it was last seen.

    Attributes:
        view: the whole job, as the API's JSON has it.
    """

    def __init__(self, transport: Transport, view: JobView) -> None:
        self._transport, self.view = transport, view

    def __repr__(self) -> str:
        return f"<Job {self.id}: {self.state}, {self.progress:.0%}>"

    @property
    def id(self) -> str:
        return self.view["id"]

    @property
    def state(self) -> State:
        return self.view["state"]

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ENDED

    @property
    def succeeded(self) -> bool:
        return self.state == "succeeded"

    @property
    def progress(self) -> float:
        """0..1, never falls."""
        return self.view["progress"]

    @property
    def eta_seconds(self) -> float | None:
        return self.view["eta_seconds"]

    @property
    def n_frames(self) -> int | None:
        return self.view["n_frames"]

    @property
    def chunks(self) -> list[ChunkView]:
        """In order; empty until the job is planned."""
        return self.view["chunks"]["list"] or []

    @property
    def warnings(self) -> list[str]:
        return self.view["warnings"]

    @property
    def error(self) -> ProblemView | None:
        return self.view["error"]

    @property
    def url(self) -> str:
        """Of the job at the API."""
        return self._transport.url + self._path

    @property
    def _path(self) -> str:
        return f"{JOBS}/{self.id}"

    def refresh(self, wait_s: float = 0) -> Job:
        """Look again; `wait_s`: the answer may take so long, or until the job has ended."""
        headers = {"Prefer": f"wait={int(wait_s)}"} if wait_s >= 1 else {}
        self.view = self._transport.ask("GET", self._path, headers=headers).json()
        return self

    def wait(self, timeout: float | None = None, on_progress: OnProgress | None = None) -> Job:
        """Wait until it has succeeded.

        Args:
            timeout: seconds; None: as long as it takes.
            on_progress: called with this job at each change of it.

        Raises:
            JobFailedError: it ended without a video, and why.
            StillRunningError: it has not ended in `timeout`; it goes on.
            ApiError, UnreachableError.
        """
        until = None if timeout is None else time.monotonic() + timeout
        changes = self.follow() if on_progress else self._long_polls(until)
        for _ in changes:
            if on_progress:
                on_progress(self)
            if until is not None and time.monotonic() >= until and not self.ended:
                raise StillRunningError(self, timeout or 0.0)
        if not self.succeeded:
            raise JobFailedError(self)
        return self

    def follow(self) -> Iterator[Job]:
        """This job now and at each change, until it has ended; raises for no state.

        By its event stream, and by looking again and again where that cannot be had.

        Raises:
            ApiError, UnreachableError.
        """
        yield self
        if self.ended:
            return
        try:
            for event in self.events():
                if event.name == "job":
                    self.view = event.data
                    yield self
        except (BusyError, NotFoundError):
            pass  # too many who listen, or an API without streams: the looks below tell which
        while not self.ended:
            time.sleep(POLL_S)
            yield self.refresh()

    def events(self, after: str = "") -> Iterator[Event]:
        """What happens to it, from the beginning or from the event `after`, until its end.

        A lost connection is taken up again where it broke.

        Raises:
            ApiError, UnreachableError.
        """
        return events.stream(self._transport, f"{self._path}/events", after)

    def download(self, path: str | Path, on_bytes: OnBytes | None = None) -> Path:
        """Fetch the video; the file appears whole or not at all.

        A download that broke goes on where it was, in this process or a later one.

        Args:
            on_bytes: called with the bytes so far and those of the whole.

        Raises:
            NotReadyError: not yet. GoneError: failed, deleted or expired.
            ApiError, UnreachableError, DamagedError, OSError.
        """
        video = self.view["video"] or self.refresh().view["video"]
        if video is None:  # its own sentence says why
            self._transport.ask("GET", f"{self._path}/video")
            raise ApiError(500, {"detail": f"The job {self.id} has no video."})
        out = Path(path)
        download(
            self._transport, f"{self._path}/video", out, video["size"], video["sha256"], on_bytes
        )
        return out

    def captions(self, words: bool = False) -> str:
        """What is said, as WebVTT: as soon as the job is planned.

        Args:
            words: whether each word has its time too.

        Raises:
            NotFoundError: the job speaks with a sound that was sent.
            NotReadyError: not yet. GoneError: deleted or expired. ApiError, UnreachableError.
        """
        asked = f"{self._path}/captions.vtt" + "?words=true" * words
        return self._transport.ask("GET", asked).body.decode()

    def cancel(self) -> Job:
        """End it; a job that has ended stays as it is. Can be repeated."""
        self.view = self._transport.ask("POST", f"{self._path}/cancel").json()
        return self

    def delete(self) -> Job:
        """End it, and drop its files. Can be repeated."""
        self.view = self._transport.ask("DELETE", self._path).json()
        return self

    def _long_polls(self, until: float | None) -> Iterator[Job]:
        yield self
        while not self.ended:
            left = LONGEST_WAIT_S if until is None else until - time.monotonic()
            began = time.monotonic()
            yield self.refresh(min(left, LONGEST_WAIT_S))
            # A house with too many who wait answers at once: it is not to be asked at once again.
            if not self.ended and time.monotonic() - began < POLL_S:
                time.sleep(POLL_S)
