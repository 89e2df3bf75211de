"""Distribution: the only room that knows Celery and Redis."""
