"""What a cpu worker made of a face that is to be kept, for the request that waits for it."""

import hashlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

import redis

from tasks.contract import Failure
from tasks.face_records import made_face
from tasks.inspection import FOUND_TTL_S, POLL_S
from tasks.kept import MadeFace, Point
from tasks.stores import answering

ASKED_S = 30  # so long nobody is asked again for the same; then the message may have been lost
STORE = "queue store"


class FaceFindings:
    """Made faces and refusals by ticket: the same upload and correction have the same."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def put(self, ticket: str, found: MadeFace | Failure) -> None:
        """Say what was found."""
        kind = "made" if isinstance(found, MadeFace) else "failure"
        with answering(STORE):
            self._redis.set(_name(ticket), json.dumps({kind: asdict(found)}), ex=FOUND_TTL_S)

    def known(self, ticket: str) -> MadeFace | Failure | None:
        """What was found, if it is there."""
        with answering(STORE):
            raw = cast("bytes | None", self._redis.get(_name(ticket)))
        if raw is None:
            return None
        said = json.loads(raw)
        return made_face(said["made"]) if "made" in said else Failure(**said["failure"])

    def forget(self, ticket: str) -> None:
        """What was found is of no use any more: its blobs are gone."""
        with answering(STORE):
            self._redis.delete(_name(ticket), f"{_name(ticket)}:asked")

    def first_to_ask(self, ticket: str) -> bool:
        """Whether nobody has asked for this just now."""
        with answering(STORE):
            return bool(self._redis.set(f"{_name(ticket)}:asked", 1, nx=True, ex=ASKED_S))

    def wait(self, ticket: str, timeout_s: float) -> MadeFace | Failure | None:
        """What was found; None when there is nothing after `timeout_s`."""
        until = time.monotonic() + timeout_s
        while (found := self.known(ticket)) is None and time.monotonic() < until:
            time.sleep(POLL_S)
        return found


def ticket_of(source: str, wanted: Sequence[Point] | None) -> str:
    """The name of a piece of work: what it is about."""
    return hashlib.sha256(json.dumps([source, wanted]).encode()).hexdigest()


def _name(ticket: str) -> str:
    return f"lipchord:made-face:{ticket}"
