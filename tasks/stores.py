"""Connections to the two stores, and their errors as ours."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import (
    AuthenticationError,
    ConnectionError,
    NoPermissionError,
    OutOfMemoryError,
    RedisError,
    TimeoutError,
)
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

from tasks.addresses import Address
from tasks.errors import StoreError

CONNECT_TIMEOUT_S = 5
SOCKET_TIMEOUT_S = 30  # a part of 4 MiB over a poor link, or a store that syncs its file
HEALTH_CHECK_S = 30
RETRIES = 4  # of one command, about 2 s in all; every script of ours may be said twice


def connect(
    url: str,
    retries: int = RETRIES,
    timeout_s: float = SOCKET_TIMEOUT_S,
    health_check_s: int = HEALTH_CHECK_S,
) -> "redis.Redis":
    """A client with explicit timeouts (redis-py 8 would give up after 5 s) and short retries.

    Args:
        url: as `tasks.addresses` reads it.
        retries: of one command.
        timeout_s: for an answer, seconds.
        health_check_s: a connection that was idle for so long is tried with a PING before it is
            used; 0: none is. (A store that cannot write its file refuses even a PING.)

    Raises:
        ValueError: the URL cannot be used.
    """
    address = Address.parse(url)
    options: dict[str, Any] = {
        **address.login,
        "db": address.db,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_keepalive": True,
        "health_check_interval": health_check_s,
        "retry": Retry(ExponentialWithJitterBackoff(cap=1.0, base=0.1), retries),
        "retry_on_error": [ConnectionError, TimeoutError] if retries else [],
    }
    if address.tls is not None:
        options |= {"ssl": True, **address.tls}
    if address.master is None:
        host, port = address.hosts[0]
        return redis.Redis(host=host, port=port, **options)
    # Asked again at every new connection: after a failover that finds the new master.
    timeouts = {"socket_timeout": CONNECT_TIMEOUT_S, "socket_connect_timeout": CONNECT_TIMEOUT_S}
    sentinels = Sentinel(  # type: ignore[no-untyped-call]
        address.hosts,
        sentinel_kwargs=timeouts | {"retry": options["retry"]} | address.sentinel_options,
    )
    client: redis.Redis = sentinels.master_for(address.master, **options)  # type: ignore[no-untyped-call]
    return client


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
    except (RedisError, OSError) as error:
        raise StoreError(f"The {store} does not answer: {why(error)}") from error


def why(error: Exception, tls: bool = False) -> str:
    """A connection's error in words, with what to do about it where that is known.

    Args:
        tls: whether the connection was to be encrypted.
    """
    # The certificate's error is inside of redis-py's, which tells it with the text of OpenSSL.
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"its certificate is not trusted ({cause.verify_message}). LIPCHORD_STORE_CA "
                "names the file of the authority that signed it."
            )
        if isinstance(cause, ssl.SSLError):
            return (
                f"no TLS could be agreed on ({cause.reason or cause}). Does it speak TLS on this "
                "port, and does it ask for our certificate (LIPCHORD_STORE_CERT)?"
            )
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, AuthenticationError | NoPermissionError) or "NOAUTH" in str(error):
        return (
            "it refuses the password. Set LIPCHORD_QUEUE_PASSWORD and LIPCHORD_BLOB_PASSWORD "
            "(or …_PASSWORD_FILE), or put it into the URL."
        )
    if isinstance(error, MasterNotFoundError):
        return f"no sentinel names its master: {error}"
    if tls and "closed" in str(error):
        # By TLS 1.3 a server looks at our certificate only after we think that all is well.
        return f"{error}, as stores do that ask for a certificate: set LIPCHORD_STORE_CERT"
    return str(error)
