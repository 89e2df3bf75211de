"""What every view needs, made once by `create_app`."""

from dataclasses import dataclass
from typing import cast

from flask import current_app

from api.metrics import Metrics
from api.waiting import Waiting
from tasks.client import JobQueue
from tasks.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The job queue, the settings, a limit on waiting requests, and counts of all of them."""

    queue: JobQueue
    settings: Settings
    waiting: Waiting
    metrics: Metrics


def services() -> Services:
    """The services of the app that handles this request."""
    return cast(Services, current_app.extensions["lipchord"])
