"""Which job needs which blob: an owner set per blob, so that one job's end takes no other's files.

Two stores can fall out of step, so the order is always: blobs, then their holds,
then the record that names them; and at the end first the record says that the job
is over, then its holds are released. A crash in between leaves blobs that nobody
needs, which `tasks.hygiene` collects, never a record whose blobs are gone.

Bytes are shared by content, across tenants too: whoever sends the same face or the
same words gets the chunks that are there. What that can tell a stranger is that
somebody made this very video before, by the time that it takes; it shows no byte
that he could not have had rendered.
"""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import cast

import redis

from tasks.errors import MissingBlobError, StoreError
from tasks.scripts import blob_scripts, source
from tasks.settings import Settings
from tasks.stores import answering
from tasks.synced import Synced

STORE = "blob store"
MARGIN_S = 3600  # a job that ends at its deadline still has its blobs for a last retry


class Kind(StrEnum):
    """What a blob is to a job."""

    KEPT = ""  # of a registered face: stays until it is deleted
    UPLOAD = "upload"  # stays until its time is over or its job is deleted
    RESULT = "result"  # the same
    CHUNK = "chunk"  # of a finished job: kept for reuse, the first to go when memory is short
    INPUT = "input"  # canonical sound and face: can be made again


class Holds:
    """The owner sets, in the blob store itself, so that looking and dropping are one script."""

    def __init__(self, client: "redis.Redis", settings: Settings) -> None:
        self._redis = client
        self._life_ms = (settings.job_deadline_s + MARGIN_S) * 1000
        self._books_ms = self._life_ms + settings.job_ttl_s * 1000
        self._lives_s = {
            Kind.UPLOAD: settings.upload_ttl_s,
            Kind.INPUT: settings.upload_ttl_s,
            Kind.CHUNK: settings.chunk_ttl_s,
            Kind.RESULT: settings.result_ttl_s,
        }
        self._longest_ms = max(self._life_ms, *(life_s * 1000 for life_s in self._lives_s.values()))
        self._scripts = blob_scripts(client, "hold", "release", "collect", "orphan")

    def hold(self, job_id: str, keys: Iterable[str], kind: Kind) -> None:
        """The job needs these blobs; none of them expires before its deadline.

        Raises:
            MissingBlobError: one is not there (any more); none is held then.
        """
        args = [job_id, self._life_ms, self._books_ms, kind.value, *keys]
        with answering(STORE):
            missing = cast(bytes, self._scripts["hold"](args=args))
        if missing:
            raise MissingBlobError(missing.decode())

    def hold_long(self, name: str, keys: Iterable[str], life_s: int, synced: Synced) -> None:
        """Something that is kept until it is deleted needs these blobs; on the disk from now on.

        Args:
            name: of what holds them: see `tasks.kept.holder`.
            life_s: longer than anybody keeps anything.
            synced: of the same store.

        Raises:
            MissingBlobError: one is not there (any more); none is held then.
        """
        args = [name, life_s * 1000, life_s * 1000, Kind.KEPT.value, *keys]
        missing = cast(bytes, synced.run(source("blob_prelude", "blob_hold"), [], args))
        if missing:
            raise MissingBlobError(missing.decode())

    def hold_new(self, job_id: str, key: str, kind: Kind) -> None:
        """Hold what this process has stored just now.

        Raises:
            StoreError: another job had the same bytes, and they were dropped in between: do it
                again.
        """
        try:
            self.hold(job_id, [key], kind)
        except MissingBlobError as error:
            raise StoreError(f"{key} was dropped as it was stored; it is made again.") from error

    def release(self, job_id: str) -> int:
        """Drop the job's blobs but for those that another owns; how many. Said twice is once."""
        with answering(STORE):
            return int(self._scripts["release"](args=[job_id, "1", self._longest_ms]))

    def forget(self, job_id: str) -> None:
        """The job owns nothing any more; its blobs go with their own time."""
        with answering(STORE):
            self._scripts["release"](args=[job_id, "0", self._longest_ms])

    def owners(self, key: str) -> tuple[str, ...]:
        """Ids of the jobs that hold a blob."""
        with answering(STORE):
            found = cast(set[bytes], self._redis.smembers(f"lipchord:owners:{key}"))
        return tuple(sorted(job.decode() for job in found))

    def jobs(self) -> dict[str, float]:
        """Jobs that hold anything, and how long ago they took hold of something, seconds."""
        with answering(STORE):
            seconds, micros = self._redis.time()
            found = self._redis.zrange("lipchord:holders", 0, -1, withscores=True)
        now = seconds + micros / 1e6
        return {job.decode(): now - at for job, at in cast(list[tuple[bytes, float]], found)}

    # -- memory ------------------------------------------------------------------------

    def fullness(self) -> float:
        """Share of the blob store's memory limit that is used, 0..1; 0 without a limit."""
        with answering(STORE):
            memory = self._redis.info("memory")
        limit = int(memory["maxmemory"])
        return int(memory["used_memory"]) / limit if limit else 0.0

    def oldest(self, kind: Kind, n: int) -> tuple[str, ...]:
        """Up to `n` blobs of a kind, the one first that no job has taken for longest."""
        with answering(STORE):
            found = self._redis.zrange(f"lipchord:spare:{kind.value}", 0, n - 1)
        return tuple(key.decode() for key in cast(list[bytes], found))

    def outlived(self, kind: Kind, n: int) -> tuple[str, ...]:
        """Up to `n` blobs of a kind that no job has taken for as long as such are kept."""
        with answering(STORE):
            seconds, micros = self._redis.time()
            until = seconds + micros / 1e6 - self._lives_s[kind]
            name = f"lipchord:spare:{kind.value}"
            found = self._redis.zrange(name, "-inf", until, byscore=True, offset=0, num=n)
        return tuple(key.decode() for key in cast(list[bytes], found))

    def collect(self, key: str, over: Sequence[str]) -> bool:
        """Drop a blob if no job owns it but those in `over`; whether it was."""
        with answering(STORE):
            return bool(self._scripts["collect"](args=[key, *over]))

    def collect_orphans(self, cursor: int, n: int, grace_s: int) -> int:
        """Drop parts that no blob has and that nobody has touched for `grace_s`.

        Looks at about `n` keys from `cursor` on; returns the next cursor, 0 at the end.
        """
        with answering(STORE):
            cursor, keys = cast(
                tuple[int, list[bytes]], self._redis.scan(cursor, "lipchord:part:*", count=n)
            )
            for key in keys:
                self._scripts["orphan"](args=[key.decode().rpartition(":")[2], grace_s])
        return cursor
