"""One attempt over real sockets: who is called, who is not, and when it ends."""

import socket
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import trustme

from tasks.webhooks.call import Answer, Caller, Resolve
from tasks.webhooks.target import Policy
from tests.receivers import Receiver, babbling, dripping, receiving, silent

HERE = Policy.of("127.0.0.0/8")
SECOND = "127.0.0.2"  # stands for a public address: the policy below lets it be called
ONLY_SECOND = Policy.of(f"{SECOND}/32")
SOON_S = 0.3  # of an attempt whose receiver is slow


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def name_server(*answers: list[str]) -> tuple[Resolve, list[str]]:
    """Answers in turn, the last one for ever; and the names that it was asked for."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [
            (socket.AF_INET6, (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, (address, port))
            for address in addresses
        ]

    return resolve, asked


def post(caller: Caller, url: str) -> Answer:
    return caller.post(url, {"Content-Type": "application/json"}, b'{"a":1}')


def test_the_body_arrives_with_its_headers(receiver: Receiver) -> None:
    answer = post(Caller(HERE), receiver.url)

    assert (answer.status, answer.trouble, answer.good) == (204, "", True)
    (call,) = receiver.calls
    assert (call.path, call.body) == ("/hook?order=17", b'{"a":1}')
    assert call.headers["content-type"] == "application/json"
    assert call.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    with receiving() as inside, receiving((302, {"Location": inside.url})) as receiver:
        answer = post(Caller(HERE), receiver.url)

    assert (answer.status, answer.good) == (302, False)
    assert "not followed" in answer.trouble
    assert inside.connections == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}/", "http://2130706433:{port}/", "http://localhost:{port}/",
            "https://127.1:{port}/"],
)  # fmt: skip
def test_an_address_that_is_not_public_is_not_even_connected_to(
    receiver: Receiver, url: str
) -> None:
    answer = post(Caller(Policy()), url.format(port=receiver.port))

    assert answer.status is None
    assert "may not call" in answer.trouble
    assert receiver.connections == 0


def test_a_name_server_that_changes_its_mind_is_not_asked_again() -> None:
    with receiving(host=SECOND) as public, receiving(port=public.port) as private:
        resolve, asked = name_server([SECOND], ["127.0.0.1"])

        answer = post(Caller(ONLY_SECOND, resolve), f"http://rebinds.test:{public.port}/")

        assert answer.good
        assert asked == ["rebinds.test"]
        assert [call.headers["host"] for call in public.calls] == [f"rebinds.test:{public.port}"]
        assert private.connections == 0


@pytest.mark.parametrize(
    "addresses", [[SECOND, "127.0.0.1"], ["127.0.0.1", SECOND], [SECOND, "::ffff:127.0.0.1"],
                  [SECOND, "::1"]],
)  # fmt: skip
def test_a_name_with_one_forbidden_address_among_others_is_not_called_at_all(
    addresses: list[str],
) -> None:
    with receiving(host=SECOND) as public, receiving(port=public.port) as private:
        resolve, _ = name_server(addresses)

        answer = post(Caller(ONLY_SECOND, resolve), f"http://both.test:{public.port}/")

        assert "may not call" in answer.trouble
        assert "127.0.0.1" not in answer.trouble  # what a name server knows is nobody's business
        assert public.connections == private.connections == 0


def test_a_dead_address_gives_way_to_the_next_one() -> None:
    with receiving(host=SECOND) as receiver:
        resolve, _ = name_server(["127.0.0.3", SECOND])

        assert post(Caller(HERE, resolve), f"http://two.test:{receiver.port}/").good


@pytest.mark.parametrize(
    "slow",
    [silent(), dripping(b"HTTP/1.1 2"), dripping(b"HTTP/1.1 200 OK\r\nX-Long: ")],
    ids=["silent", "drips its status", "drips a header"],
)
def test_a_receiver_that_never_ends_its_answer_is_left_at_the_deadline(slow: object) -> None:
    with receiving(slow) as receiver:  # type: ignore[arg-type]
        began = time.monotonic()
        answer = post(Caller(HERE, total_s=SOON_S), receiver.url)
        took = time.monotonic() - began

    assert answer == Answer(None, "The receiver did not answer within 0.3 s.")
    assert took > SOON_S * 0.9  # how much later is the machine's affair, and no test's


@pytest.mark.parametrize(
    "body",
    [dripping(b"HTTP/1.1 200 OK\r\n\r\n"), babbling(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10**6),
     babbling(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort")],
    ids=["drips", "is long", "breaks off"],
)  # fmt: skip
def test_once_the_status_is_there_the_body_is_of_no_weight(body: object) -> None:
    with receiving(body) as receiver:  # type: ignore[arg-type]
        assert post(Caller(HERE, total_s=SOON_S), receiver.url) == Answer(200)


def test_a_name_server_that_does_not_answer_is_left_at_the_deadline() -> None:
    def asleep(_host: str, _port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
        time.sleep(2)
        return []

    answer = post(Caller(HERE, asleep, total_s=SOON_S), "http://slow.test/")

    assert "did not answer" in answer.trouble


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (babbling(b"SSH-2.0-OpenSSH_9.2\r\n"), "not HTTP"),
        (babbling(b""), "The connection broke"),
        (babbling(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000), "not HTTP"),
        (500, "The receiver answered 500."),
        (410, "410 Gone"),
    ],
)
def test_what_is_no_success_is_said_in_words(answer: object, words: str) -> None:
    with receiving(answer) as receiver:  # type: ignore[arg-type]
        found = post(Caller(HERE), receiver.url)

    assert not found.good
    assert words in found.trouble
    assert "OpenSSH" not in found.trouble  # what was answered is shown to nobody


def test_nobody_there_is_said_in_words() -> None:
    with receiving() as gone:
        pass

    assert post(Caller(HERE), gone.url).trouble == "The receiver refused the connection."
    assert post(Caller(HERE), "https://no.such.name.invalid/").trouble == (
        "The receiver's name could not be looked up."
    )


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("120", 120), ("soon", 0), ("-5", 0), ("9" * 5000, 999_999_999),
     ("Thu, 01 Jan 1970 00:00:00 GMT", 0)],
)  # fmt: skip
def test_a_wish_to_be_left_alone_is_understood(value: str, seconds: float) -> None:
    with receiving((503, {"Retry-After": value})) as receiver:
        answer = post(Caller(HERE), receiver.url)

    assert answer.retry_after_s == seconds


def test_a_wish_to_be_left_alone_until_a_time_is_understood() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)

    with receiving((503, {"Retry-After": later})) as receiver:
        answer = post(Caller(HERE), receiver.url)

    assert answer.retry_after_s == pytest.approx(3600, abs=60)


# -- TLS ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who vouches for the receiver."""
    return trustme.CA()


