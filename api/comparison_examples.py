"""Examples of comparisons for /openapi.json and /docs; a test sends each of the requests."""

from dataclasses import replace
from typing import Any

from api.comparison_views import ComparisonView
from tasks.comparison import (
    Comparison,
    ComparisonState,
    Likeness,
    Outcome,
    Reason,
    Result,
    Share,
    Side,
)
from tasks.contract import PUBLIC, JobRequest

COMPARISONS: dict[str, Any] = {
    "text": {
        "summary": "A text, on two workers",
        "value": {"text": "Two workers against one.", "language": "en", "num_workers": 2},
    },
}
COMPARISON_FORMS: dict[str, Any] = {
    "text": {
        "summary": "A text; `audio` or `face` may be added as a file",
        "value": {"text": "Two workers against one.", "language": "en", "num_workers": 2},
    }
}

_WAITING = Comparison(
    "cmp_" + "1f0a2b3c" * 4,
    PUBLIC,
    JobRequest(text="Two workers against one.", num_workers=2, reuse=False),
    1_767_225_600.0,  # 2026-01-01T00:00:00Z
    sequential="job_" + "2a3b4c5d" * 4,
    parallel="job_" + "3c4d5e6f" * 4,
)
_ONE = Side(
    4.1, 0.02, {"plan": 0.1, "render": 3.6, "merge": 0.4}, 1, 300,
    (Share("render0", 1, 300, 3.5),), 0, 0, 0,
)  # fmt: skip
_MANY = Side(
    2.4, 0.02, {"plan": 0.1, "render": 1.9, "merge": 0.4}, 2, 300,
    (Share("render0", 1, 152, 1.8), Share("render1", 1, 148, 1.8)), 0, 0, 0,
)  # fmt: skip


def waiting() -> dict[str, Any]:
    """A comparison just accepted."""
    return _shown(_WAITING)


def succeeded() -> dict[str, Any]:
    """One that has ended."""
    likeness = Likeness(True, False, (300, 300), 148, 6, 152, 153, 52.3, True, (576_000, 576_000))
    reason = Reason("fixed-costs", {"seconds": 0.5, "share": 0.2083})
    result = Result(_ONE, _MANY, likeness, Outcome.FASTER, 1.7083, 1.8947, 0.8542, (reason,), False)
    return _shown(
        replace(
            _WAITING, state=ComparisonState.SUCCEEDED, stage=None, n_frames=300, result=result,
            speech_seconds=12.0, prepare_seconds=0.6, finished_at=_WAITING.created_at + 9,
        )
    )  # fmt: skip


def _shown(comparison: Comparison) -> dict[str, Any]:
    return ComparisonView.of(comparison).model_dump(mode="json", by_alias=True)
