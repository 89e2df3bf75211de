"""What /openapi.json says about the operations on comparisons."""

from api import comparison_examples as examples
from api.comparison_views import ComparisonBody, ComparisonPageView, ComparisonView
from api.doc_parts import RETRY_AFTER, Operation, body, etag, header, json_answer, problems
from api.docs import INPUT

LOCATION = header("Location", "The comparison.", examples.waiting()["links"]["self"])

COMPARE: Operation = {
    "operation_id": "startComparison",
    "extensions": body(ComparisonBody, examples.COMPARISONS, examples.COMPARISON_FORMS),
    "responses": {
        "202": json_answer(
            ComparisonView, "Accepted.", examples.waiting(), **LOCATION, **RETRY_AFTER
        ),
        **problems(
            *(reason for reason in INPUT if "webhook" not in reason),
            "comparison-too-long",
            "too-many-comparisons",
        ),
    },
}
CHECK: Operation = {
    "operation_id": "compareJob",
    "responses": {
        "202": json_answer(
            ComparisonView, "Accepted.", examples.waiting(), **LOCATION, **RETRY_AFTER
        ),
        **problems(
            "unknown-job", "not-ready", "gone", "comparison-too-long", "missing-blob",
            "too-many-comparisons", "cross-site", "store-unavailable",
        ),
    },
}  # fmt: skip
LOOK: Operation = {
    "operation_id": "getComparison",
    "responses": {
        "200": json_answer(
            ComparisonView,
            "The comparison.",
            examples.succeeded(),
            **etag("Of this state."),
        ),
        "304": {"description": "As it was (`If-None-Match`)."},
        **problems("unknown-comparison", "store-unavailable"),
    },
}
LIST: Operation = {
    "operation_id": "listComparisons",
    "responses": {
        "200": json_answer(
            ComparisonPageView,
            "A page of comparisons.",
            {"comparisons": [examples.succeeded()], "next_cursor": "1767225600.000000"},
        ),
        **problems("bad-cursor", "invalid-request", "store-unavailable"),
    },
}
DELETE: Operation = {
    "operation_id": "deleteComparison",
    "responses": {
        "204": {"description": "It is gone."},
        **problems("unknown-comparison", "cross-site", "store-unavailable"),
    },
}
