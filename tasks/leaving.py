"""A worker's parent process says when it is asked to end, and when it has ended.

So that the fleet's view tells a host that is shut down from one that has died.
"""

import atexit
from collections.abc import Callable

import structlog
from celery.signals import worker_shutting_down

from tasks.errors import StoreError
from tasks.fleet import Fleet
from tasks.settings import Settings
from tasks.stores import connect

log = structlog.get_logger()


def tell_fleet(what: Callable[[Fleet, str], None]) -> None:
    """Have the fleet told something about this worker; a store that is away is not waited for."""
    settings = Settings.from_env()
    try:
        what(Fleet(connect(settings.queue_url), settings.heartbeat_s), settings.worker_name)
    except StoreError as error:
        log.warning("the fleet was not told", error=str(error))


def _asked_to_end(**_: object) -> None:
    tell_fleet(Fleet.leave)
    atexit.register(tell_fleet, Fleet.left)  # Celery has no signal for the end of a cold shutdown


# Only a worker's parent ever hears it; `tasks.lost`, which it loads, loads this.
worker_shutting_down.connect(_asked_to_end)
