"""HTTP on the standard library: one address, a key, and answers that are whole or an error."""

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from email.message import Message
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from lipchord_client.connecting import opener
from lipchord_client.errors import ApiError, LipchordError, UnreachableError, api_error
from lipchord_client.form import Body
from lipchord_client.retrying import LostError, Retrying

USER_AGENT = "lipchord-client/1"
NOT_MODIFIED = 304
BETWEEN = (502, 504)  # a proxy's, when the API behind it is away
BROKEN = (OSError, http.client.HTTPException)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, headers, body."""

    status: int
    headers: Message
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ApiError: it is none."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise _foreign(self.status, "no JSON") from error


class Transport:
    """Asks one API. Safe for many threads."""

    def __init__(self, url: str, api_key: str, timeout_s: float, retrying: Retrying) -> None:
        """Raises UnreachableError: `url` is no address."""
        self.url, self.retrying = url.rstrip("/"), retrying
        self._key, self._timeout_s = api_key, timeout_s
        parsed = urllib.parse.urlsplit(self.url)
        if parsed.scheme not in ("http", "https") or not parsed.hostname:
            raise UnreachableError(f"{url!r} is not an address: write it as http://localhost:3000.")
        self._opener = opener(parsed.hostname)
        self._met = False  # whether this API has ever answered

    def ask(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One answer, asked for again while nobody gives one: every request here may be repeated.

        Raises:
            UnreachableError, ApiError.
        """

        def once() -> Answer:
            with closing(self.open(method, path, body, headers)) as answer:
                return Answer(answer.status, answer.headers, self.read(answer))

        return self.retrying(once)

    def open(
        self,
        method: str,
        path: str,
        body: Body | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float | None = None,
    ) -> http.client.HTTPResponse:
        """An answer whose body is still to be read; one try.

        Raises:
            LostError: no answer came. ApiError: it is a problem.
        """
        request = self._request(method, path, body, headers or {})
        try:
            answer: http.client.HTTPResponse = self._opener.open(
                request, timeout=timeout_s or self._timeout_s
            )
        except BROKEN as error:
            raise self.lost(error) from error
        self._met = True
        if answer.status < 300 or answer.status == NOT_MODIFIED:
            return answer
        with closing(answer):
            problem = _problem(answer, self.read(answer))
            if problem.status in BETWEEN and not problem.type:
                raise LostError(UnreachableError(str(problem)))
            raise problem

    def read(self, answer: http.client.HTTPResponse) -> bytes:
        """The whole body. Raises LostError."""
        try:
            return answer.read()
        except BROKEN as error:
            raise self.lost(error) from error

    def lost(self, error: Exception) -> LostError:
        """What it means that a connection ended in `error`."""
        reason = getattr(error, "reason", error)
        if self._met:
            return LostError(UnreachableError(
                f"The API at {self.url} has stopped answering ({reason}). "
                "What it has accepted goes on when it is started again."
            ))  # fmt: skip
        told = UnreachableError(
            f"No Lipchord API answers at {self.url} ({reason}). "
            "Start one with `lipchord up`, or say where it is with --url or LIPCHORD_URL."
        )
        # Refused, or no such host: nothing was sent. What broke later may have brought a job.
        return LostError(told, hopeless=isinstance(error, urllib.error.URLError))

    def _request(
        self, method: str, path: str, body: Body | None, headers: Mapping[str, str]
    ) -> urllib.request.Request:
        sent = {}
        if body:
            try:
                size = body.size
            except OSError as error:
                raise LipchordError(
                    f"{error.filename} cannot be sent: {error.strerror}."
                ) from error
            sent = {"Content-Type": body.content_type, "Content-Length": str(size)}
        request = urllib.request.Request(  # noqa: S310 - the user's own http(s) address
            self.url + path,
            data=body.blocks() if body else None,
            headers={"User-Agent": USER_AGENT, **sent, **headers},
            method=method,
        )
        if self._key:
            request.add_header("Authorization", f"Bearer {self._key}")
        return request


def _problem(answer: http.client.HTTPResponse, body: bytes) -> ApiError:
    """The error that an answer is (RFC 9457)."""
    if answer.status < 400:
        where = answer.headers.get("Location", "elsewhere")
        detail = f"The API has moved to {where}: use that address."
        return api_error(answer.status, {"detail": detail})
    with suppress(ValueError, TypeError):
        said = json.loads(body)
        if "title" in said:
            return api_error(answer.status, said, _seconds(answer.headers.get("Retry-After")))
    return _foreign(answer.status, answer.reason)


def _foreign(status: int, what: str) -> ApiError:
    detail = f"HTTP {status}, {what}: this does not look like a Lipchord API."
    return api_error(status, {"detail": detail})


def _seconds(retry_after: str | None) -> float | None:
    """A Retry-After header, in seconds or as a date (RFC 9110, 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    with suppress(ValueError, TypeError):
        return max(0.0, parsedate_to_datetime(retry_after).timestamp() - time())
    return None
