"""What /openapi.json says of parameters: of those in addresses, which have no model, and others."""

from typing import Any

from api.components import say_truths
from api.examples import JOB_ID
from api.face_views import EXAMPLE_ID

PATHS = {
    "job_id": ("Id of a job: `job_` and 32 hex digits.", JOB_ID),
    "face_id": ("Id of a registered face: `face_` and 32 hex digits.", EXAMPLE_ID),
    "comparison_id": ("Id of a comparison: `cmp_` and 32 hex digits.", "cmp_" + "1f0a2b3c" * 4),
    "name": ("A file that a playlist names.", "video.m3u8"),
}

# Of those whose model shows none: it would stand in the sentence about a wrong one, too.
SHOWN = {
    "cursor": "1767225600.000000",
    "idempotency-key": "order-17",
    "job": JOB_ID,
    "after": "1764043200000-0",
}


def describe_parameter(parameter: dict[str, Any]) -> None:
    """Say what it is, and show one; write a header's name as people do."""
    schema = parameter["schema"]
    if parameter["in"] == "path":
        what, example = PATHS[parameter["name"]]
        parameter |= {"description": what, "example": example}
    else:
        say_truths(schema)
        parameter["description"] = schema.pop("description")
        shown = schema.pop("examples", None) or [schema.get("default")]
        parameter["example"] = SHOWN.get(parameter["name"], shown[0])
    if parameter["in"] == "header":
        parameter["name"] = parameter["name"].title()
