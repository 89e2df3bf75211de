"""What /openapi.json says about the operations on comparisons."""

from api import comparison_examples as examples
from api.comparison_views import ComparisonBody, ComparisonPageView, ComparisonView
from api.docs import INPUT, RETRY_AFTER, Operation, _body, _head, _json, _problems

LOCATION = {"Location": {"description": "The comparison.", "schema": {"type": "string"}}}

COMPARE: Operation = {
    "operation_id": "startComparison",
    "extensions": _body(ComparisonBody, examples.COMPARISONS, examples.COMPARISON_FORMS),
    "responses": {
        "202": _json(ComparisonView, "Accepted.", examples.waiting(), **LOCATION, **RETRY_AFTER),
        **_problems(
            *(reason for reason in INPUT if "webhook" not in reason),
            "comparison-too-long",
            "too-many-comparisons",
        ),
    },
}
CHECK: Operation = {
    "operation_id": "checkJob",
    "responses": {
        "202": _json(ComparisonView, "Accepted.", None, **LOCATION, **RETRY_AFTER),
        **_problems(
            "unknown-job", "not-ready", "gone", "comparison-too-long", "missing-blob",
            "too-many-comparisons", "cross-site", "store-unavailable",
        ),
    },
}  # fmt: skip
LOOK: Operation = {
    "operation_id": "getComparison",
    "responses": {
        "200": _json(
            ComparisonView,
            "The comparison.",
            examples.succeeded(),
            **_head("ETag", "Of this state."),
        ),
        "304": {"description": "As it was (`If-None-Match`)."},
        **_problems("unknown-comparison", "store-unavailable"),
    },
}
LIST: Operation = {
    "operation_id": "listComparisons",
    "responses": {
        "200": _json(ComparisonPageView, "A page of comparisons."),
        **_problems("bad-cursor", "invalid-request", "store-unavailable"),
    },
}
DELETE: Operation = {
    "operation_id": "deleteComparison",
    "responses": {
        "204": {"description": "It is gone."},
        **_problems("unknown-comparison", "cross-site", "store-unavailable"),
    },
}
