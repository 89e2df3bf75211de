"""What a cpu worker found out about an upload, for the submit that waits for it."""

import json
import time
from typing import cast

import redis

from tasks.contract import Failure, JobRequest, MediaKind
from tasks.stores import answering

FOUND_TTL_S = (
    600  # long enough for a form that is sent again; a good upload is remembered as a blob
)
POLL_S = 0.05


class Inspections:
    """Verdicts on uploads, by kind, blob key and frame rate."""

    def __init__(self, client: "redis.Redis") -> None:
        self._redis = client

    def put(self, kind: MediaKind, key: str, fps: str, failure: Failure | None) -> None:
        """Say what was found: None when the upload is good."""
        verdict = {"reason": failure.reason, "detail": failure.detail} if failure else {}
        with answering("queue store"):
            self._redis.set(_name(kind, key, fps), json.dumps(verdict), ex=FOUND_TTL_S)

    def known(self, kind: MediaKind, key: str, fps: str) -> tuple[bool, Failure | None]:
        """(whether a verdict is there, the verdict)."""
        with answering("queue store"):
            raw = cast("bytes | None", self._redis.get(_name(kind, key, fps)))
        if raw is None:
            return False, None
        verdict = json.loads(raw)
        return True, Failure(**verdict) if verdict else None

    def wait(self, kind: MediaKind, key: str, fps: str, timeout_s: float) -> Failure | None:
        """The verdict; None also when there is none after `timeout_s`: planning looks again."""
        until = time.monotonic() + timeout_s
        while time.monotonic() < until:
            there, failure = self.known(kind, key, fps)
            if there:
                return failure
            time.sleep(POLL_S)
        return None


def _name(kind: MediaKind, key: str, fps: str) -> str:
    return f"lipchord:inspected:{kind}:{fps}:{key}"


def uploads_of(request: JobRequest) -> list[str]:
    """Keys of the uploaded blobs that a request speaks of."""
    keys = (request.speech, request.face)
    return [key for key in keys if key is not None and not key.startswith("face_")]
