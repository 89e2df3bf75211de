"""A job's life as it happens: server-sent events, read on where a lost connection left them."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPResponse
from typing import IO, Any

from lipchord_client.retrying import backoff_s
from lipchord_client.transport import BROKEN, Transport

SILENCE_S = 60.0  # the API sends heartbeats; who is silent for so long is gone
END = "end"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job.

    Attributes:
        name: such as "chunk-committed"; "job" where `data` is the whole job as it is now.
        id: where to go on: what `after` takes.
        data: facts, as JSON gives them.
    """

    name: str
    id: str
    data: Any


def stream(transport: Transport, path: str, after: str = "") -> Iterator[Event]:
    """Events until the end of the job; a lost connection is taken up again where it broke.

    Args:
        path: of the stream.
        after: `id` of the last event that is known; "": from the beginning.

    Raises:
        ApiError: no such job, no such stream here, or too many who listen.
        UnreachableError: nobody has answered for as long as the client is patient.
    """
    last, fruitless = after, 0
    while True:
        with closing(_opened(transport, path, last)) as answer:
            try:
                for event in parse(answer):
                    if event.name == END:
                        return
                    last, fruitless = event.id or last, 0
                    yield event
            except BROKEN:
                pass
        transport.retrying.sleep(backoff_s(fruitless))
        fruitless += 1


def _opened(transport: Transport, path: str, last: str) -> HTTPResponse:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last} if last else {})
    return transport.retrying(
        lambda: transport.open("GET", path, headers=headers, timeout_s=SILENCE_S),
        when_busy=False,  # whoever may not listen can still look
    )


def parse(lines: IO[bytes] | Iterator[bytes]) -> Iterator[Event]:
    """Messages of a text/event-stream (WHATWG HTML, 9.2.6); one that is cut off is left out."""
    name, last, data = "", "", list[str]()
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data or name == END:
                yield Event(name or "message", last, _facts("\n".join(data)))
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "id":
            last = value
        elif field == "data":
            data.append(value)


def _facts(data: str) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data
