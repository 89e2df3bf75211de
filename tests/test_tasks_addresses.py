"""What a store's URL may say, what comes to it from other settings, and what is never shown."""

import ssl
from pathlib import Path

import pytest

from tasks.addresses import Address, redacted
from tasks.app import make_app
from tasks.errors import SettingError
from tasks.settings import Settings
from tasks.stores import connect

SECRET = "p@ss:w/rd?#%"
ENCODED = "p%40ss%3Aw%2Frd%3F%23%25"


def read(**variables: str) -> Settings:
    return Settings.from_env({f"LIPCHORD_{name}": value for name, value in variables.items()})


def test_a_password_is_joined_to_the_url_whatever_signs_it_has() -> None:
    settings = read(QUEUE_URL="redis://store:6390/2", QUEUE_PASSWORD=SECRET)

    assert settings.queue_url == f"redis://:{ENCODED}@store:6390/2"
    assert Address.parse(settings.queue_url).password == SECRET
    assert settings.blob_url == Settings().blob_url


def test_a_password_in_the_url_goes_before_one_beside_it() -> None:
    settings = read(QUEUE_URL="redis://lip:own@store/0", QUEUE_PASSWORD="other")

    assert settings.queue_url == "redis://lip:own@store/0"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("redis://queue:6390/0\n")
    (tmp_path / "password").write_text(f"{SECRET}\n")

    settings = read(
        QUEUE_URL_FILE=str(tmp_path / "url"), QUEUE_PASSWORD_FILE=str(tmp_path / "password")
    )

    assert settings.queue_url == f"redis://:{ENCODED}@queue:6390/0"


def test_a_secrets_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"LIPCHORD_BLOB_PASSWORD_FILE names .*nowhere.*No such"):
        read(BLOB_PASSWORD_FILE=str(tmp_path / "nowhere"))


def test_a_secret_and_its_file_at_once_are_refused(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("a")

    with pytest.raises(SettingError, match="both set"):
        read(QUEUE_PASSWORD="b", QUEUE_PASSWORD_FILE=str(tmp_path / "p"))


def test_certificates_come_to_both_urls_and_to_celery() -> None:
    settings = read(
        QUEUE_URL="rediss://q:1/0", BLOB_URL="rediss://b:2/0",
        STORE_CA="/etc/ca.pem", STORE_CERT="/c.pem", STORE_KEY="/k.pem",
    )  # fmt: skip
    wanted = {
        "ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True,
        "ssl_ca_certs": "/etc/ca.pem", "ssl_certfile": "/c.pem", "ssl_keyfile": "/k.pem",
    }  # fmt: skip

    assert Address.parse(settings.queue_url).tls == wanted
    assert Address.parse(settings.blob_url).tls == wanted
    app = make_app(settings)
    assert app.conf.broker_use_ssl == wanted
    assert app.backend.connparams["ssl_ca_certs"] == "/etc/ca.pem"
    assert app.backend.connparams["connection_class"].__name__ == "SSLConnection"


def test_verification_can_be_turned_off_by_saying_so() -> None:
    settings = read(QUEUE_URL="rediss://q/0", BLOB_URL="rediss://b/0", STORE_VERIFY="none")

    tls = Address.parse(settings.queue_url).tls
    assert tls == {"ssl_cert_reqs": ssl.CERT_NONE, "ssl_check_hostname": False}


def test_certificates_beside_an_open_url_are_refused_not_ignored() -> None:
    with pytest.raises(SettingError, match=r"LIPCHORD_BLOB_URL cannot be used.*say rediss://"):
        read(QUEUE_URL="rediss://q/0", BLOB_URL="redis://b/0", STORE_CA="/ca.pem")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("http://store/0", "begins with redis://"),
        ("redis://store/first", "number of its database"),
        ("redis://:half#secret@store/0", "no host:port"),
        ("redis://store/0?master=m", "only a URL of sentinels"),
        ("redis://store/0?ssl_ca_certs=/ca", "no parameter ssl_ca_certs"),
        ("rediss://store/0?ssl_cert_reqs=maybe", "is one of required"),
        ("sentinel://one,two/0", r"\?master=NAME"),
    ],
)
def test_a_url_that_cannot_be_used_says_why(url: str, what: str) -> None:
    with pytest.raises(SettingError, match=what) as caught:
        read(QUEUE_URL=url)

    assert "secret" not in str(caught.value)


def test_sentinels_are_told_to_redis_and_to_celery() -> None:
    url = f"sentinel://lip:{ENCODED}@one,two:26380/1?master=queue&sentinel_password=door"
    settings = read(QUEUE_URL=url)

    app = make_app(settings)
    pool = connect(settings.queue_url).connection_pool

    assert app.conf.broker_url == (
        f"sentinel://lip:{ENCODED}@one:26379/1;sentinel://lip:{ENCODED}@two:26380/1"
    )
    told = {"master_name": "queue", "sentinel_kwargs": {"password": "door"}}
    assert app.conf.result_backend_transport_options == told
    assert {**app.conf.broker_transport_options, **told} == app.conf.broker_transport_options
    assert type(app.backend).__name__ == "SentinelChordBackend"
    assert pool.service_name == "queue"
    assert pool.connection_kwargs["password"] == SECRET


@pytest.mark.parametrize(
    "url",
    [
        f"redis://:{ENCODED}@store:1/0",
        f"rediss://lip:{ENCODED}@store:1/0?ssl_ca_certs=/ca.pem",
        f"sentinel://:{ENCODED}@one,two/0?master=m&sentinel_password={ENCODED}",
    ],
)
def test_a_shown_url_and_shown_settings_hold_no_password(url: str) -> None:
    settings = read(QUEUE_URL=url, WEBHOOK_SECRET="whsec_c2VjcmV0")

    assert "***" in redacted(url)
    for shown in (redacted(url), repr(settings), repr(Address.parse(url))):
        assert ENCODED not in shown
        assert SECRET not in shown
        assert "whsec" not in shown
    assert "/ca.pem" in redacted(url) or "ca.pem" not in url
