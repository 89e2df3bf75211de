"""`lipchord worker`: only the workers of this host, on stores that run elsewhere."""

from collections.abc import Callable, Sequence

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy import devices, services
from deploy.errors import AlreadyRunningError, ProcessError
from deploy.places import Lock, Places
from deploy.supervisor import Say, Supervisor
from tasks.settings import Settings


def run_workers(
    plans: Sequence[devices.WorkerPlan],
    places: Places,
    say: Say,
    interrupted: Callable[[], bool],
) -> None:
    """Run workers until `interrupted` says so.

    Raises:
        ProcessError: a store does not answer, or a worker keeps dying.
        AlreadyRunningError: another launcher works in these places.
    """
    settings = Settings.from_env()
    for variable, url in (
        ("LIPCHORD_QUEUE_URL", settings.queue_url),
        ("LIPCHORD_BLOB_URL", settings.blob_url),
    ):
        _check_store(variable, url)
    lock = Lock.take(places)
    if lock is None:
        raise AlreadyRunningError(
            f"Workers are run from {places.var} already. Stop them, or give --var another folder."
        )
    try:
        places.make()
        stage = [services.worker(plan, places.env()) for plan in plans]
        with Supervisor([stage], places.logs, say, interrupted=interrupted) as supervisor:
            while not interrupted():
                supervisor.wait(0.2)
    finally:
        lock.release()


def _check_store(variable: str, url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise ProcessError(
            f"The store of {variable}={url} does not answer ({error}). "
            "Start it, or set the variable to where it is."
        ) from error
