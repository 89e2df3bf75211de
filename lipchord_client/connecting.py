"""urllib, taught two things: every status is an answer, and one that comes early is read."""

import http.client
import ssl
import urllib.request
from contextlib import suppress
from typing import Any

LOCAL = ("localhost", "127.0.0.1", "::1")


def opener(host: str) -> urllib.request.OpenerDirector:
    """An opener for `host`; a proxy of the environment is asked but for this machine's own."""
    handlers: list[urllib.request.BaseHandler] = [_Http(), _Https(), _Plain()]
    if host in LOCAL:
        handlers.append(urllib.request.ProxyHandler({}))
    return urllib.request.build_opener(*handlers)


class _Plain(urllib.request.HTTPErrorProcessor):
    """Raises for no status, and follows no redirection: a POST would arrive as a GET."""

    def http_response(
        self,
        request: urllib.request.Request,  # noqa: ARG002 - urllib's signature
        response: http.client.HTTPResponse,
    ) -> http.client.HTTPResponse:
        return response

    https_response = http_response


class _Listening:
    """A connection that hears why an upload was refused half-way."""

    def request(self, *args: Any, **more: Any) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            super().request(*args, **more)  # type: ignore[misc]


class _HttpConnection(_Listening, http.client.HTTPConnection):
    pass


class _HttpsConnection(_Listening, http.client.HTTPSConnection):
    pass


class _Http(urllib.request.HTTPHandler):
    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_HttpConnection, req)


class _Https(urllib.request.HTTPSHandler):
    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        # The authorities of the system; SSL_CERT_FILE names others.
        return self.do_open(_HttpsConnection, req, context=ssl.create_default_context())
