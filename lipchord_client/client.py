"""Client: the front door. Everything else is what it gives."""

import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias, Unpack, cast
from urllib.parse import quote

from lipchord_client.faces import Face, Faces
from lipchord_client.fleet import FleetView
from lipchord_client.form import Body, Content, Value, body
from lipchord_client.job import JOBS, Job, OnProgress
from lipchord_client.pages import pages
from lipchord_client.retrying import OnRetry, Retrying
from lipchord_client.transport import Transport
from lipchord_client.views import CheckView, JobOptions, VoiceView, WorkerView

DEFAULT_URL = "http://127.0.0.1:3000"
TIMEOUT_S = 90.0  # of one answer; a submit waits for its uploads to be looked at
PATIENCE_S = 60.0
# What the API has already: a face that is kept, or an upload of an earlier job.
KEPT = re.compile(r"face_[0-9A-Za-z]{8,64}|blob_[0-9a-f]{64}")

Media: TypeAlias = str | Path | bytes
Given: TypeAlias = Media | Face


class Client:
    """Talks to one API. Safe for many threads; there is nothing to close."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        patience_s: float = PATIENCE_S,
        on_retry: OnRetry | None = None,
    ) -> None:
        """Nothing is asked yet.

        Args:
            url: of the API; None: LIPCHORD_URL of the environment, or this machine's port 3000.
            api_key: where the API asks for one; None: LIPCHORD_API_KEY of the environment.
            timeout_s: how long one answer may take, seconds.
            patience_s: how long a request is sent again while nobody answers or the API is busy,
                seconds; no longer than Retry-After says. Only an address that has never answered
                is given up at once.
            on_retry: called before each wait with the error and the seconds of the wait.

        Raises:
            UnreachableError: `url` is no address.
        """
        where = url or os.environ.get("LIPCHORD_URL") or DEFAULT_URL
        key = os.environ.get("LIPCHORD_API_KEY", "") if api_key is None else api_key
        self._transport = Transport(where, key, timeout_s, Retrying(patience_s, on_retry))
        self.faces = Faces(self._transport)

    @property
    def url(self) -> str:
        """Of the API."""
        return self._transport.url

    def submit(
        self,
        text: str | None = None,
        *,
        audio: Media | None = None,
        face: Given | None = None,
        wait: bool | float = False,
        on_progress: OnProgress | None = None,
        idempotency_key: str | None = None,
        **options: Unpack[JobOptions],
    ) -> Job:
        """Send a job: a text, or speech in `audio`; one job, however often it must be sent.

        Args:
            text: what is said.
            audio: a sound file or a video with sound instead: its path, its bytes, or the key of
                one that was sent before.
            face: whose lips move: a picture or video, its bytes, a `Face`, or the id or key of
                one; None: the shipped avatar.
            wait: True: until it has succeeded; a number: at most so many seconds.
            on_progress: as of `Job.wait`; means `wait=True` where that is not said.
            idempotency_key: a name of your own for this job; None: a new one for each call.

        Raises:
            RefusedError: what is wrong with it. BusyError: the same may pass later.
            UnreachableError; and what `Job.wait` raises.
        """
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        asked = _body(text, audio, face, dict(options))
        job = Job(self._transport, self._transport.ask("POST", JOBS, asked, headers).json())
        if wait is not False or on_progress:
            job.wait(None if isinstance(wait, bool) else wait, on_progress)
        return job

    def check(
        self,
        text: str | None = None,
        *,
        audio: Media | None = None,
        face: Given | None = None,
        **options: Unpack[JobOptions],
    ) -> CheckView:
        """What `submit` would do: every check, and an estimate; nothing is rendered.

        Raises:
            RefusedError: all that is wrong, each in `fields`. BusyError, UnreachableError.
        """
        asked = _body(text, audio, face, dict(options))
        return cast(CheckView, self._transport.ask("POST", "/api/v1/check", asked).json())

    def job(self, job_id: str) -> Job:
        """Raises NotFoundError."""
        return Job(self._transport, self._transport.ask("GET", f"{JOBS}/{quote(job_id)}").json())

    def jobs(self, limit: int | None = None) -> Iterator[Job]:
        """Jobs, newest first, each in brief: without its list of chunks until `refresh`."""
        found = pages(self._transport, JOBS, "jobs", limit)
        return (Job(self._transport, view) for view in found)

    def voices(self) -> list[VoiceView]:
        """Languages that can be spoken, and variants of their voices."""
        return cast(list[VoiceView], self._get("/api/v1/voices")["voices"])

    def workers(self) -> list[WorkerView]:
        """Living workers."""
        return cast(list[WorkerView], self._get("/api/v1/workers")["workers"])

    def fleet(self) -> FleetView:
        """All workers, by host, and what waits for each generator."""
        return cast(FleetView, self._get("/api/v1/fleet"))

    def _get(self, path: str) -> Any:
        return self._transport.ask("GET", path).json()


def _body(
    text: str | None, audio: Media | None, face: Given | None, options: dict[str, Any]
) -> Body:
    fields: dict[str, Value] = {"text": text, **options}
    files: dict[str, Content] = {}
    for name, given in (("audio", audio), ("face", face)):
        if isinstance(given, Face):
            fields[name] = given.id
        elif isinstance(given, str) and KEPT.fullmatch(given):
            fields[name] = given
        elif given is not None:
            files[name] = given if isinstance(given, bytes) else Path(given)
    return body(fields, files)
