"""What `/metrics` says, told by a real house after its jobs; and that its page names all of it."""

import os
import re
import signal
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from deploy.guard import Guard
from tasks.client import JobQueue
from tasks.contract import Failure, JobRequest
from tasks.epoch import new_job_id
from tasks.house import WorkerInfo
from tasks.settings import Settings
from tasks.webhooks.outbox import Outbox as WebhookOutbox
from tasks.webhooks.outbox import Outcome
from tests.api_house import HELLO, JOBS, House, Outbox
from tests.faults.disk import small_disk
from tests.odd_store import odd_store
from tests.served import serving
from tests.workers import until

NOWHERE = "redis://127.0.0.1:1/0"
DOCS = Path(__file__).resolve().parent.parent / "docs"
RENDERER = WorkerInfo(
    "render0@host", "render", "viseme", True, "cuda:0", 1, setups=1, chunks_done=3, frames_done=90,
    busy_seconds=4.5, gpu_memory_used=2**30, gpu_memory_total=2**33,
)  # fmt: skip


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


def scraped(house: House) -> dict[str, Metric]:
    """Families by their exposed names."""
    text = house.http.get("/metrics").text
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(house: House, name: str, **labels: str) -> float:
    """One sample, which must be there."""
    samples = [sample for family in scraped(house).values() for sample in family.samples]
    found = [s.value for s in samples if s.name == name and labels.items() <= s.labels.items()]
    assert len(found) == 1, (name, labels, found)
    return float(found[0])


def test_jobs_messages_workers_and_requests_are_counted(house: House) -> None:
    house.beat("render0", "render")
    house.succeeded(house.accepted(), b"mp4")
    house.http.get("/no/such/place")

    assert value(house, "lipchord_store_up", store="queue") == 1
    assert value(house, "lipchord_store_up", store="blobs") == 1
    assert value(house, "lipchord_jobs_total", event="accepted") == 1
    assert value(house, "lipchord_jobs_total", event="succeeded") == 1
    assert value(house, "lipchord_queue_messages", queue="cpu") == 0
    assert value(house, "lipchord_workers", generator="viseme", ready="true") == 1
    posted = {"method": "POST", "route": "/api/v1/jobs", "status": "202"}
    assert value(house, "lipchord_http_requests_total", **posted) == 1
    assert value(house, "lipchord_http_requests_total", route="unmatched") == 1
    assert value(house, "lipchord_http_request_seconds_count", route="/api/v1/jobs") == 1


def test_two_apps_in_one_process_count_apart(queue_store: str, blob_store: str) -> None:
    one, other = House(queue_store, blob_store), House(queue_store, blob_store)

    one.accepted()

    assert 'route="/api/v1/jobs",status="202"' not in other.http.get("/metrics").text


def test_a_finished_job_has_left_its_frames_its_seconds_and_its_wait(house: House) -> None:
    house.succeeded(house.accepted(), b"mp4")  # 30 + 20 frames, 25 a second

    assert value(house, "lipchord_video_frames_total") == 50
    assert value(house, "lipchord_video_seconds_total") == 2.0
    assert value(house, "lipchord_frames_total", how="rendered") == 50
    assert value(house, "lipchord_chunks_total", how="rendered") == 2
    assert value(house, "lipchord_attempts_total", piece="chunk") == 2
    assert value(house, "lipchord_job_wait_seconds_count") == 1
    assert value(house, "lipchord_job_run_seconds_count") == 1
    assert value(house, "lipchord_job_run_seconds_bucket", le="32768.0") == 1
    assert value(house, "lipchord_job_run_seconds_sum") < 3600


def test_buckets_grow_to_the_count_and_the_sum_is_that_of_the_waits(house: House) -> None:
    for job_id in (house.accepted(), house.accepted()):
        house.planned(job_id, 25)
    job_id = house.accepted()
    queue = house.records._redis
    queue.hincrbyfloat(f"lipchord:job:{job_id}", "created_at", -100)  # it waits for 100 s already
    house.planned(job_id, 25)

    buckets = {
        float(sample.labels["le"]): sample.value
        for sample in scraped(house)["lipchord_job_wait_seconds"].samples
        if sample.name.endswith("_bucket")
    }
    assert list(buckets.values()) == sorted(buckets.values())
    assert (buckets[64], buckets[128], buckets[float("inf")]) == (2, 3, 3)
    assert 100 <= value(house, "lipchord_job_wait_seconds_sum") < 160


