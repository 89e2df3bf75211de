"""An example for each field of /openapi.json, taken from the examples of whole bodies and answers.

So each is a value that a real body or answer has there, and all of them fit together.
"""

from collections.abc import Iterator, Mapping
from typing import Any

Schema = dict[str, Any]
SHOWN = 3  # items of a list: an example is there to be read


def illustrate(spec: Schema) -> None:
    """Give the fields of all schemas of a document the examples that they lack."""
    schemas = spec["components"]["schemas"]
    for schema, whole in wholes(spec):
        _walk(schemas, schema, whole)
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            if "examples" not in field and field.get("default") not in (None, ""):
                field["examples"] = [field["default"]]


def wholes(spec: Schema) -> Iterator[tuple[Schema, object]]:
    """(schema, example) of every body and answer that is shown whole."""
    for path in spec["paths"].values():
        for operation in path.values():
            said = [operation.get("requestBody", {}), *operation["responses"].values()]
            for media in (media for part in said for media in part.get("content", {}).values()):
                shown = [each["value"] for each in media.get("examples", {}).values()]
                for whole in [*shown, *([media["example"]] if "example" in media else [])]:
                    yield media["schema"], whole


def _walk(schemas: Mapping[str, Schema], schema: Schema, value: object) -> None:
    """Show `value` in the fields of `schema`, and in those of the schemas that it names."""
    for option in schema.get("anyOf", [schema]):
        named = schemas[option["$ref"].rsplit("/", 1)[-1]] if "$ref" in option else option
        if isinstance(value, dict):
            for name, field in named.get("properties", {}).items():
                _show(field, value.get(name))
                _walk(schemas, field, value.get(name))
        elif isinstance(value, list) and "items" in named:
            for item in value:
                _walk(schemas, named["items"], item)


def _show(field: Schema, value: object) -> None:
    """Give a field this value as its example, where it has none."""
    options = [field, *field.get("anyOf", ())]
    if value in (None, [], {}) or any("examples" in option for option in options):
        return
    if any("$ref" in option.get("items", option) for option in options):
        if isinstance(value, str):  # a word of an enumeration
            field["examples"] = [value]
        return  # what it is made of has examples
    if isinstance(value, list) and len(value) > SHOWN:
        if "minItems" in field:
            return  # a part of it would be none, all of it is too long to be read
        value = value[:SHOWN]
    field["examples"] = [value]
