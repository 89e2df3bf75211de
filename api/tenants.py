"""Who is asking: API keys from a file, each with the name of the tenant that it belongs to.

    # name : key, or name : sha256 : hex digest of the key; several keys may have one name
    alice:sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    bob:correct-horse-battery-staple

Only digests are kept in memory; a key is compared with all of them in constant
time, never logged and never stored. The file is read again when it changes, so
that a key can be withdrawn without a restart. Without a file everybody is the
tenant "public".
"""

import hashlib
import hmac
import re
import threading
from pathlib import Path

import structlog
from flask import Request

from tasks.contract import PUBLIC

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
SHORTEST_KEY = 16  # characters; what is shorter can be guessed

log = structlog.get_logger()


class UnauthorizedError(Exception):
    """Keys are configured, and none came with the request, or an unknown one.

    Attributes:
        given: whether there was one.
    """

    def __init__(self, given: bool) -> None:
        super().__init__(
            "This API key is not known here. Check it, or ask for a new one."
            if given
            else "An API key is needed: send it as `Authorization: Bearer KEY`, or in `X-API-Key`."
        )
        self.given = given


class Tenants:
    """The file of keys. Safe for many threads."""

    def __init__(self, path: str) -> None:
        """Raises ValueError: the file is not there or has a wrong line."""
        self._path = Path(path) if path else None
        self._lock = threading.Lock()
        self._changed_at, self._names = 0, dict[bytes, str]()
        if self._path:
            self._read(self._path)

    @property
    def asked(self) -> bool:
        """Whether a key is needed."""
        return self._path is not None

    def of(self, request: Request) -> str:
        """The name of the tenant that sends this. Raises UnauthorizedError."""
        if self._path is None:
            return PUBLIC
        self._read_again(self._path)
        key = _key_of(request)
        digest = hashlib.sha256(key.encode(errors="replace")).digest()
        found = None
        for known, name in self._names.items():  # all of them: the time must not tell which
            if hmac.compare_digest(known, digest):
                found = name
        if found is None:
            raise UnauthorizedError(bool(key))
        return found

    def _read_again(self, path: Path) -> None:
        """Read a file that has changed; one that cannot be read leaves the keys as they are."""
        try:
            with self._lock:
                changed_at = path.stat().st_mtime_ns
                if changed_at != self._changed_at:
                    self._changed_at = changed_at  # a wrong file is complained of once
                    self._read(path)
        except (OSError, ValueError) as error:
            log.error("API keys not read again", error=str(error))

    def _read(self, path: Path) -> None:
        try:
            self._changed_at, text = path.stat().st_mtime_ns, path.read_text()
        except OSError as error:
            raise ValueError(f"LIPCHORD_API_KEYS_FILE cannot be read: {error}") from error
        self._names = dict(
            _entry(number, line.strip())
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip() and not line.lstrip().startswith("#")
        )


def _entry(number: int, line: str) -> tuple[bytes, str]:
    """(digest, name) of a line. Errors name the line's number, never what stands there."""
    name, _, key = (part.strip() for part in line.partition(":"))
    if not NAME.fullmatch(name):
        raise ValueError(
            f"LIPCHORD_API_KEYS_FILE, line {number}: write `name:key`; a name has letters, "
            "digits, dots, dashes and underscores, at most 63."
        )
    if key.startswith("sha256:"):
        digest = key.removeprefix("sha256:").strip()
        if not re.fullmatch(r"[0-9a-fA-F]{64}", digest):
            raise ValueError(
                f"LIPCHORD_API_KEYS_FILE, line {number}: after `sha256:` come 64 hex digits "
                "(printf %s KEY | sha256sum)."
            )
        return bytes.fromhex(digest), name
    if len(key) < SHORTEST_KEY:
        raise ValueError(
            f"LIPCHORD_API_KEYS_FILE, line {number}: a key has at least {SHORTEST_KEY} "
            "characters; `openssl rand -hex 32` makes one."
        )
    return hashlib.sha256(key.encode()).digest(), name


def _key_of(request: Request) -> str:
    """The key that came with a request, as a bearer token, a password, or X-API-Key; or ""."""
    given = request.authorization
    if given is None:
        return request.headers.get("X-API-Key", "")
    # A browser cannot set headers for <video>, but it can send a password with everything.
    return (given.password if given.type == "basic" else given.token) or ""