def test_a_chunk_that_an_earlier_job_rendered_counts_as_reused(house: House) -> None:
    house.planned(house.accepted(), 30, 20, known="blob_k")

    assert value(house, "lipchord_chunks_total", how="reused") == 1
    assert value(house, "lipchord_frames_total", how="reused") == 30
    assert value(house, "lipchord_chunks_total", how="rendered") == 0


def test_a_chunk_that_failed_is_a_retry_with_its_reason_when_it_is_taken_again(
    house: House,
) -> None:
    job_id = house.accepted()
    house.planned(job_id, 30)
    claim = house.records.claim(job_id, 0, "render0")
    house.records.give_back(job_id, "0", claim.fence, Failure("hung", "No frame came."))

    assert value(house, "lipchord_attempts_total", piece="chunk") == 1
    assert "lipchord_retries_total{" not in house.http.get("/metrics").text
    house.records.claim(job_id, 0, "render1")

    assert value(house, "lipchord_retries_total", piece="chunk", reason="hung") == 1
    assert value(house, "lipchord_attempts_total", piece="chunk") == 2


def test_a_waiting_job_has_an_age_and_its_frames_a_time(queue_store: str, blob_store: str) -> None:
    house = House(queue_store, blob_store, jobs_under_way=1)
    house.fleet.beat(RENDERER)  # 90 frames in 4.5 s
    first, second = house.accepted(), house.accepted()
    house.planned(first, 40)
    queue = house.records._redis
    queue.zincrby("lipchord:lane:viseme:arrivals", -60, second)  # it waits for a minute already

    of = {"generator": "viseme"}
    cost = int(queue.hget(f"lipchord:job:{second}", "cost"))  # type: ignore[arg-type]
    assert value(house, "lipchord_jobs_under_way", **of) == 1
    assert value(house, "lipchord_jobs_waiting", **of) == 1
    assert 60 <= value(house, "lipchord_oldest_waiting_seconds", **of) < 120
    assert value(house, "lipchord_pace_frames_per_second", **of) == 20
    assert value(house, "lipchord_backlog_frames", **of) == 40 + cost
    assert value(house, "lipchord_backlog_seconds", **of) == (40 + cost) / 20

    house.queue.cancel(second)

    assert value(house, "lipchord_jobs_waiting", **of) == 0
    assert value(house, "lipchord_oldest_waiting_seconds", **of) == 0


def test_without_a_ready_worker_nobody_knows_how_long_it_takes(house: House) -> None:
    house.accepted()

    assert value(house, "lipchord_pace_frames_per_second", generator="viseme") == 0
    assert "lipchord_backlog_seconds{" not in house.http.get("/metrics").text


def test_a_render_worker_shows_its_work_and_its_gpu(house: House) -> None:
    house.fleet.beat(replace(RENDERER, job="job_x", fixed_s=0.04, per_frame_s=0.01, error_at=1.7e9))
    house.beat("cpu0@host", "cpu")

    of = {"worker": "render0@host"}
    assert value(house, "lipchord_worker_info", device="cuda:0", generator="viseme", **of) == 1
    assert value(house, "lipchord_worker_info", worker="cpu0@host", kind="cpu") == 1
    assert value(house, "lipchord_worker_frames_total", **of) == 90
    assert value(house, "lipchord_worker_chunks_total", **of) == 3
    assert value(house, "lipchord_worker_busy_seconds_total", **of) == 4.5
    assert value(house, "lipchord_worker_busy", **of) == 1
    assert value(house, "lipchord_worker_gpu_memory_used_bytes", **of) == 2**30
    assert value(house, "lipchord_worker_gpu_memory_limit_bytes", **of) == 2**33
    assert value(house, "lipchord_worker_chunk_cost_seconds", **of) == 0.04
    assert value(house, "lipchord_worker_frame_cost_seconds", **of) == 0.01
    assert value(house, "lipchord_worker_error_timestamp_seconds", **of) == 1.7e9
    assert "job_x" not in house.http.get("/metrics").text


def test_a_worker_without_a_gpu_has_no_gpu_memory(house: House) -> None:
    house.beat("render0", "render")

    assert "lipchord_worker_gpu_memory_used_bytes{" not in house.http.get("/metrics").text


