"""Telling a receiver that a job has ended: signed, again and again until it has heard.

Knows no Celery and no web framework. In reading order: `target` (where a webhook may go),
`admit` (is a request's URL one of these), `payload` (what is said), `signing` (who says it),
`outbox` (what is yet to be said, in the queue store), `deadline` and `call` (one attempt
over HTTP), `deliver` (the thread in every cpu worker that brings them together).
"""
