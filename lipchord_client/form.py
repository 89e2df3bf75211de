"""Bodies of requests: JSON, or a form with files that are read while they are sent."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

BLOCK = 2**20  # bytes read and sent at a time

Content: TypeAlias = Path | bytes  # of a file that is sent
Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Body:
    """A body that can be sent again: `blocks` begins anew each time."""

    content_type: str
    parts: tuple[Content, ...]

    @property
    def size(self) -> int:
        """Bytes. Raises OSError: a file is gone."""
        return sum(p.stat().st_size if isinstance(p, Path) else len(p) for p in self.parts)

    def blocks(self) -> Iterator[bytes]:
        """The body's bytes. Raises OSError."""
        for part in self.parts:
            if isinstance(part, bytes):
                yield part
                continue
            with part.open("rb") as file:
                while block := file.read(BLOCK):
                    yield block


def body(fields: Mapping[str, Value], files: Mapping[str, Content]) -> Body:
    """JSON where there is no file, else a form; a field that is None is left out."""
    given = {name: value for name, value in fields.items() if value is not None}
    return form(given, files) if files else json_body(given)


def json_body(value: object) -> Body:
    """One JSON document."""
    return Body("application/json", (json.dumps(value, ensure_ascii=False).encode(),))


def form(fields: Mapping[str, Value], files: Mapping[str, Content]) -> Body:
    """A multipart/form-data body (RFC 7578)."""
    boundary = uuid.uuid4().hex
    parts = _parts(fields, files, boundary)
    return Body(f"multipart/form-data; boundary={boundary}", tuple(parts))


def _parts(
    fields: Mapping[str, Value], files: Mapping[str, Content], boundary: str
) -> Iterable[Content]:
    for name, value in fields.items():
        yield _head(boundary, f'name="{name}"') + _written(value).encode() + b"\r\n"
    for name, content in files.items():
        # The API goes by what is inside; a file's name tells nothing but that it is a file.
        filename = quote(content.name) if isinstance(content, Path) else name
        yield _head(boundary, f'name="{name}"; filename="{filename}"')
        yield content
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


def _written(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _head(boundary: str, disposition: str) -> bytes:
    return f"--{boundary}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode()
