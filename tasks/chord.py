"""The word "chord" lives here: chunks are its header, merging is its body.

Header signatures carry ids only and keep no results. The chord is the fast
path: that all chunks are in is decided by the job's record, when the body comes.
"""

from collections.abc import Sequence
from typing import Any

from celery import Celery, chord
from celery.signals import after_task_publish, before_task_publish

from tasks import failpoints
from tasks.contract import (
    CHORD_FAILED,
    COMPARE,
    CPU_QUEUE,
    INSPECT,
    MERGE,
    PLAN,
    RENDER_CHUNK,
    MediaKind,
    render_queue,
)
from tasks.errors import StoreError
from tasks.kept import MAKE_FACE, Point


def publish_chord(app: Celery, job_id: str, chunks: Sequence[int], generator: str) -> None:
    """Put a planned job's chunks on the queue, with the merge that follows them.

    Args:
        chunks: indices of those that are to be rendered; with none the merge comes at once.
    """
    header = [
        app.signature(
            RENDER_CHUNK,
            args=(job_id, index),
            queue=render_queue(generator),
            immutable=True,
            ignore_result=True,
            argsrepr=shown(job_id, index),
        )
        for index in chunks
    ]
    body, failed = (
        app.signature(
            name,
            args=(job_id,),
            queue=CPU_QUEUE,
            immutable=True,
            ignore_result=True,
            argsrepr=shown(job_id),
        )
        for name in (MERGE, CHORD_FAILED)
    )
    if header:
        chord(header, body.on_error(failed), app=app).apply_async()
    else:
        body.on_error(failed).apply_async()


def shown(*args: object) -> str | None:
    """What Flower and the workers' logs show of a message: whose it is, and which chunk.

    None for other arguments than a job's: Celery then shows them as Python writes them.
    """
    match args:
        case (str(job_id),):
            return job_id
        case (str(job_id), int(index)):
            return f"{job_id}, chunk {index}"
    return None


def _header_is_published(**_: object) -> None:
    failpoints.hit("chord:mid-publish")


def _body_was_published(**_: object) -> None:
    failpoints.hit("chord:body-published")


before_task_publish.connect(_header_is_published, sender=RENDER_CHUNK)
after_task_publish.connect(_body_was_published, sender=MERGE)


class CeleryPublisher:
    """`tasks.admission.Publisher` over Celery; names tasks by string, loads no worker code."""

    def __init__(self, app: Celery) -> None:
        self._app = app

    def plan(self, job_id: str) -> None:
        """Publish the planning of an accepted job. Raises StoreError."""
        self._send(PLAN, [job_id])

    def chunk(self, job_id: str, index: int, generator: str) -> None:
        """Publish one chunk again, outside any chord. Raises StoreError."""
        self._send(RENDER_CHUNK, [job_id, index], render_queue(generator))

    def merge(self, job_id: str) -> None:
        """Publish the merge of a job whose chunks are all in. Raises StoreError."""
        self._send(MERGE, [job_id])

    def inspect(self, kind: MediaKind, key: str, fps: str) -> None:
        """Publish a look at an uploaded blob. Raises StoreError."""
        self._send(INSPECT, [kind.value, key, fps])

    def compare(self, comparison_id: str) -> None:
        """Publish the piece of work that a comparison is at. Raises StoreError."""
        self._send(COMPARE, [comparison_id])

    def make_face(self, ticket: str, source: str, wanted: Sequence[Point] | None) -> None:
        """Publish the work on a face that is to be kept. Raises StoreError."""
        self._send(MAKE_FACE, [ticket, source, None if wanted is None else list(wanted)])

    def _send(self, name: str, args: list[Any], queue: str = CPU_QUEUE) -> None:
        try:
            self._app.send_task(
                name, args=args, argsrepr=shown(*args), queue=queue, ignore_result=True, retry=True,
                retry_policy={"max_retries": 3, "interval_max": 0.5},
            )  # fmt: skip
        except self._app.connection_for_write().connection_errors as error:
            raise StoreError(f"The queue store does not take messages: {error}") from error
