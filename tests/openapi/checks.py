"""What Schemathesis is told of this API; loaded by its command line, see `anything_sent`."""

from typing import Any

import schemathesis

# A request can be well formed, and still name what is not there, or say what cannot be said:
# no schema knows which blobs are kept, which languages are spoken, and which text has letters.
NAMED = {
    "empty-text", "no-speakable-text", "unknown-language", "unknown-voice", "unknown-generator",
    "missing-blob", "missing-face", "unreadable-media", "empty-file", "bad-landmarks",
    "idempotency-mismatch", "bad-webhook", "comparison-too-long",
}  # fmt: skip

# Fields that must be more than their patterns say (edges in order, a fraction's value), and those
# that a form has as a file or as a key: whoever makes up a form sends the file as a text.
IN_A_SENTENCE = {"fps", "box", "audio", "face"}


@schemathesis.check
def what_is_well_formed_is_refused_by_name(ctx: Any, response: Any, case: Any) -> None:
    """Instead of positive_data_acceptance, which knows statuses alone."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive:
        return
    if response.status_code in (400, 413, 415, 422):
        said = response.json()
        reason = said["type"].rpartition("/")[2]
        fields = {complaint["field"] for complaint in said.get("errors", ())}
        known = reason in NAMED or (fields and fields <= IN_A_SENTENCE)
        assert known, f"well formed, and refused as {reason}: {response.text}"
