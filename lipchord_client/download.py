"""A file from the API: whole or not there, taken up again where it broke, and checked."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TypeAlias

from lipchord_client.errors import ApiError, DamagedError, UnreachableError
from lipchord_client.form import BLOCK
from lipchord_client.transport import BROKEN, Transport

PARTIAL, BAD_RANGE = 206, 416

OnBytes: TypeAlias = Callable[[int, int], None]  # bytes so far, bytes of the whole


def download(
    transport: Transport,
    path: str,
    out: Path,
    size: int,
    sha256: str,
    on_bytes: OnBytes | None = None,
) -> None:
    """Fetch `size` bytes into `out`.

    What has come lies beside `out`, in a hidden file named after the content, until it is
    whole: a later call for the same content, of another process too, goes on from there.

    Args:
        sha256: hex digest of the whole, and its ETag.

    Raises:
        ApiError, UnreachableError, OSError.
        DamagedError: twice what came was something else.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f".{out.name}.{sha256[:12]}.part")
    for _ in range(2):
        _fill(transport, path, part, size, sha256, on_bytes)
        if _digest(part) == sha256:
            part.replace(out)
            return
        part.unlink()  # perhaps the beginning was another's: once more, from the first byte
    raise DamagedError(
        f"What came of {transport.url}{path} is not what the API says that it has. "
        "Something between here and there changes it: download it another way."
    )


def _fill(
    transport: Transport, path: str, part: Path, size: int, sha256: str, on_bytes: OnBytes | None
) -> None:
    """Fetch what `part` lacks; as long as something comes, patience begins anew."""
    while True:
        before = _length(part)
        if before == size:
            return
        if before > size:
            part.unlink()
        try:
            transport.retrying(lambda: _more(transport, path, part, size, sha256, on_bytes))
        except UnreachableError:
            if _length(part) <= before:
                raise
        except ApiError as error:
            if error.status != BAD_RANGE:
                raise
            part.unlink(missing_ok=True)


def _more(
    transport: Transport, path: str, part: Path, size: int, sha256: str, on_bytes: OnBytes | None
) -> None:
    """One request for what is still missing."""
    start = _length(part)
    headers = {"Range": f"bytes={start}-", "If-Range": f'"{sha256}"'} if start else {}
    with closing(transport.open("GET", path, headers=headers)) as answer:
        done = start if answer.status == PARTIAL else 0
        with part.open("ab" if done else "wb") as file:
            try:
                while block := answer.read(BLOCK):
                    file.write(block)
                    done += len(block)
                    if on_bytes:
                        on_bytes(done, size)
            except BROKEN as error:
                raise transport.lost(error) from error
    if done < size:  # the connection was closed early, and http.client says nothing
        raise transport.lost(ConnectionError("the connection was closed half-way"))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
