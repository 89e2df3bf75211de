"""`lipchord doctor` on the two stores: as they should be, and in every way as they should not."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.doctor import stores
from deploy.doctor.finding import Finding
from deploy.guard import Guard
from deploy.ports import free_port
from tests.doctor import bad, by_name, well
from tests.faults.disk import small_disk
from tests.odd_store import odd_store


def of_stores(
    queue: str | None, blobs: str | None, clock: Callable[[], float] = time.time
) -> dict[str, Finding]:
    named = (stores.Named("queue", queue), stores.Named("blob", blobs))
    return by_name(stores.findings(named, clock))


def test_stores_as_lipchord_up_starts_them_are_well(queue_store: str, blob_store: str) -> None:
    found = of_stores(queue_store, blob_store)

    assert {name for name, finding in found.items() if not finding.good} == set()
    assert found["queue store"].found.split()[0] in ("Valkey", "Redis")
    assert queue_store in found["queue store"].found
    assert "append-only file" in found["blob store: disk"].found
    assert "noeviction" in found["queue store: when full"].found
    assert "of 512" in found["blob store: memory"].found
    assert "two stores" not in found


def test_a_store_that_forgets_keeps_nothing_and_has_no_limit_is_told_so(
    guard: Guard, tmp_path: Path, blob_store: str
) -> None:
    options = ("--appendonly", "no", "--maxmemory-policy", "allkeys-lru", "--maxmemory", "0")
    with odd_store(guard, tmp_path, tmp_path, *options) as odd:
        url = odd.url
        found = of_stores(url, blob_store)

    assert "appendonly yes" in bad(found["queue store: disk"])
    assert "forgets (allkeys-lru)" in bad(found["queue store: when full"])
    assert "Set maxmemory" in bad(found["queue store: memory"])
    well(found["queue store"])
    well(found["blob store: disk"])


def test_a_full_store_leads_to_its_alarm(guard: Guard, tmp_path: Path, queue_store: str) -> None:
    with odd_store(guard, tmp_path, tmp_path, "--maxmemory", "1100kb") as odd:
        found = of_stores(queue_store, odd.url)

    assert "operations.md#lipchordblobstorefilling" in bad(found["blob store: memory"])


def test_a_store_whose_file_cannot_be_written_is_told_so(guard: Guard, tmp_path: Path) -> None:
    disk = small_disk(tmp_path / "disk")
    try:
        with odd_store(guard, disk.folder, tmp_path, "--appendfsync", "everysec") as odd:
            url = odd.url
            well(of_stores(url, None)["queue store: disk"])
            disk.fill()
            client = stores.connect(url)
            client.set("a", "x" * 2**20)
            end = time.monotonic() + 30
            while of_stores(url, None)["queue store: disk"].good:
                assert time.monotonic() < end
                time.sleep(0.1)
            assert "Make room" in bad(of_stores(url, None)["queue store: disk"])
            disk.free()
    finally:
        disk.close()


def test_one_server_for_both_stores_is_one_too_few(queue_store: str) -> None:
    found = of_stores(queue_store, queue_store)

    assert "a server of their own" in bad(found["two stores"])


def test_a_store_that_is_not_there_is_named_with_its_variable(queue_store: str) -> None:
    nowhere = f"redis://:secret@127.0.0.1:{free_port()}/0"

    found = of_stores(queue_store, nowhere)

    said = bad(found["blob store"])
    assert "LIPCHORD_BLOB_URL" in said
    assert "secret" not in said
    well(found["queue store"])


def test_a_wrong_url_and_a_wrong_password_are_told_apart(guard: Guard, tmp_path: Path) -> None:
    with odd_store(guard, tmp_path, tmp_path, "--requirepass", "sesame", ready=False) as odd:
        url = odd.url
        end = time.monotonic() + 30
        while "password" not in (said := of_stores(url, None)["queue store"].found):
            assert time.monotonic() < end, said
            time.sleep(0.05)
        right = url.replace("redis://", "redis://:sesame@")
        known = of_stores(right, None)

    assert "sesame" not in well(known["queue store"])
    assert "redis://" in bad(of_stores("http://x", None)["queue store"])


@pytest.mark.parametrize(("ahead", "side"), [(60.0, "behind"), (-60.0, "before")])
def test_clocks_that_differ_are_found(
    queue_store: str, blob_store: str, ahead: float, side: str
) -> None:
    found = of_stores(queue_store, blob_store, lambda: time.time() + ahead)

    assert f"60.0 s {side} this host's" in bad(found["queue store: clock"])


def test_a_clock_within_the_seconds_that_nobody_feels_is_well(queue_store: str) -> None:
    found = of_stores(queue_store, None, lambda: time.time() + stores.MOST_SKEW_S - 0.5)

    well(found["queue store: clock"])


def test_without_stores_the_doctor_says_that_up_starts_them() -> None:
    found = of_stores(None, None)

    assert "lipchord up" in well(found["queue store"])


def test_a_server_that_is_too_old_is_to_be_updated() -> None:
    assert "6.2" in bad(stores.there("queue store", "redis://h", {"redis_version": "6.0.16"}))
    assert "Redis 6.2.14" in well(
        stores.there("queue store", "redis://h", {"redis_version": "6.2.14"})
    )
    told = {"redis_version": "7.2.4", "valkey_version": "8.0.1"}
    assert "Valkey 8.0.1" in well(stores.there("queue store", "redis://h", told))
