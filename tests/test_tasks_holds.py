"""Who needs which blob, what crashes leave behind, and what goes when memory is short."""

import io
import random
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tasks.client import JobQueue
from tasks.contract import JobRequest, JobState, VideoInfo
from tasks.endings import Endings
from tasks.epoch import new_job_id
from tasks.errors import GoneError, MissingBlobError, RejectedError, StoreError
from tasks.holds import MARGIN_S, Holds, Kind
from tasks.hygiene import GRACE_S, Hygiene
from tasks.records import Records
from tasks.settings import Settings
from tasks.storage import RedisStorage, read
from tasks.stores import connect

MIB = 2**20
SPARE = (Kind.UPLOAD, Kind.INPUT, Kind.CHUNK)
HELLO = JobRequest(text="Hello there", language="en")


class Outbox:
    """A publisher whose messages nobody reads."""

    def plan(self, job_id: str) -> None: ...

    def inspect(self, *_: object) -> None: ...


class House:
    """Both stores, and everything that keeps blobs in order."""

    def __init__(self, queue_url: str, blob_url: str) -> None:
        self.settings = Settings(
            queue_url=queue_url, blob_url=blob_url, job_deadline_s=1000, ready_grace_s=0.0
        )
        self.client = connect(blob_url)
        self.storage = RedisStorage(self.client, 64 * 1024)
        self.holds = Holds(self.client, self.settings)
        self.records = Records(connect(queue_url))
        self.queue = JobQueue(self.settings, Outbox())
        self.hygiene = Hygiene(self.holds, Endings(connect(queue_url)))

    def running(self) -> str:
        job_id = self.records.submit(new_job_id(), HELLO, None)
        self.records.begin_plan(job_id)
        return job_id

    def held(self, job_id: str, data: bytes, kind: Kind = Kind.UPLOAD, ttl_s: int = 9000) -> str:
        key = self.storage.put(data, ttl_s).key
        self.holds.hold(job_id, [key], kind)
        return key

    def finished(self, job_id: str, video: bytes) -> str:
        key = self.held(job_id, video, Kind.RESULT)
        fence = self.records.begin_merge(job_id, 0)
        assert fence is not None
        self.records.finish(job_id, fence, VideoInfo(key, len(video), key[5:]))
        return key

    def passed(self, seconds: float, *keys: str) -> None:
        """So much longer ago did a job take them last."""
        for key in keys:
            for kind in Kind:
                name = f"lipchord:spare:{kind.value}"
                if self.client.zscore(name, key) is not None:
                    self.client.zincrby(name, -seconds, key)

    def there(self, key: str) -> bool:
        return self.storage.verify(key)

    def media_keys(self) -> list[bytes]:
        return [k for kind in ("part", "blob_", "users", "owners", "holds")
                for k in self.client.keys(f"lipchord:{kind}*")]  # fmt: skip

    @contextmanager
    def memory(self, share: float) -> Iterator[None]:
        """The store as it is, and so much of its limit used."""
        limit = self.client.config_get("maxmemory")["maxmemory"]
        used = int(self.client.info("memory")["used_memory"])
        self.client.config_set("maxmemory", int(used / share))
        try:
            yield
        finally:
            self.client.config_set("maxmemory", limit)


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


# -- parts ---------------------------------------------------------------------------------


def test_a_deleted_blob_takes_its_parts_but_not_those_that_another_has(house: House) -> None:
    shared = bytes(64 * 1024)
    one = house.storage.put(shared + b"one", 60).key
    two = house.storage.put(shared + b"two", 60).key

    house.storage.delete(one)

    assert read(house.storage, two) == shared + b"two"
    house.storage.delete(two)
    assert house.media_keys() == []


