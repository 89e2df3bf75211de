"""The Celery task of comparisons, and the driver of this process."""

from functools import lru_cache

from tasks import reaper, worker
from tasks.app import app
from tasks.chord import CeleryPublisher
from tasks.comparing.drive import Driver
from tasks.comparing.work import carry_out
from tasks.contract import COMPARE
from tasks.errors import StoreError


@app.task(name=COMPARE, autoretry_for=(StoreError,), max_retries=10, retry_backoff=1)
def compare(comparison_id: str) -> None:
    """Do what a comparison is at: its preparation, or the look at both videos."""
    carry_out(worker.current(), comparison_id)


@lru_cache(1)
def driver() -> Driver:
    """What moves comparisons on, for a cpu worker whose task has just ended."""
    return reaper.driver(worker.current(), CeleryPublisher(app))
