"""A merge that finds a chunk's video missing or damaged has it rendered again.

The video's bytes were checked when they were stored, so this is the store's
fault, not the renderer's, and a second rendering mends it. It gives the same
bytes under the same key: what is damaged must be out of the store before.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog

from merge.errors import BadChunkError, MissingChunkError, WrongLengthError
from tasks.attempt import Attempt
from tasks.chord import CeleryPublisher
from tasks.contract import Failure
from tasks.errors import MissingBlobError, StaleError, StoreError
from tasks.records import Returned
from tasks.storage import Storage

log = structlog.get_logger()


@contextmanager
def mended(
    attempt: Attempt, keys: Sequence[str], storage: Storage, publisher: CeleryPublisher
) -> Iterator[None]:
    """Have the chunk rendered again that the block finds missing or damaged.

    Args:
        attempt: the merge's.
        keys: blob keys of the chunks, in order.

    Raises:
        StaleError: that is so; this merge ends, and comes again when the chunk is in.
        MissingBlobError: of another blob of the job, which cannot be made again.
    """
    try:
        yield
    except (MissingBlobError, MissingChunkError, BadChunkError, WrongLengthError) as error:
        index = _index(error, keys)
        if index is None:
            raise
        storage.verify(keys[index])  # forgets what is damaged
        _again(attempt, index, error, publisher)
        raise StaleError(f"chunk {index} of {attempt.job_id} is rendered again") from error


def _index(error: Exception, keys: Sequence[str]) -> int | None:
    if isinstance(error, MissingBlobError):
        return keys.index(error.key) if error.key in keys else None
    index = getattr(error, "index", None)
    return index if isinstance(index, int) else None


def _again(attempt: Attempt, index: int, error: Exception, publisher: CeleryPublisher) -> None:
    why = Failure("damaged-chunk", f"Its video was missing or damaged in the blob store: {error}")
    outcome = attempt.records.reopen(attempt.job_id, index, attempt.fence, why)
    log.error("a chunk's video is lost", job=attempt.job_id, chunk=index, error=str(error))
    if outcome is not Returned.QUEUED:
        return
    try:
        generator = attempt.records.plan(attempt.job_id).request.generator
        publisher.chunk(attempt.job_id, index, generator)
    except StoreError as away:
        log.warning("left to the reaper", error=str(away))
