"""Blobs: the same promises from memory and from a real server."""

import io

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.errors import MissingBlobError, StoreError
from tasks.storage import MemoryStorage, RedisStorage, Storage, fetch, read
from tasks.stores import connect

PART = 64  # bytes; small, so that a short blob has many parts


@pytest.fixture(params=["memory", "redis"])
def storage(request: pytest.FixtureRequest) -> Storage:
    if request.param == "memory":
        return MemoryStorage()
    return RedisStorage(connect(request.getfixturevalue("blob_store")), PART)


@given(data=st.binary(max_size=5 * PART))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_put_comes_back(storage: Storage, data: bytes) -> None:
    blob = storage.put(io.BytesIO(data), 60)

    back = read(storage, blob.key)

    assert back == data
    assert storage.stat(blob.key).size == len(data)


@given(
    data=st.binary(min_size=1, max_size=5 * PART),
    start=st.integers(0, 6 * PART),
    length=st.integers(0, 6 * PART),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_range_is_the_same_as_in_the_whole(
    storage: Storage, data: bytes, start: int, length: int
) -> None:
    key = storage.put(data, 60).key

    with storage.open(key) as stream:
        stream.seek(start)
        piece = stream.read(length)

    assert piece == data[start : start + length]


def test_the_same_bytes_have_one_key(storage: Storage) -> None:
    assert storage.put(b"face", 60).key == storage.put(io.BytesIO(b"face"), 90).key
    assert storage.put(b"face", 60).key != storage.put(b"Face", 60).key


def test_a_blob_that_is_not_there_says_so(storage: Storage) -> None:
    with pytest.raises(MissingBlobError):
        storage.open("blob_" + "0" * 64)

    with pytest.raises(MissingBlobError):
        storage.stat("blob_" + "0" * 64)


def test_a_deleted_blob_is_gone(storage: Storage) -> None:
    key = storage.put(b"x" * 300, 60).key

    storage.delete(key)

    with pytest.raises(MissingBlobError):
        read(storage, key)


def test_a_name_means_its_latest_key(storage: Storage) -> None:
    assert storage.resolve("face of ada") is None

    storage.link("face of ada", "blob_1", 60)
    storage.link("face of ada", "blob_2", 60)

    assert storage.resolve("face of ada") == "blob_2"


def test_fetch_copies_to_a_file(storage: Storage, tmp_path) -> None:
    key = storage.put(bytes(range(256)) * 3, 60).key

    path = fetch(storage, key, tmp_path / "copy")

    assert path.read_bytes() == bytes(range(256)) * 3


def test_memory_forgets_after_its_time() -> None:
    now = [0.0]
    storage = MemoryStorage(lambda: now[0])
    key = storage.put(b"short", 10).key

    now[0] = 10.1

    with pytest.raises(MissingBlobError):
        read(storage, key)


def test_a_second_put_never_shortens_a_life(blob_store: str) -> None:
    client = connect(blob_store)
    storage = RedisStorage(client, PART)
    key = storage.put(b"y" * 200, 500).key

    storage.put(b"y" * 200, 10)

    keys = [name for name in client.keys("lipchord:*") if client.pttl(name) < 400_000]
    assert keys == []
    assert read(storage, key) == b"y" * 200


def test_every_key_has_an_end(blob_store: str) -> None:
    client = connect(blob_store)
    storage = RedisStorage(client, PART)

    storage.put(b"z" * 300, 60)
    storage.link("n", "blob_1", 60)

    assert client.keys("*")
    assert [name for name in client.keys("*") if client.ttl(name) < 0] == []


def test_a_blob_without_one_of_its_parts_is_missing_not_shorter(blob_store: str) -> None:
    client = connect(blob_store)
    storage = RedisStorage(client, PART)
    key = storage.put(bytes(range(200)), 60).key

    client.delete(client.keys("lipchord:part:*")[0])

    with pytest.raises(MissingBlobError):
        read(storage, key)


def test_a_full_store_is_an_error_that_says_what_to_do(blob_store: str) -> None:
    client = connect(blob_store)
    limit = client.config_get("maxmemory")["maxmemory"]
    client.config_set("maxmemory", "2mb")
    try:
        with pytest.raises(StoreError, match=r"full.*more memory"):
            RedisStorage(client).put(bytes(8 * 2**20), 60)
    finally:
        client.config_set("maxmemory", limit)


def test_a_store_that_is_away_is_a_store_error() -> None:
    away = redis.Redis(port=1, socket_connect_timeout=0.2)

    with pytest.raises(StoreError, match="does not answer"):
        RedisStorage(away).put(b"x", 60)
