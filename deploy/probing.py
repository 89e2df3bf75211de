"""What `lipchord probe` asks, and what it says where the answer is no."""

import json
import socket
import urllib.error
import urllib.request

import redis

from tasks.errors import StoreError
from tasks.fleet import Fleet
from tasks.settings import Settings
from tasks.stores import connect, why

PATIENCE_S = 4  # for an answer; below the usual timeouts of a health check


def wrong_with(part: str, url: str, name: str | None = None) -> str | None:
    """What is wrong with a part, in a sentence; None: it is well.

    Args:
        part: "api", "ready", "queue", "blobs" or "worker".
        url: of the API.
        name: of this host's workers in the fleet; None: this machine's.
    """
    if part == "api":
        return _answer(f"{url}/healthz")
    if part == "ready":
        return _answer(f"{url}/readyz")
    settings = Settings.from_env()
    if part == "worker":
        return _workers(settings, name or socket.gethostname())
    return _store(settings.queue_url if part == "queue" else settings.blob_url, part)


def _answer(url: str) -> str | None:
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_S):  # noqa: S310 - the operator's URL
            return None
    except urllib.error.HTTPError as error:
        return f"{url} answers {error.code}: {_detail(error)}"
    except OSError as error:
        return f"{url} does not answer: {getattr(error, 'reason', error)}"


def _detail(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return str(error.reason)


def _store(url: str, part: str) -> str | None:
    try:
        with connect(url, retries=0, timeout_s=PATIENCE_S) as client:
            client.ping()
            return None
    except (redis.RedisError, OSError) as error:
        return f"The store of {part} does not answer: {why(error)}"


def _workers(settings: Settings, host: str) -> str | None:
    try:
        with connect(settings.queue_url, retries=0, timeout_s=PATIENCE_S) as client:
            heard = Fleet(client, settings.heartbeat_s).workers()
    except (StoreError, OSError) as error:
        return str(error)
    ours = [worker for worker in heard if worker.name.partition("@")[2] == host]
    if not ours:
        return f"No worker of {host} is heard in the fleet."
    loading = sorted(worker.name for worker in ours if not worker.generator_ready)
    return f"{', '.join(loading)} has not loaded its generator yet." if loading else None