def test_memory_and_durability_of_both_stores_are_shown(house: House) -> None:
    for store in ("queue", "blobs"):
        used = value(house, "lipchord_store_memory_used_bytes", store=store)
        limit = value(house, "lipchord_store_memory_limit_bytes", store=store)
        assert 0 < used < limit
        assert value(house, "lipchord_store_durable", store=store) == 1


def test_a_store_without_an_append_only_file_is_not_durable(
    unsynced_store: str, blob_store: str
) -> None:
    house = House(unsynced_store, blob_store)

    assert value(house, "lipchord_store_durable", store="queue") == 0
    assert value(house, "lipchord_store_durable", store="blobs") == 1


def test_webhooks_are_due_until_they_are_called_and_counted_by_their_outcome(
    house: House,
) -> None:
    url = "http://127.0.0.1:9/told"
    request = JobRequest(text="Hello there", webhook=url)
    job_id = house.records.submit(new_job_id(), request, None)

    house.failed(job_id, "no-face", "There is no face. Send another picture.")

    assert value(house, "lipchord_webhooks_due") == 1
    assert value(house, "lipchord_webhooks_waiting") == 1
    outbox = WebhookOutbox(house.records._redis)
    entry = outbox.take(60)
    assert entry is not None
    assert value(house, "lipchord_webhooks_due") == 0
    assert value(house, "lipchord_webhooks_waiting") == 1
    outbox.note(entry, Outcome.DELIVERED, 200)
    assert value(house, "lipchord_webhooks_waiting") == 0
    assert value(house, "lipchord_webhooks_total", outcome="delivered") == 1


def test_a_store_that_is_away_is_a_number_and_hides_nothing_of_the_other(blob_store: str) -> None:
    settings = Settings(queue_url=NOWHERE, blob_url=blob_store)
    http = create_app(JobQueue(settings, Outbox()), settings).test_client()
    http.post(JOBS, json=HELLO)

    text = http.get("/metrics").text

    assert 'lipchord_store_up{store="queue"} 0.0' in text
    assert 'lipchord_store_up{store="blobs"} 1.0' in text
    assert 'lipchord_store_memory_used_bytes{store="blobs"}' in text
    assert "lipchord_jobs_total" not in text


def test_a_store_that_hangs_is_down_before_prometheus_gives_up(
    guard: Guard, tmp_path: Path, blob_store: str
) -> None:
    with (
        odd_store(guard, tmp_path / "data", tmp_path) as odd,
        serving(House(odd.url, blob_store)) as served,
    ):
        os.kill(odd.pid, signal.SIGSTOP)
        try:
            said = requests.get(f"{served.url}/metrics", timeout=10).text  # as Prometheus
        finally:
            os.kill(odd.pid, signal.SIGCONT)

    assert 'lipchord_store_up{store="queue"} 0.0' in said
    assert 'lipchord_store_up{store="blobs"} 1.0' in said


def test_a_store_whose_disk_is_full_is_up_and_not_durable(
    guard: Guard, tmp_path: Path, blob_store: str
) -> None:
    disk = small_disk(tmp_path / "disk")
    try:
        with odd_store(guard, disk.folder, tmp_path, "--appendfsync", "everysec") as odd:
            house = House(odd.url, blob_store)
            house.accepted()
            disk.fill()
            house.records._redis.set("a", "x" * 2**20)
            until(lambda: value(house, "lipchord_store_durable", store="queue") == 0)

            assert value(house, "lipchord_store_up", store="queue") == 1
            assert value(house, "lipchord_jobs_total", event="accepted") == 1
            disk.free()
    finally:
        disk.close()


def ours(names: Iterable[str]) -> set[str]:
    return {name for name in names if name.startswith("lipchord_")}


def exposed(house: House) -> set[str]:
    """Names as queries say them: counters with their `_total`."""
    families = scraped(house).values()
    return ours(f.name + ("_total" if f.type == "counter" else "") for f in families)


def test_the_page_of_monitoring_names_what_is_exposed_and_nothing_else(house: House) -> None:
    named = re.findall(r"^\| `(\w+)`", (DOCS / "monitoring.md").read_text(), re.MULTILINE)

    assert sorted(named) == sorted(set(named))
    assert set(named) == exposed(house)


def test_names_have_their_units_and_every_number_says_what_it_is(house: House) -> None:
    for name, family in scraped(house).items():
        assert len(family.documentation) > 10, name
        assert family.documentation.endswith("."), name
        assert not re.search(r"_(ms|millis|minutes|hours|mb|gb|percent|ratio)(_|$)", name), name
