"""Where a webhook may go: the form of URLs, and every kind of address that is not public."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import RejectedError
from tasks.webhooks.target import Policy, parse

NOWHERE_ELSE = Policy()

# IANA's registries of special-purpose addresses, and multicast.
SPECIAL_4 = [
    IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/29", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
SPECIAL_6 = [
    IPv6Network(network)
    for network in (
        "::/128", "::1/128", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:2::/48",
        "2001:10::/28", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7",
        "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip

in_special_4 = st.sampled_from(SPECIAL_4).flatmap(lambda n: st.ip_addresses(network=n))
in_special_6 = st.sampled_from(SPECIAL_6).flatmap(lambda n: st.ip_addresses(network=n))
public_4 = st.ip_addresses(v=4).filter(
    lambda a: not any(a in network for network in [*SPECIAL_4, IPv4Network("192.0.0.0/24")])
)
public_6 = st.ip_addresses(network="2000::/3").filter(
    lambda a: not any(a in network for network in [*SPECIAL_6, IPv6Network("2001::/23")])
)


@given(in_special_4 | in_special_6)
def test_an_address_for_a_special_purpose_is_never_called(
    address: IPv4Address | IPv6Address,
) -> None:
    assert not NOWHERE_ELSE.permits(address, "https")
    assert not NOWHERE_ELSE.permits(address, "http")


@given(public_4 | public_6)
def test_a_public_address_is_called_by_https_alone(address: IPv4Address | IPv6Address) -> None:
    assert NOWHERE_ELSE.permits(address, "https")
    assert not NOWHERE_ELSE.permits(address, "http")


@given(st.ip_addresses(v=6).filter(lambda a: a not in IPv6Network("2000::/3")))
def test_of_ipv6_nothing_outside_global_unicast_is_called_but_what_stands_for_ipv4(
    address: IPv6Address,
) -> None:
    within = address.ipv4_mapped or address in IPv6Network("64:ff9b::/96")

    assert within or not NOWHERE_ELSE.permits(address, "https")


@given(st.ip_addresses(v=4) | in_special_4)
def test_an_ipv6_address_that_stands_for_an_ipv4_address_is_judged_as_that(
    address: IPv4Address,
) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    translated = IPv6Address(int(IPv6Address("64:ff9b::")) + int(address))
    as_6to4 = IPv6Address((0x2002 << 112) | (int(address) << 80))

    allowed = NOWHERE_ELSE.permits(address, "https")

    assert NOWHERE_ELSE.permits(mapped, "https") is allowed
    assert NOWHERE_ELSE.permits(translated, "https") is allowed
    assert not NOWHERE_ELSE.permits(as_6to4, "https")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_network_that_the_operator_names_is_called_and_its_neighbours_are_not(
    scheme: str,
) -> None:
    policy = Policy.of("10.1.0.0/16, fd00::/8")

    assert policy.permits(ip_address("10.1.2.3"), scheme)
    assert policy.permits(ip_address("::ffff:10.1.2.3"), scheme)
    assert policy.permits(ip_address("fd12::1"), scheme)
    assert not policy.permits(ip_address("10.2.0.1"), scheme)
    assert not policy.permits(ip_address("169.254.169.254"), scheme)
    assert not policy.permits(ip_address("::1"), scheme)


def test_networks_that_are_none_are_named_with_their_variable() -> None:
    with pytest.raises(ValueError, match=r"LIPCHORD_WEBHOOK_ALLOW.*'10.0.0.1/8'"):
        Policy.of("10.0.0.1/8")


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "0.0.0.0",
        "10.0.0.1", "100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::a00:1]", "[fe80::1]",
        "[fd00::1]", "[2002:7f00:1::]", "[ff02::1]", "localhost", "LOCALHOST", "a.localhost",
    ],
)  # fmt: skip
def test_an_address_that_can_never_be_called_is_refused_at_once(host: str) -> None:
    with pytest.raises(RejectedError, match="LIPCHORD_WEBHOOK_ALLOW") as refusal:
        NOWHERE_ELSE.check(f"https://{host}/hook")

    assert (refusal.value.reason, refusal.value.field) == ("bad-webhook", "webhook")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "must be an address such as https://"),
        ("example.com/hook", "must be an address such as https://"),
        ("ftp://example.com", "must be an address such as https://"),
        ("https://", "must be an address such as https://"),
        (" https://example.com", "must be an address such as https://"),
        ("https://example.com/a b", "percent-encoded"),
        ("https://example.com/\n", "percent-encoded"),
        ("https://bücher.example", "xn-- form"),
        ("https://127.0.0.1\\@example.com", "must not have a user"),
        ("https://me:secret@example.com", "must not have a user"),
        ("https://example.com/#end", "must not have a # in it"),
        ("https://[fe80::1%25eth0]/", "must be an address such as https://"),
        ("https://[::1::2]/", "IPv6 address, which it is not"),
        ("https://.example.com", "must be an address such as https://"),
        ("https://example.com:0", "ports are 1 to 65535"),
        ("https://example.com:65536", "ports are 1 to 65535"),
        ("http://example.com", "must begin with https://"),
        ("https://example.com/" + "a" * 2000, "at most 2000 characters"),
    ],
)
def test_an_url_that_cannot_be_used_is_refused_with_words(url: str, words: str) -> None:
    with pytest.raises(RejectedError) as refusal:
        NOWHERE_ELSE.check(url)

    assert words in refusal.value.detail
    assert refusal.value.detail.startswith("`webhook` ")


def test_plain_http_is_taken_where_the_operator_has_own_networks() -> None:
    Policy.of("10.0.0.0/8").check("http://10.0.0.1/")
    Policy.of("10.0.0.0/8").check("http://receiver.internal/")  # its address is judged at the call

    with pytest.raises(RejectedError, match="by plain http"):
        Policy.of("10.0.0.0/8").check("http://8.8.8.8/")


def test_an_url_is_taken_apart_as_it_will_be_called() -> None:
    target = parse("HTTPS://Example.com:8443?order=17")

    assert (target.scheme, target.host, target.port) == ("https", "example.com", 8443)
    assert (target.authority, target.path) == ("example.com:8443", "/?order=17")
    assert parse("https://[2001:DB8::1]/a").host == "2001:db8::1"
    assert parse("https://[2001:DB8::1]/a").authority == "[2001:db8::1]"
    assert parse("https://example.com").port == 443
    assert parse("http://example.com").path == "/"


@given(st.text("aZ09:/?#[]@%\\ .-_\t\n\0é", max_size=40))
def test_any_text_is_an_url_or_is_refused_with_words(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.com/{text}"):
        with suppress(RejectedError):
            NOWHERE_ELSE.check(url)
