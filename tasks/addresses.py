"""Where a store is: one URL with password, TLS and Sentinel, for redis-py, for Celery, for eyes.

    redis://[user]:password@host:6390/0
    rediss://…                               TLS, with redis-py's parameters ssl_ca_certs,
                                             ssl_certfile, ssl_keyfile, ssl_cert_reqs
    sentinel://…@host:26379,host2/0?master=NAME     sentinels:// with TLS

Celery, kombu and Flower each read another part of such a URL by themselves, so
they get plain URLs and these options beside them.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379, "sentinels": 26379}
TLS = ("rediss", "sentinels")
FILES = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
VERIFY = {"required": ssl.CERT_REQUIRED, "optional": ssl.CERT_OPTIONAL, "none": ssl.CERT_NONE}
HIDDEN = "***"


@dataclass(frozen=True, slots=True)
class Address:
    """A store's URL, taken apart.

    Attributes:
        hosts: (name, port) of the store, or of its sentinels.
        tls: what redis-py's `ssl_*` arguments are called and given; None: no TLS.
        master: what the sentinels call the store; None: there are no sentinels.
        sentinel_password: of the sentinels themselves, if they have one.
    """

    scheme: str
    hosts: tuple[tuple[str, int], ...]
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Mapping[str, object] | None = None
    master: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Take a URL apart.

        Raises:
            ValueError: what is wrong with it; the text holds no password.
        """
        parts = urlsplit(url)
        if parts.scheme not in PORTS:
            raise ValueError(f"a store's URL begins with {', '.join(f'{s}://' for s in PORTS)}")
        login, _, hosts = parts.netloc.rpartition("@")
        username, _, password = login.partition(":")
        query = dict(parse_qsl(parts.query))
        found = cls(
            scheme=parts.scheme,
            hosts=tuple(_host(each, PORTS[parts.scheme]) for each in hosts.split(",")),
            db=_db(parts.path),
            username=unquote(username) or None,
            password=unquote(password) or None,
            tls=_tls(query) if parts.scheme in TLS else None,
            master=query.pop("master", None),
            sentinel_password=query.pop("sentinel_password", None),
        )
        if query:
            raise ValueError(f"a {parts.scheme}:// URL has no parameter {', '.join(sorted(query))}")
        return found._checked()

    def _checked(self) -> "Address":
        if self.scheme.startswith("sentinel"):
            if not self.master:
                raise ValueError(
                    "a URL of sentinels ends with ?master=NAME, as they call the store"
                )
        elif self.master or self.sentinel_password or len(self.hosts) > 1:
            raise ValueError("only a URL of sentinels has several hosts, or a master's name")
        return self

    @property
    def login(self) -> dict[str, str]:
        """`username` and `password`, those that there are."""
        given = {"username": self.username, "password": self.password}
        return {name: value for name, value in given.items() if value}

    @property
    def sentinel_options(self) -> dict[str, object]:
        """How the sentinels themselves are reached, as redis-py's arguments."""
        tls = {"ssl": True, **self.tls} if self.tls else {}
        return tls | ({"password": self.sentinel_password} if self.sentinel_password else {})

    @property
    def for_celery(self) -> str:
        """The URL as kombu and Celery's backend read it; TLS goes by options, not by the URL."""
        user, password = quote(self.username or "", ""), quote(self.password or "", "")
        login = f"{user}:{password}@" if user or password else ""
        scheme = "sentinel" if self.master else self.scheme
        return ";".join(f"{scheme}://{login}{_shown(h, p)}/{self.db}" for h, p in self.hosts)


def completed(url: str, password: str, files: Mapping[str, str], verify: str) -> str:
    """A URL with what was set beside it; what it says itself goes first.

    Args:
        password: empty: none was set.
        files: of FILES, those that were set.
        verify: of the store's certificate: "required", "optional" or "none".

    Raises:
        ValueError: what is wrong; the text holds no password.
    """
    parts = urlsplit(url)
    if files and parts.scheme not in TLS:
        raise ValueError(
            "it is not encrypted, though certificates are set (LIPCHORD_STORE_CA and its like): "
            f"say {'sentinels' if parts.scheme == 'sentinel' else 'rediss'}://"
        )
    login, _, hosts = parts.netloc.rpartition("@")
    username, _, given = login.partition(":")
    if password and not given:
        parts = parts._replace(netloc=f"{username}:{quote(password, '')}@{hosts}")
    if parts.scheme in TLS:
        more = dict(files) if verify == "required" else {**files, "ssl_cert_reqs": verify}
        parts = parts._replace(query=urlencode({**more, **dict(parse_qsl(parts.query))}))
    full = parts.geturl()
    Address.parse(full)
    return full


def redacted(url: str) -> str:
    """The URL without its passwords, for a log or an error."""
    parts = urlsplit(url)
    login, at, hosts = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    shown = f"{user}:{HIDDEN}" if password else user
    query = [(name, HIDDEN if "password" in name else value)
             for name, value in parse_qsl(parts.query)]  # fmt: skip
    return parts._replace(netloc=shown + at + hosts, query=urlencode(query, safe="/*")).geturl()


def _tls(query: dict[str, str]) -> dict[str, object]:
    """redis-py's arguments, taken out of the query."""
    asked = query.pop("ssl_cert_reqs", "required").lower().removeprefix("cert_")
    if asked not in VERIFY:
        raise ValueError(f"ssl_cert_reqs (LIPCHORD_STORE_VERIFY) is one of {', '.join(VERIFY)}")
    named = query.pop("ssl_check_hostname", "true").lower()
    options: dict[str, object] = {
        "ssl_cert_reqs": VERIFY[asked],
        "ssl_check_hostname": asked != "none" and named in ("true", "1", "yes"),
    }
    return options | {name: query.pop(name) for name in FILES if name in query}


def _host(text: str, usual: int) -> tuple[str, int]:
    """("host", port) of "host", "host:port", "[::1]:port"."""
    try:
        parts = urlsplit(f"//{text}")
        return parts.hostname or "127.0.0.1", parts.port or usual
    except ValueError:
        # Not "from": its text may hold half of a password that was not encoded.
        raise ValueError(
            "it has no host:port; is a sign in its password not percent-encoded? "
            "LIPCHORD_QUEUE_PASSWORD and LIPCHORD_BLOB_PASSWORD take passwords as they are"
        ) from None


def _db(path: str) -> int:
    number = path.strip("/") or "0"
    if not number.isdecimal():
        raise ValueError(f"a store's URL ends with the number of its database, not {number!r}")
    return int(number)


def _shown(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
