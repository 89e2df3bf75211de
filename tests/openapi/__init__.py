"""Schemathesis against the API: what nobody thought of is sent, and each answer is held against
/openapi.json.

Reading order: `open_house` (a house whose jobs end at once), `checks` (what Schemathesis is told
of this API), `anything_sent` (what must hold; `make test-openapi`).
"""
