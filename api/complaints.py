"""What a wrong field should have been, in words that a person can act on."""

import difflib
from typing import Any

from pydantic import BaseModel, ValidationError

Complaint = dict[str, str]  # {"field": …, "detail": …}

_SHOWN = 60  # characters of a wrong value or name


def complaints(error: ValidationError, model: type[BaseModel]) -> list[Complaint]:
    """One complaint for each wrong field, in the order of the request."""
    return [_complaint(dict(item), model) for item in error.errors(include_url=False)]


def unknown_field(name: str, known: list[str]) -> Complaint:
    """A complaint that names the nearest known field, and all of them."""
    near = difflib.get_close_matches(name.lower(), known, n=1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    listed = ", ".join(f"`{field}`" for field in known)
    return {"field": shown(name), "detail": f"Unknown field {shown(name)!r}: {guess}Use {listed}."}


def shown(value: object) -> str:
    """A value short enough for a sentence."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _complaint(error: dict[str, Any], model: type[BaseModel]) -> Complaint:
    if not error["loc"]:
        return {
            "field": "",
            "detail": f"The body must be one JSON object, not {_json_type(error)}.",
        }
    field = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return unknown_field(field, list(model.model_fields))
    must = expected(model.model_json_schema()["properties"][field])
    if error["type"] == "missing":
        return {"field": field, "detail": f"`{field}` is missing: it must be {must}."}
    got = error["input"]
    value = repr(shown(got)) if isinstance(got, str) else shown(got)
    return {"field": field, "detail": f"`{field}` must be {must}, not {value}."}


def expected(schema: dict[str, Any]) -> str:
    """A property's JSON Schema, in words: "a whole number from 1 to 64"."""
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    words = " or ".join(_expected_one(option) for option in options)
    shown_as = schema.get("examples") or options[0].get("examples", [])
    examples = " or ".join(repr(example) for example in shown_as)
    return f"{words} such as {examples}" if examples else words


def _expected_one(option: dict[str, Any]) -> str:
    if option["type"] == "array":
        return f"a list of {option['minItems']} points, each [x, y] in pixels"
    if option["type"] == "integer":
        top = option.get("maximum", option.get("exclusiveMaximum", 0) - 1)
        return f"a whole number from {option['minimum']} to {top}"
    if option["type"] == "boolean":
        return "true or false"
    if option["type"] == "number":
        return "a number"
    if "maxLength" in option:
        return f"text of {option.get('minLength', 0)} to {option['maxLength']} characters"
    return "text"


def _json_type(error: dict[str, Any]) -> str:
    names = {list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(error["input"]), "a number")
