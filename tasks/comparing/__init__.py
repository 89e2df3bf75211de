"""Comparing a sequential rendering with a parallel one; driven by the server, page or no page.

In reading order: `book` (comparisons in the queue store), `desk` (the front door's side),
`drive` (what a comparison does next: a duty of the reaper), `work` (the two pieces done in a
cpu worker), `measure` (figures from the two jobs' records), `verdict` (what the figures say).
`handlers` makes them a Celery task; nothing else here knows Celery.
"""
