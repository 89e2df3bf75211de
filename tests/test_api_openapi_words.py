"""Each schema, field, parameter and header of /openapi.json is described, and shown by an example.

A unit is said where there is one. What is missing is listed whole, so that one run names it all.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator

from tests.api_house import House

# Fields whose example makes no sense, and why.
UNSHOWN = {
    "landmarks": "68 points: the whole bodies and answers show them",
}
# By the end of a field's name, one of these words must be said.
UNITS = {
    "seconds": ("second", "length of"),
    "_at": ("UTC",),
    "n_frames": ("frame", "picture"),
    "_db": ("dB",),
    "size": ("byte",),
    "rate": ("a minute", "Hz"),
    "width": ("pixel",),
    "height": ("pixel",),
}


@pytest.fixture
def spec(queue_store: str, blob_store: str) -> dict[str, Any]:
    document: dict[str, Any] = House(queue_store, blob_store).http.get("/openapi.json").get_json()
    return document


def operations(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def fields(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, schema in spec["components"]["schemas"].items():
        for field, said in schema.get("properties", {}).items():
            yield name, field, said


def parameters(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, operation in operations(spec):
        for parameter in operation["parameters"]:
            yield f"{where}: {parameter['in']} {parameter['name']}", parameter


def headers(spec: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for where, operation in operations(spec):
        for status, answer in operation["responses"].items():
            for name, header in answer.get("headers", {}).items():
                yield f"{where}: {status} {name}", header


def nothing_of(missing: list[str]) -> None:
    assert not missing, "\n" + "\n".join(missing)


def is_shown(spec: dict[str, Any], field: dict[str, Any]) -> bool:
    """Whether it has an example, or is made of a schema whose fields have."""
    for option in (field, *field.get("anyOf", ())):
        if "examples" in option:
            return True
        reference = option.get("items", option).get("$ref", "")
        named = spec["components"]["schemas"].get(reference.rpartition("/")[2], {})
        if "properties" in named:
            return True
    return False


def test_every_schema_and_field_is_described(spec: dict[str, Any]) -> None:
    bare = [
        name for name, said in spec["components"]["schemas"].items() if not said.get("description")
    ]
    silent = [
        f"{name}.{field}" for name, field, said in fields(spec) if not said.get("description")
    ]

    nothing_of(bare + silent)


def test_every_field_with_a_unit_says_it(spec: dict[str, Any]) -> None:
    without = [
        f"{name}.{field}: {said['description']}"
        for name, field, said in fields(spec)
        for end, words in UNITS.items()
        if field.endswith(end)
        and not any(
            word in said["description"].lower() for word in (word.lower() for word in words)
        )
    ]

    nothing_of(without)


def test_every_field_has_an_example_that_it_allows(spec: dict[str, Any]) -> None:
    without, wrong = [], []
    for name, field, said in fields(spec):
        if field not in UNSHOWN and not is_shown(spec, said):
            without.append(f"{name}.{field}")
        for example in said.get("examples", ()):
            schema = {"components": spec["components"], **said}
            wrong += [
                f"{name}.{field}: {error.message}"
                for error in OAS31Validator(schema).iter_errors(example)
            ]

    nothing_of(without + wrong)


def test_every_parameter_and_header_is_described_and_shown(spec: dict[str, Any]) -> None:
    listed = [*parameters(spec), *headers(spec)]

    nothing_of([where for where, said in listed if not said.get("description")])
    nothing_of([where for where, said in listed if said.get("example") in (None, "")])
    wrong = [
        f"{where}: {error.message}"
        for where, said in listed
        for error in OAS31Validator(said["schema"]).iter_errors(said["example"])
    ]
    nothing_of(wrong)


def test_every_answer_with_a_body_of_words_is_shown_whole(spec: dict[str, Any]) -> None:
    without = [
        f"{where}: {status} {kind}"
        for where, operation in operations(spec)
        for status, answer in operation["responses"].items()
        for kind, media in answer.get("content", {}).items()
        if "contentMediaType" not in media["schema"] and "example" not in media
    ]

    nothing_of(without)


def test_no_field_is_excused_from_its_example_that_is_not_there(spec: dict[str, Any]) -> None:
    assert UNSHOWN.keys() <= {field for _, field, _ in fields(spec)}
