"""Connections to the two stores, and their errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError, OutOfMemoryError, RedisError, TimeoutError
from redis.retry import Retry

from tasks.errors import StoreError

CONNECT_TIMEOUT_S = 5
SOCKET_TIMEOUT_S = 30  # a part of 4 MiB over a poor link, or a store that syncs its file
RETRIES = 4  # of one command, about 2 s in all; every script of ours may be said twice


def connect(url: str) -> "redis.Redis":
    """A client with explicit timeouts (redis-py 8 would give up after 5 s) and short retries."""
    return redis.Redis.from_url(
        url,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=CONNECT_TIMEOUT_S,
        socket_keepalive=True,
        health_check_interval=30,
        retry=Retry(ExponentialWithJitterBackoff(cap=1.0, base=0.1), RETRIES),
        retry_on_error=[ConnectionError, TimeoutError],
    )


@contextmanager
def answering(store: str) -> Iterator[None]:
    """Turn Redis's errors inside the block into StoreError about `store` ("blob store")."""
    try:
        yield
    except OutOfMemoryError as error:
        raise StoreError(
            f"The {store} is full. Wait until finished jobs expire, delete some, or give it "
            "more memory (maxmemory)."
        ) from error
    except RedisError as error:
        raise StoreError(f"The {store} does not answer: {error}") from error
