"""What every view needs, made once by `create_app`."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from api.metrics.registry import Metrics
from api.tenants import Tenants
from api.waiting import Waiting
from tasks.client import JobQueue
from tasks.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """The job queue, the settings, limits on who waits and who watches, counts, and tenants."""

    queue: JobQueue
    settings: Settings
    waiting: Waiting
    streams: Waiting
    metrics: Metrics
    tenants: Tenants


def services() -> Services:
    """The services of the app that handles this request."""
    return cast(Services, current_app.extensions["lipchord"])


def tenant() -> str:
    """Whose request this is."""
    return cast(str, g.tenant)
