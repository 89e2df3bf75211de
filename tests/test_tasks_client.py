"""The front door on real stores: what is accepted, what is refused, what a reaper finds."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tasks.client import JobQueue
from tasks.contract import (
    JobRequest,
    JobState,
    MediaKind,
    VideoInfo,
)
from tasks.epoch import new_job_id
from tasks.errors import (
    GoneError,
    LostJobError,
    NotReadyError,
    RejectedError,
    StoreError,
    UnknownJobError,
)
from tasks.fleet import Fleet
from tasks.house import WorkerInfo
from tasks.inspection import Inspections
from tasks.reaper import GRACE_S, reap
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage
from tasks.stores import connect

HELLO = JobRequest(text="Hello there", language="en")


class Outbox:
    """A publisher that keeps what it is given; `away` makes it a broker that is not there."""

    def __init__(self) -> None:
        self.planned: list[str] = []
        self.compared: list[str] = []
        self.inspected: list[tuple[MediaKind, str]] = []
        self.away = False

    def plan(self, job_id: str) -> None:
        if self.away:
            raise StoreError("away")
        self.planned.append(job_id)

    def compare(self, comparison_id: str) -> None:
        self.compared.append(comparison_id)

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        self.inspected.append((kind, key))


@pytest.fixture
def settings(queue_store: str, blob_store: str) -> Settings:
    return Settings(
        queue_url=queue_store, blob_url=blob_store, inspect_timeout_s=0.3, ready_grace_s=0.0
    )


@pytest.fixture
def outbox() -> Outbox:
    return Outbox()


@pytest.fixture
def queue(settings: Settings, outbox: Outbox) -> JobQueue:
    return JobQueue(settings, outbox)


@pytest.fixture
def records(settings: Settings) -> Records:
    return Records(connect(settings.queue_url))


def finished(records: Records, settings: Settings, video: bytes) -> str:
    """A job whose video is `video`, without rendering."""
    storage = RedisStorage(connect(settings.blob_url))
    job_id = records.submit(new_job_id(), HELLO, None)
    blob = storage.put(video, 60)
    fence = records.begin_merge(job_id, 0)
    assert fence is not None
    records.finish(job_id, fence, VideoInfo(blob.key, blob.size, blob.sha256))
    return job_id


def test_a_good_request_is_recorded_and_published(queue: JobQueue, outbox: Outbox) -> None:
    job = queue.submit(HELLO)

    assert job.state is JobState.QUEUED
    assert outbox.planned == [job.id]
    assert queue.job(job.id).request == HELLO


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (JobRequest(), "invalid-request"),
        (JobRequest(text="a", speech="blob_x"), "invalid-request"),
        (JobRequest(text=""), "empty-text"),
        (JobRequest(text="  \n\t "), "empty-text"),
        (JobRequest(text="🙂🎉"), "no-speakable-text"),
        (JobRequest(text="a" * 20_001), "text-too-long"),
        (JobRequest(text="a", language="klingon-xx"), "unknown-language"),
        (JobRequest(text="a", voice="darth"), "unknown-voice"),
        (JobRequest(text="a", generator="deepfake"), "unknown-generator"),
        (JobRequest(text="a", fps="0"), "invalid-request"),
        (JobRequest(text="a", fps="1/0"), "invalid-request"),
        (JobRequest(text="a", fps="nan"), "invalid-request"),
        (JobRequest(text="a", paste="glued"), "invalid-request"),
        (JobRequest(text="a", av_offset_frames=6), "invalid-request"),
        (JobRequest(text="a", box="10,10,0,5"), "invalid-request"),
        (JobRequest(text="a", box="1,2,3"), "invalid-request"),
    ],
)
def test_a_bad_request_is_refused_with_words_and_leaves_nothing(
    queue: JobQueue, outbox: Outbox, request_: JobRequest, reason: str
) -> None:
    with pytest.raises(RejectedError) as refusal:
        queue.submit(request_)

    assert refusal.value.reason == reason
    assert len(refusal.value.detail) > 20
    assert outbox.planned == []
    assert queue.jobs().jobs == ()


def test_a_generator_that_no_living_worker_holds_is_refused_at_once(
    queue: JobQueue, settings: Settings, outbox: Outbox
) -> None:
    worker = WorkerInfo("render0@here", "render", "viseme", True, "cores 0", 1)
    Fleet(connect(settings.queue_url), settings.heartbeat_s).beat(worker)

    with pytest.raises(RejectedError, match=r"they hold viseme.*--generator wav2lip") as refusal:
        queue.submit(replace(HELLO, generator="wav2lip"))

    assert refusal.value.reason == "generator-not-held"
    assert outbox.planned == []
    assert queue.submit(HELLO).state is JobState.QUEUED


def test_fifty_submits_of_one_key_are_one_job(queue: JobQueue, outbox: Outbox) -> None:
    with ThreadPoolExecutor(16) as pool:
        ids = {job.id for job in pool.map(lambda _: queue.submit(HELLO, "key-1"), range(50))}

    assert len(ids) == 1
    assert outbox.planned == list(ids)


def test_one_key_with_another_body_is_refused(queue: JobQueue) -> None:
    queue.submit(HELLO, "key-1")

    with pytest.raises(RejectedError) as refusal:
        queue.submit(replace(HELLO, text="Goodbye"), "key-1")

    assert refusal.value.reason == "idempotency-mismatch"


def test_a_bad_upload_is_refused_before_it_is_a_job(
    queue: JobQueue, settings: Settings, outbox: Outbox
) -> None:
    from tasks.contract import Failure

    key = queue.store_upload(io.BytesIO(b"a picture of a wall"))
    inspections = Inspections(connect(settings.queue_url))
    inspections.put(MediaKind.FACE, key, "25", Failure("no-face", "Send a picture with a face."))

    with pytest.raises(RejectedError, match="with a face") as refusal:
        queue.submit(replace(HELLO, face=key))

    assert refusal.value.reason == "no-face"
    assert outbox.planned == []


def test_an_upload_that_nobody_can_look_at_in_time_is_left_to_planning(
    queue: JobQueue, settings: Settings, outbox: Outbox
) -> None:
    key = queue.store_upload(io.BytesIO(b"a picture"))
    Fleet(connect(settings.queue_url), 2.0).beat(
        WorkerInfo("cpu0", "cpu", None, True, "cores 0", 1)
    )

    job = queue.submit(replace(HELLO, face=key))

    assert outbox.inspected == [(MediaKind.FACE, key)]
    assert outbox.planned == [job.id]


def test_without_a_cpu_worker_nobody_waits_for_one(queue: JobQueue, outbox: Outbox) -> None:
    key = queue.store_upload(io.BytesIO(b"a picture"))

    queue.submit(replace(HELLO, face=key))

    assert outbox.inspected == []


def test_an_empty_upload_and_a_large_one_are_refused(settings: Settings, outbox: Outbox) -> None:
    queue = JobQueue(replace(settings, max_upload_bytes=1000), outbox)

    with pytest.raises(RejectedError) as empty:
        queue.store_upload(io.BytesIO(b""))
    with pytest.raises(RejectedError) as large:
        queue.store_upload(io.BytesIO(bytes(1001)))

    assert (empty.value.reason, large.value.reason) == ("empty-file", "upload-too-large")
    assert queue.store_upload(io.BytesIO(bytes(1000))).startswith("blob_")


def test_a_job_that_could_not_be_published_is_published_by_the_reaper(
    queue: JobQueue, outbox: Outbox, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.away = True
    job = queue.submit(HELLO)
    assert outbox.planned == []

    outbox.away = False
    reap(records, outbox, deadline_s=1000)
    assert outbox.planned == []  # still young: its submit may be on the way
    monkeypatch.setattr("tasks.reaper.GRACE_S", -1.0)
    reap(records, outbox, deadline_s=1000)
    reap(records, outbox, deadline_s=1000)

    assert GRACE_S > 1
    assert outbox.planned == [job.id]


def test_a_job_past_its_deadline_expires(queue: JobQueue, outbox: Outbox, records: Records) -> None:
    job = queue.submit(HELLO)

    reap(records, outbox, deadline_s=-1)

    late = queue.job(job.id)
    assert late.state is JobState.EXPIRED
    assert late.failure is not None
    assert late.failure.reason == "deadline"
    with pytest.raises(GoneError):
        queue.open_video(job.id)


@pytest.mark.parametrize("job_id", ["", "x", "job_", "job_" + "0" * 32, "job_" + "g" * 32])
def test_what_is_not_a_job_is_unknown(queue: JobQueue, job_id: str) -> None:
    for look in (queue.job, queue.cancel, queue.open_video):
        with pytest.raises(UnknownJobError):
            look(job_id)


def test_a_store_that_comes_back_empty_says_which_jobs_it_has_lost(
    queue: JobQueue, queue_store: str
) -> None:
    lost, kept = queue.submit(HELLO).id, 4
    wrong = lost[:-kept] + ("0000" if lost[-kept:] != "0000" else "0001")

    connect(queue_store).flushall()

    for look in (queue.job, queue.cancel, queue.delete, queue.open_video):
        with pytest.raises(LostJobError, match="came back without its data"):
            look(lost)
    with pytest.raises(UnknownJobError) as slip:
        queue.job(wrong)
    assert not isinstance(slip.value, LostJobError)
    assert queue.job(queue.submit(HELLO).id).state is JobState.QUEUED


def test_a_job_that_is_forgotten_in_time_is_unknown_and_not_lost(
    queue: JobQueue, queue_store: str
) -> None:
    job_id = queue.submit(HELLO).id

    connect(queue_store).delete(f"lipchord:job:{job_id}")

    with pytest.raises(UnknownJobError) as forgotten:
        queue.job(job_id)
    assert not isinstance(forgotten.value, LostJobError)


def test_a_video_is_served_when_it_is_there_and_not_before(
    queue: JobQueue, records: Records, settings: Settings
) -> None:
    job = queue.submit(HELLO)
    with pytest.raises(NotReadyError):
        queue.open_video(job.id)

    done = finished(records, settings, b"mp4" * 100)

    info, stream = queue.open_video(done)
    with stream:
        assert stream.read() == b"mp4" * 100
    assert info.size == 300


def test_a_video_that_has_expired_is_gone(
    queue: JobQueue, records: Records, settings: Settings
) -> None:
    job_id = finished(records, settings, b"mp4")
    connect(settings.blob_url).flushall()

    with pytest.raises(GoneError, match="expired"):
        queue.open_video(job_id)


def test_pages_hold_every_job_once_newest_first(queue: JobQueue) -> None:
    sent = [queue.submit(HELLO).id for _ in range(7)]

    seen: list[str] = []
    cursor = None
    for _ in range(4):
        page = queue.jobs(limit=2, cursor=cursor)
        seen += [job.id for job in page.jobs]
        cursor = page.next_cursor

    assert seen == sent[::-1]
    assert cursor is None
    for cursor in ("yesterday", "nan", "inf"):
        with pytest.raises(RejectedError):
            queue.jobs(cursor=cursor)


def test_waiting_ends_with_the_job_or_with_its_time(queue: JobQueue, records: Records) -> None:
    job = queue.submit(HELLO)

    assert queue.wait(job.id, 0.2).state is JobState.QUEUED
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(queue.wait, job.id, 10)
        queue.cancel(job.id)

        assert waiting.result(timeout=5).state is JobState.CANCELED


def test_not_ready_says_who_is_missing(queue: JobQueue, settings: Settings) -> None:
    assert len(queue.not_ready()) == 2

    fleet = Fleet(connect(settings.queue_url), 2.0)
    fleet.beat(WorkerInfo("cpu0", "cpu", None, True, "cores 0", 1))
    fleet.beat(WorkerInfo("render0", "render", "viseme", False, "cores 1", 2))
    assert queue.not_ready() == ("No render worker has its generator ready yet.",)
    fleet.beat(WorkerInfo("render0", "render", "viseme", True, "cores 1", 2, setups=1))

    assert queue.not_ready() == ()
    assert [worker.name for worker in queue.workers()] == ["cpu0", "render0"]


def test_a_store_that_is_away_is_said_in_readiness(outbox: Outbox) -> None:
    queue = JobQueue(
        Settings(queue_url="redis://127.0.0.1:1/0", blob_url="redis://127.0.0.1:1/0"), outbox
    )

    assert "does not answer" in queue.not_ready()[0]


def test_every_language_has_a_code_and_a_name(queue: JobQueue) -> None:
    codes = {voice.language for voice in queue.voices()}

    assert {"ru", "kk", "en", "de", "fr", "es"} <= codes
    assert len(codes) > 100
