"""A client of the API on the standard library alone: submit, follow, download."""

import http.client
import json
import os
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from deploy.errors import HttpError

BLOCK = 2**20  # bytes read and sent at a time
TIMEOUT_S = 90.0  # of one answer; a submit waits for its uploads to be looked at
PATIENCE_S = 30.0  # the API may be away so long while it starts again
RETRY_S = 0.5

T = TypeVar("T")
Job = dict[str, Any]  # a job as the API shows it: api.views.JobView as JSON


class Client:
    """Talks to one API; survives its restart in the middle of a job."""

    def __init__(self, url: str, api_key: str | None = None) -> None:
        """`api_key`: where the API asks for one; None: LIPCHORD_API_KEY of the environment."""
        self._key = os.environ.get("LIPCHORD_API_KEY", "") if api_key is None else api_key
        self.url = url.rstrip("/")
        parsed = urllib.parse.urlsplit(self.url)
        if parsed.scheme not in ("http", "https") or not parsed.hostname:
            raise HttpError(f"{url!r} is not an address: write it as http://localhost:3000.")
        local = parsed.hostname in ("localhost", "127.0.0.1", "::1")
        # A proxy of the environment cannot reach this machine's own address.
        handlers = [urllib.request.ProxyHandler({})] if local else []
        self._opener = urllib.request.build_opener(*handlers)
        self._met = False  # whether this API has ever answered

    def submit(self, fields: Mapping[str, str], files: Mapping[str, Path]) -> Job:
        """Send a job; sent again after a lost connection it is still one job.

        Args:
            fields: form fields of POST /api/v1/jobs.
            files: "audio" and "face", where given.

        Raises:
            HttpError: refused, or nobody answers.
        """
        key = uuid.uuid4().hex

        def post() -> Job:
            boundary = uuid.uuid4().hex
            parts = list(_parts(fields, files, boundary))
            headers = {
                "Content-Type": f"multipart/form-data; boundary={boundary}",
                "Content-Length": str(sum(_size(part) for part in parts)),
                "Idempotency-Key": key,
            }
            return self._json("/api/v1/jobs", _stream(parts), headers)

        return self._patiently(post)

    def job(self, job_id: str) -> Job:
        """The job as it is now. Raises HttpError."""
        return self._patiently(lambda: self._json(f"/api/v1/jobs/{job_id}"))

    def follow(self, job: Job, every_s: float = 0.25) -> Iterator[Job]:
        """The job again and again until it has ended; the last one yielded is terminal."""
        yield job
        while job["state"] in ("queued", "running"):
            time.sleep(every_s)
            job = self.job(job["id"])
            yield job

    def cancel(self, job_id: str) -> None:
        """Ask that the job ends. Raises HttpError."""
        self._patiently(lambda: self._json(f"/api/v1/jobs/{job_id}", method="DELETE"))

    def download(self, job_id: str, out: Path) -> None:
        """Fetch the finished video; `out` appears whole or not at all. Raises HttpError."""
        out.parent.mkdir(parents=True, exist_ok=True)
        fresh = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}")
        try:
            self._patiently(lambda: self._save(f"/api/v1/jobs/{job_id}/video", fresh))
            fresh.replace(out)
        finally:
            fresh.unlink(missing_ok=True)

    def _save(self, path: str, out: Path) -> None:
        with self._open(urllib.request.Request(self.url + path)) as answer, out.open("wb") as file:  # noqa: S310
            while block := answer.read(BLOCK):
                file.write(block)

    def _json(
        self,
        path: str,
        body: Iterator[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        method: str | None = None,
    ) -> Job:
        request = urllib.request.Request(  # noqa: S310 - the user's own http(s) address
            self.url + path,
            data=body,
            headers=dict(headers or {}),
            method=method,
        )
        with self._open(request) as answer:
            found: Job = json.load(answer)
            return found

    def _open(self, request: urllib.request.Request) -> http.client.HTTPResponse:
        if self._key:  # unredirected: it is not for another host
            request.add_unredirected_header("Authorization", f"Bearer {self._key}")
        try:
            answer: http.client.HTTPResponse = self._opener.open(request, timeout=TIMEOUT_S)
            return answer
        except urllib.error.HTTPError as error:
            raise HttpError(_problem(error), error.code) from error

    def _patiently(self, ask: Callable[[], T]) -> T:
        """Ask again while nobody answers, once somebody has: the API may be starting again."""
        deadline = time.monotonic() + (PATIENCE_S if self._met else 0.0)
        while True:
            try:
                answer = ask()
            except (OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                if time.monotonic() >= deadline:
                    raise HttpError(self._nobody(error)) from error
                time.sleep(RETRY_S)
            else:
                self._met = True
                return answer

    def _nobody(self, error: Exception) -> str:
        reason = getattr(error, "reason", error)
        if self._met:
            return (
                f"The API at {self.url} has stopped answering ({reason}). "
                "What it has accepted goes on when it is started again."
            )
        return (
            f"No Lipchord API answers at {self.url} ({reason}). "
            "Start one with `lipchord up`, or say where it is with --url."
        )


def _problem(error: urllib.error.HTTPError) -> str:
    """What a problem+json answer tells the user."""
    try:
        said = json.loads(error.read())
        return str(said.get("detail") or said["title"])
    except (ValueError, KeyError, AttributeError):
        return f"HTTP {error.code} {error.reason}: this does not look like a Lipchord API."


def _parts(
    fields: Mapping[str, str], files: Mapping[str, Path], boundary: str
) -> Iterator[bytes | Path]:
    """A multipart/form-data body (RFC 7578), files not yet read."""
    for name, value in fields.items():
        yield _head(boundary, f'name="{name}"') + value.encode() + b"\r\n"
    for name, path in files.items():
        filename = urllib.parse.quote(path.name)
        yield _head(boundary, f'name="{name}"; filename="{filename}"')
        yield path
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _head(boundary: str, disposition: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()


def _size(part: bytes | Path) -> int:
    return part.stat().st_size if isinstance(part, Path) else len(part)


def _stream(parts: list[bytes | Path]) -> Iterator[bytes]:
    for part in parts:
        if isinstance(part, bytes):
            yield part
            continue
        with part.open("rb") as file:
            while block := file.read(BLOCK):
                yield block