@pytest.fixture
def secured(authority: trustme.CA) -> Iterator[Receiver]:
    """A receiver that speaks TLS as receiver.test."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("receiver.test").configure_cert(context)
    with receiving(tls=context) as receiver:
        yield receiver


def _trusting(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


def test_tls_is_verified_against_the_name_and_the_address_is_the_checked_one(
    secured: Receiver, authority: trustme.CA
) -> None:
    resolve, asked = name_server(["127.0.0.1"], ["127.0.0.9"])
    trusting = _trusting(authority)

    answer = post(Caller(HERE, resolve, trusting), f"https://receiver.test:{secured.port}/")

    assert answer == Answer(204)
    assert asked == secured.names == ["receiver.test"]
    assert secured.calls[0].headers["host"] == f"receiver.test:{secured.port}"


def test_a_certificate_that_is_not_trusted_or_of_another_name_gets_no_word(
    secured: Receiver, authority: trustme.CA
) -> None:
    resolve, _ = name_server(["127.0.0.1"])
    trusting = _trusting(authority)

    stranger = post(Caller(HERE, resolve), f"https://receiver.test:{secured.port}/")
    misnamed = post(Caller(HERE, resolve, trusting), f"https://other.test:{secured.port}/")

    assert "certificate is not trusted" in stranger.trouble
    assert "certificate is not trusted" in misnamed.trouble
    assert "other.test" in misnamed.trouble
    assert secured.calls == []


def test_a_receiver_that_never_ends_its_handshake_is_left_at_the_deadline() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        answer = post(Caller(HERE, total_s=SOON_S), f"https://127.0.0.1:{mute.getsockname()[1]}/")

    assert "did not answer" in answer.trouble


def test_plain_http_where_tls_is_spoken_is_said_in_words(receiver: Receiver) -> None:
    answer = post(Caller(HERE), receiver.url.replace("http:", "https:"))

    assert answer.trouble == "The receiver does not speak TLS as it should."
