"""The schemas of /openapi.json, made from the pydantic models."""

import copy
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.bodies import FILE_FIELDS
from api.check_view import CheckView
from api.comparison_views import ComparisonBody, ComparisonPageView, ComparisonView
from api.face_views import FaceBody, FaceCorrection, FacesView, FaceView
from api.fleet_views import FleetView
from api.house_views import HealthView, VoicesView, WorkersView
from api.job_views import JobPageView, JobView
from api.problem_views import HttpProblem
from api.schemas import TRUTHS, JobBody, SpeakBody

TEMPLATE = "#/components/schemas/{model}"
FILE = {"type": "string", "contentMediaType": "application/octet-stream", "title": "A file"}

ANSWERS = (
    JobView, JobPageView, CheckView, FaceView, FacesView, VoicesView, WorkersView, FleetView,
    HealthView, ComparisonView, ComparisonPageView, HttpProblem,
)  # fmt: skip
# What a model checks in a sentence of its own, so that its fields do not say it.
ONE_SOURCE = [
    {
        "required": [one],
        "properties": {one: {"type": "string"}, other: {"type": "null"}},
    }
    for one, other in (("text", "audio"), ("audio", "text"))
]
BODIES = (SpeakBody, JobBody, ComparisonBody, FaceBody, FaceCorrection)
FORMS = (SpeakBody, JobBody, ComparisonBody, FaceBody)


def ref(model: type[BaseModel], suffix: str = "") -> dict[str, str]:
    """A reference to a model; suffix "Form": to the form of a body."""
    return {"$ref": TEMPLATE.format(model=model.__name__ + suffix)}


def components() -> dict[str, Any]:
    """Every schema, by name."""
    made: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        *((model, "serialization") for model in ANSWERS),
        *((model, "validation") for model in BODIES),
    ]
    schemas: dict[str, Any] = models_json_schema(made, ref_template=TEMPLATE)[1]["$defs"]
    for model in (SpeakBody, JobBody, ComparisonBody):
        schemas[model.__name__]["oneOf"] = ONE_SOURCE
    for name in (model.__name__ for model in BODIES):
        for field in schemas[name]["properties"].values():
            say_truths(field)
    face = schemas[FaceBody.__name__]
    face["required"] = ["face"]
    _without_null(face["properties"]["face"])
    forms = {f"{model.__name__}Form": _form(schemas[model.__name__]) for model in FORMS}
    return schemas | forms


def say_truths(field: dict[str, Any]) -> None:
    """A truth value may also be said in words, which is all that forms and addresses have."""
    if field.get("type") == "boolean":
        del field["type"]
        field["anyOf"] = [{"type": "boolean"}, {"enum": list(TRUTHS)}]


def _form(body: dict[str, Any]) -> dict[str, Any]:
    """The same fields, none of which is null: all are text, or files. An empty one is not given."""
    form = copy.deepcopy(body)
    for name, field in form["properties"].items():
        _without_null(field)
        types = [FILE] if name in FILE_FIELDS else []
        types += field.pop("anyOf", None) or [_only_type(field)]
        field["anyOf"] = [*types, {"type": "string", "maxLength": 0}]
    if "oneOf" in form:
        form["oneOf"] = [{"required": one["required"]} for one in ONE_SOURCE]
    return form


def _only_type(field: dict[str, Any]) -> dict[str, Any]:
    """Take what says which values a field may have out of it."""
    told = {"title", "description", "default", "examples"}
    return {name: field.pop(name) for name in field.keys() - told}


def _without_null(field: dict[str, Any]) -> None:
    if "anyOf" in field:
        field["anyOf"] = [option for option in field["anyOf"] if option.get("type") != "null"]
    if field.get("default", "") is None:
        del field["default"]
