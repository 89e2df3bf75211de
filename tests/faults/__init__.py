"""The fault suite: break everything, then look whether a job was lost or a video is wrong.

Read `stamping` (frames that show whose they are), `house` (real stores, workers and API,
with `servers`, `crew`, `disk` and `proxy`), `trial` (one run: submit, break, heal), `verdict` (what
must hold afterwards), then the scenarios by what they break: `children`, `workers`,
`front`, `stores`, `network`, `poison`, `people`, `blobs`. `python -m tests.faults` runs them.
"""
