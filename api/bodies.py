"""From an HTTP body to checked fields and files; the same rules for JSON and for forms."""

import json
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import Request
from pydantic import BaseModel, ValidationError
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import UnsupportedMediaType

from api.complaints import Complaint, complaints, unknown_field

Model = TypeVar("Model", bound=BaseModel)

# 20 000 characters outside the BMP are 240 000 bytes of JSON escapes, 80 000 of UTF-8.
FIELDS_LIMIT = 2**20  # bytes of a JSON body, or of one text field of a form
FILE_FIELDS = ("audio", "face")


class BadBodyError(Exception):
    """Fields that cannot be used; `complaints` has one entry for each."""

    def __init__(self, found: list[Complaint]) -> None:
        super().__init__(" ".join(complaint["detail"] for complaint in found))
        self.complaints = found


class BadJSONError(Exception):
    """The body says that it is JSON, and is not."""


@dataclass(frozen=True, slots=True)
class Body(Generic[Model]):
    """Checked fields, and the files that came with them, by field name."""

    fields: Model
    files: dict[str, FileStorage]


def read_body(
    request: Request, model: type[Model], wrong: list[Complaint] | None = None
) -> Body[Model]:
    """Read JSON or a form.

    Args:
        wrong: takes the complaints about single fields, and the body is read without those.

    Raises:
        BadJSONError, BadBodyError: the text says what to mend.
        RequestEntityTooLarge, UnsupportedMediaType.
    """
    files: dict[str, FileStorage] = {}
    if request.is_json:
        fields = _json_fields(request)
    elif request.mimetype == "multipart/form-data":
        fields, files = _form_fields(request, model)
    else:
        raise UnsupportedMediaType
    try:
        return Body(model.model_validate(fields), files)
    except ValidationError as error:
        found, blamed = complaints(error, model), {item["loc"][:1] for item in error.errors()}
        if wrong is None or () in blamed:
            raise BadBodyError(found) from error
    wrong += found
    rest = {name: value for name, value in fields.items() if (name,) not in blamed}
    return Body(model.model_validate(rest), files)


def _json_fields(request: Request) -> Any:
    request.max_content_length = FIELDS_LIMIT
    try:
        fields = json.loads(request.get_data(cache=False))
        json.dumps(fields, ensure_ascii=False).encode()  # refuses lone surrogates
    except (ValueError, RecursionError) as error:
        raise BadJSONError(
            f"The body is not JSON: {error}. Send one JSON object, in UTF-8."
        ) from error
    return fields


def _form_fields(
    request: Request, model: type[BaseModel]
) -> tuple[dict[str, str], dict[str, FileStorage]]:
    """Form fields; those left empty in a browser count as not given."""
    fields = {name: value for name, value in request.form.items() if value}
    files = {name: file for name, file in request.files.items() if file.filename or _sized(file)}
    _refuse_strange_parts(request, fields, files, list(model.model_fields))
    return fields, files


def _refuse_strange_parts(
    request: Request, fields: dict[str, str], files: dict[str, FileStorage], known: list[str]
) -> None:
    found: list[Complaint] = []
    for name in files:
        if name not in known:
            found.append(unknown_field(name, known))
        elif name not in FILE_FIELDS:
            found.append({"field": name, "detail": f"`{name}` must be text, not a file."})
    counts = [
        (name, len(group.getlist(name)))
        for group in (request.form, request.files)
        for name in group
    ]
    for name, count in counts:
        if count > 1 or (name in fields and name in files):
            found.append({"field": name, "detail": f"`{name}` is given more than once: send one."})
    if found:
        raise BadBodyError(found)


def _sized(file: FileStorage) -> bool:
    """Whether a part without a file name has content all the same."""
    some = bool(file.stream.read(1))
    file.stream.seek(0)
    return some