def test_parts_of_a_put_that_died_are_collected_and_others_stay(house: House) -> None:
    class Dies(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 64 * 1024:
                raise KeyboardInterrupt
            return super().read(size)

    whole = house.storage.put(b"whole" * 20_000, 60).key
    with pytest.raises(KeyboardInterrupt):
        house.storage.put(Dies(b"torn." * 40_000), 60)
    n_parts = len(house.client.keys("lipchord:part:*"))

    house.holds.collect_orphans(0, 1000, GRACE_S)
    in_time = len(house.client.keys("lipchord:part:*"))
    house.holds.collect_orphans(0, 1000, 0)

    assert in_time == n_parts
    assert len(house.client.keys("lipchord:part:*")) < n_parts
    assert house.there(whole)


def test_a_blob_never_names_a_part_that_was_collected_meanwhile(house: House) -> None:
    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            house.holds.collect_orphans(0, 1000, 0)
            return super().read(size)

    with pytest.raises(StoreError, match="once more"):
        house.storage.put(Slow(b"slow." * 40_000), 60)

    assert house.client.keys("lipchord:blob_*") == []


# -- owners --------------------------------------------------------------------------------


def test_a_running_jobs_blobs_outlive_its_deadline(house: House) -> None:
    key = house.held(house.running(), b"u" * 200_000, ttl_s=5)

    lives = [house.client.pttl(f"lipchord:{key}")]
    lives += [house.client.pttl(name) for name in house.client.keys("lipchord:part:*")]

    assert len(lives) > 2
    assert min(lives) > (1000 + MARGIN_S - 5) * 1000
    assert [k for k in house.client.keys("*") if house.client.ttl(k) < 0] == []


def test_what_is_gone_or_not_whole_cannot_be_held(house: House) -> None:
    key = house.storage.put(b"half" * 40_000, 60).key
    house.client.delete(house.client.keys("lipchord:part:*")[0])

    for missing in (key, "blob_" + "0" * 64):
        with pytest.raises(MissingBlobError):
            house.holds.hold("job_1", [missing], Kind.UPLOAD)
    assert house.holds.owners(key) == ()


def test_a_canceled_job_frees_what_no_other_has(house: House) -> None:
    mine, other = house.running(), house.running()
    shared = house.held(mine, b"shared face")
    house.held(other, b"shared face")
    alone = house.held(mine, b"a chunk of mine", Kind.CHUNK)

    house.queue.cancel(mine)
    house.queue.cancel(mine)

    assert house.there(shared)
    assert not house.there(alone)
    house.queue.delete(other)
    assert house.media_keys() == []


def test_deleting_a_finished_job_takes_its_video_and_keeps_its_record(house: House) -> None:
    job_id = house.running()
    house.held(job_id, b"a chunk", Kind.CHUNK)
    house.finished(job_id, b"the video")
    assert house.queue.open_video(job_id)[1].read() == b"the video"

    for _ in range(2):
        job = house.queue.delete(job_id)

    assert (job.state, job.video) == (JobState.SUCCEEDED, None)
    assert house.media_keys() == []
    with pytest.raises(GoneError, match="deleted"):
        house.queue.open_video(job_id)


def test_a_cancel_that_is_too_late_frees_nothing(house: House) -> None:
    job_id = house.running()
    video = house.finished(job_id, b"the video")

    assert house.queue.cancel(job_id).video is not None

    assert house.there(video)


def test_an_upload_is_held_from_the_submit_on_and_refused_when_it_is_gone(house: House) -> None:
    face = house.queue.store_upload(io.BytesIO(b"a face"))
    job = house.queue.submit(JobRequest(text="a", face=face), "key")
    house.queue.submit(JobRequest(text="a", face=face), "key")
    assert house.holds.owners(face) == (job.id,)

    house.queue.delete(job.id)

    with pytest.raises(RejectedError, match="Send the file itself"):
        house.queue.submit(JobRequest(text="a", face=face))


# -- crashes -------------------------------------------------------------------------------


def test_a_release_that_a_crash_left_undone_is_done_by_the_next_round(house: House) -> None:
    canceled, deleted, running, over = (house.running() for _ in range(4))
    keys = [house.held(job, job.encode()) for job in (canceled, deleted, running, over)]
    house.finished(deleted, b"v1")
    house.finished(over, b"v2")
    house.records.cancel(canceled)
    Endings(connect(house.settings.queue_url)).delete(deleted)

    house.hygiene()
    house.hygiene()

    assert [house.there(key) for key in keys] == [False, False, True, True]


def test_a_zombies_chunk_that_comes_after_the_cancel_is_freed_too(house: House) -> None:
    job_id = house.running()
    house.queue.cancel(job_id)

    late = house.held(job_id, b"late", Kind.CHUNK)
    house.hygiene()

    assert not house.there(late)


def test_a_lost_record_is_no_wish_to_delete(house: House) -> None:
    key = house.held("job_without_record", b"an upload")
    house.client.zadd("lipchord:holders", {"job_without_record": 0})

    house.hygiene()

    assert house.there(key)
    assert house.holds.owners(key) == ()


# -- age -----------------------------------------------------------------------------------


def test_what_is_kept_shorter_than_a_job_may_run_goes_when_its_time_is_over(house: House) -> None:
    over, running = house.running(), house.running()
    needed = house.held(running, b"a chunk of both", Kind.CHUNK)
    house.held(over, b"a chunk of both", Kind.CHUNK)
    old = [house.held(over, kind.name.encode(), kind) for kind in SPARE]
    video = house.finished(over, b"a video")
    house.passed(house.settings.chunk_ttl_s + 1, needed, old[-1])
    house.passed(house.settings.upload_ttl_s + 1, *old[:2])
    house.passed(house.settings.result_ttl_s - 60, video)

    house.hygiene.age()

    assert [house.there(key) for key in (*old, needed, video)] == [False] * 3 + [True] * 2
    house.passed(120, video)
    house.hygiene.age()
    assert not house.there(video)


def test_what_a_job_takes_again_has_its_time_again(house: House) -> None:
    over = house.running()
    chunk = house.held(over, b"a chunk", Kind.CHUNK)
    house.finished(over, b"a video")
    house.passed(house.settings.chunk_ttl_s + 1, chunk)
    house.holds.hold(over, [chunk], Kind.CHUNK)

    house.hygiene.age()

    assert house.there(chunk)


# -- memory --------------------------------------------------------------------------------


def test_short_memory_takes_the_longest_unused_chunks_of_finished_jobs(house: House) -> None:
    over, running = house.running(), house.running()
    mib = [random.Random(number).randbytes(MIB) for number in range(9)]
    needed = house.held(running, mib[0], Kind.CHUNK)
    chunks = [house.held(over, data, Kind.CHUNK) for data in mib[:6]]
    sound = house.held(over, mib[7], Kind.INPUT)
    video = house.finished(over, mib[8])
    house.holds.hold(over, [chunks[1]], Kind.CHUNK)  # used again: the latest now

    with house.memory(0.62):
        house.hygiene.relieve()
        assert house.holds.fullness() < 0.60

    left = [house.there(chunk) for chunk in chunks]
    assert needed == chunks[0]
    assert left[0], "a running job needs it"
    assert left[1], "the latest used"
    assert not left[2]
    assert house.there(sound)
    assert house.there(video)


def test_very_short_memory_takes_what_can_be_made_again_and_no_result(house: House) -> None:
    over = house.running()
    sound = house.held(over, random.Random(1).randbytes(MIB), Kind.INPUT)
    upload = house.held(over, random.Random(2).randbytes(MIB))
    video = house.finished(over, random.Random(30).randbytes(MIB))

    with house.memory(0.9):
        house.hygiene.relieve()

    assert [house.there(key) for key in (sound, upload, video)] == [False, True, True]


def test_a_full_store_takes_a_running_jobs_chunk_once_hygiene_has_made_room(house: House) -> None:
    over, running = house.running(), house.running()
    for number in range(8):
        house.held(over, random.Random(number).randbytes(MIB), Kind.CHUNK)
    house.finished(over, random.Random(30).randbytes(MIB))

    with house.memory(1.0):
        with pytest.raises(StoreError, match="full"):
            house.held(running, random.Random(40).randbytes(MIB), Kind.CHUNK)
        with pytest.raises(StoreError, match="full"):
            house.queue.store_upload(io.BytesIO(random.Random(50).randbytes(4 * MIB)))
        house.hygiene()

        assert house.there(house.held(running, random.Random(40).randbytes(MIB), Kind.CHUNK))


def test_every_key_of_the_books_has_an_end(house: House) -> None:
    for kind in Kind:
        house.held(house.running(), kind.name.encode(), kind)

    assert [k for k in house.client.keys("*") if house.client.ttl(k) < 0] == []
