"""Where a webhook may go: the form of its URL, and which addresses may be called.

A URL is taken apart once, here, by one expression: what was checked is what is called.
Names are looked up when they are called (`call`), and then every address is put to
`Policy.permits`; at submit only those URLs are refused that cannot become right.
"""

import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from tasks.errors import RejectedError

MAX_URL = 2000  # characters

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_URL = re.compile(
    r"(?P<scheme>https?)://"
    rf"(?P<host>{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:[/?][a-z0-9\-._~%!$&'()*+,;=:@/?\[\]]*)?)",
    re.IGNORECASE | re.ASCII,
)

_GLOBAL_UNICAST = IPv6Network("2000::/3")  # the only part of IPv6 that is given out (RFC 4291)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: the last 32 bits are the IPv4 address meant
# What `is_global` takes for public in some Python of ours, and a webhook must not:
_NOT_PUBLIC: tuple[Network, ...] = (
    IPv4Network("192.88.99.0/24"),  # 6to4 relays (RFC 7526)
    IPv6Network("2002::/16"),  # 6to4: any IPv4 address within
    IPv6Network("2001::/23"),  # IETF protocols, with Teredo: any IPv4 address within
    IPv6Network("3fff::/20"),  # documentation (RFC 9637)
)


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts.

    Attributes:
        host: a name or an address, without brackets, in lower case.
        authority: as the Host header says it.
        path: with the query, begins with "/".
    """

    scheme: str
    host: str
    port: int
    authority: str
    path: str


def parse(url: str) -> Target:
    """Raises RejectedError("bad-webhook"): what is wrong with the URL and what to do."""
    if len(url) > MAX_URL:
        raise _bad(f"must be at most {MAX_URL} characters long, not {len(url)}.")
    found = _URL.fullmatch(url)
    if found is None:
        raise _bad(_form(url))
    scheme, host, given = found["scheme"].lower(), found["host"].lower(), found["port"]
    port = int(given) if given else {"http": 80, "https": 443}[scheme]
    if not 1 <= port <= 65535:
        raise _bad(f"has port {port}; ports are 1 to 65535.")
    authority = f"{host}:{port}" if given else host
    path = found["path"] if found["path"].startswith("/") else "/" + found["path"]
    return Target(scheme, host.strip("[]"), port, authority, path)


@dataclass(frozen=True, slots=True)
class Policy:
    """Which addresses are called: public ones by https, and networks that the operator names.

    Attributes:
        allow: own networks that may be called too, and by plain http.
    """

    allow: tuple[Network, ...] = ()

    @classmethod
    def of(cls, networks: str) -> "Policy":
        """From LIPCHORD_WEBHOOK_ALLOW: "10.0.0.0/8,fd00::/8". Raises ValueError."""
        try:
            return cls(tuple(ip_network(part) for part in re.split(r"[,\s]+", networks) if part))
        except ValueError as error:
            raise ValueError(
                "LIPCHORD_WEBHOOK_ALLOW must be networks such as 10.0.0.0/8,fd00::/8, "
                f"not {networks!r}: {error}."
            ) from error

    def check(self, url: str) -> None:
        """Refuse at submit what could never be called. Raises RejectedError("bad-webhook")."""
        target = parse(url)
        if target.scheme == "http" and not self.allow:
            raise _bad(
                "must begin with https://. Plain http is for receivers in networks that this "
                "service's operator has named in LIPCHORD_WEBHOOK_ALLOW."
            )
        address = _literal(target.host)
        if address is not None and not self.permits(address, target.scheme):
            raise _bad(
                f"leads to {target.host}, which this service may not call"
                f"{' by plain http' if target.scheme == 'http' else ''}. Give a receiver with a "
                "public address and https, or have the operator name its network in "
                "LIPCHORD_WEBHOOK_ALLOW."
            )

    def permits(self, address: Address, scheme: str) -> bool:
        """Whether a connection to this very address may be made."""
        meant = _meant(address)
        if any(meant in network for network in self.allow):
            return True
        return scheme == "https" and _public(meant)


def _meant(address: Address) -> Address:
    """The IPv4 address that an IPv6 address stands for, where it does."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _public(address: Address) -> bool:
    if isinstance(address, IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if address.is_multicast or address.is_reserved or not address.is_global:
        return False
    return not any(address in network for network in _NOT_PUBLIC)


def _literal(host: str) -> Address | None:
    """The address that a host is without being looked up; None for a name."""
    if ":" in host:
        try:
            return ip_address(host)
        except ValueError as error:
            raise _bad(f"has {host!r} for an IPv6 address, which it is not.") from error
    if host.rpartition(".")[2] == "localhost":  # RFC 6761, 6.3
        return IPv4Address("127.0.0.1")
    with suppress(OSError):  # as the resolver reads 2130706433, 0x7f.1 and 0177.0.0.1
        return IPv4Address(socket.inet_aton(host))
    return None


def _form(url: str) -> str:
    authority = re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0]
    if "@" in authority:
        return "must not have a user or a password in it: the signature says who calls."
    if "#" in url:
        return "must not have a # in it: that part of an address is never sent."
    return (
        "must be an address such as https://example.com/lipchord?order=17: names of other "
        "alphabets in their xn-- form, other special characters percent-encoded."
    )


def _bad(what: str) -> RejectedError:
    return RejectedError("bad-webhook", f"`webhook` {what}", field="webhook")
