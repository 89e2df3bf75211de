"""The schemas of /openapi.json, made from the pydantic models."""

import copy
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from api.bodies import FILE_FIELDS
from api.check_view import CheckView
from api.comparison_views import ComparisonBody, ComparisonPageView, ComparisonView
from api.face_views import FaceBody, FaceCorrection, FacesView, FaceView
from api.house_views import HealthView, VoicesView, WorkersView
from api.job_views import JobPageView, JobView
from api.problem_views import HttpProblem
from api.schemas import JobBody, SpeakBody

TEMPLATE = "#/components/schemas/{model}"
FILE = {"type": "string", "contentMediaType": "application/octet-stream", "title": "A file"}

ANSWERS = (
    JobView, JobPageView, CheckView, FaceView, FacesView, VoicesView, WorkersView, HealthView,
    ComparisonView, ComparisonPageView, HttpProblem,
)  # fmt: skip
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
    forms = {f"{model.__name__}Form": _form(schemas[model.__name__]) for model in FORMS}
    return schemas | forms


def _form(body: dict[str, Any]) -> dict[str, Any]:
    """The same fields, some of which may be files."""
    form = copy.deepcopy(body)
    for name in form["properties"].keys() & set(FILE_FIELDS):
        form["properties"][name]["anyOf"].insert(0, FILE)
    return form
