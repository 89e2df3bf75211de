"""HTTP. Knows jobs; never torch, never Celery."""
