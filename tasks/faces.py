"""Faces: the front door for those that are kept. Register, look, correct, delete.

A face is looked at once, by a cpu worker, and then stays until it is deleted: its
blobs are held for its revision (`tasks.holds`) before the record says so, and both
are on the disk before the answer.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

import redis

from lipsync_engine import landmarks
from lipsync_engine.errors import LandmarksError
from tasks.admission import Publisher
from tasks.contract import Failure
from tasks.errors import (
    BusyError,
    MissingBlobError,
    RejectedError,
    StoreError,
    UnknownFaceError,
)
from tasks.face_findings import FaceFindings, ticket_of
from tasks.face_records import FaceRecords, FullShelfError
from tasks.fleet import Fleet
from tasks.holds import Holds
from tasks.kept import FacePage, KeptFace, MadeFace, Point, new_face_id
from tasks.load import Load
from tasks.paging import parse_cursor
from tasks.settings import Settings
from tasks.storage import RedisStorage
from tasks.synced import Synced

FACE_ID = re.compile(r"face_[0-9a-f]{32}")
RETRY_S = 5  # Retry-After where no cpu worker has answered
TRIES = 3  # what was found is remembered longer than a deleted face's blobs may live
LIFE_S = 10 * 365 * 86400  # of a kept face's blobs: until it is deleted


class Faces:
    """Everything that the API may do with kept faces. Safe for many threads."""

    def __init__(
        self, settings: Settings, queue: "redis.Redis", blobs: "redis.Redis",
        publisher: Publisher, load: Load,
    ) -> None:  # fmt: skip
        self._settings, self._publisher, self._load = settings, publisher, load
        self._records = FaceRecords(queue, Synced(queue, bool(settings.require_sync)))
        self._findings = FaceFindings(queue)
        self._fleet = Fleet(queue, settings.heartbeat_s)
        self._holds = Holds(blobs, settings)
        self._written = Synced(blobs, required=False)
        self._storage = RedisStorage(blobs, settings.blob_part_bytes)

    def admit(self, tenant: str) -> None:
        """Refuse early what `register` would refuse, before an upload is kept for it.

        Raises:
            RejectedError: the tenant has as many faces as it may.
            BusyError: the blob store is too full.
            StoreError.
        """
        self._load.check_blobs()
        most = self._settings.tenant_faces
        if 0 < most <= self._records.count(tenant):
            raise _too_many(most)

    def register(self, source: str, tenant: str) -> KeptFace:
        """Keep the face of upload `source`. When this returns it survives any one process.

        Raises:
            MissingBlobError: the upload is not there.
            RejectedError: there is no usable face, and what to do.
            BusyError: no cpu worker looks at it now, or the blob store is too full.
            StoreError.
        """
        self.admit(tenant)
        face_id = new_face_id()
        made = self._made_and_held(source, None, f"{face_id}.1")
        try:
            self._records.keep(face_id, tenant, made, self._settings.tenant_faces)
        except FullShelfError as error:
            self._release(f"{face_id}.1")
            raise _too_many(self._settings.tenant_faces) from error
        return self._records.face(face_id, tenant)

    def face(self, face_id: str, tenant: str) -> KeptFace:
        """Raises UnknownFaceError: no such face, or another tenant's."""
        if not FACE_ID.fullmatch(face_id):
            raise UnknownFaceError(face_id)
        return self._records.face(face_id, tenant)

    def faces(self, tenant: str, limit: int = 20, cursor: str | None = None) -> FacePage:
        """The tenant's faces, newest first. Raises RejectedError("bad-cursor")."""
        found = self._records.faces(tenant, limit + 1, parse_cursor(cursor))
        shown = found[:limit]
        more = len(found) > limit
        return FacePage(tuple(shown), f"{shown[-1].created_at:.6f}" if more else None)

    def correct(self, face_id: str, tenant: str, wanted: Sequence[Point]) -> KeptFace:
        """Put the landmarks where a person says that they belong; the next revision.

        Raises:
            UnknownFaceError, RejectedError (which point is wrong), BusyError, StoreError,
            StaleError: somebody else has changed the face meanwhile.
        """
        face = self.face(face_id, tenant)
        _check(wanted, face.made)
        following = f"{face_id}.{face.revision + 1}"
        made = self._made_and_held(face.made.source, wanted, following)
        try:
            self._records.change(face, made)
        except StoreError:
            raise  # it may have been said all the same: hygiene finds out
        except Exception:
            self._release(following)
            raise
        self._release(face.holder)
        return self._records.face(face_id, tenant)

    def delete(self, face_id: str, tenant: str) -> None:
        """Forget a face. Jobs that were accepted with it go on. Idempotent.

        Raises:
            UnknownFaceError, StoreError.
        """
        if not FACE_ID.fullmatch(face_id):
            raise UnknownFaceError(face_id)
        with suppress(UnknownFaceError):  # it may be a tombstone, which is good as well
            holder = self._records.face(face_id, tenant).holder
            self._records.delete(face_id, tenant)
            self._release(holder)
            return
        self._records.delete(face_id, tenant)

    def open(self, key: str) -> BinaryIO:
        """A blob of a face, to read. Raises StoreError: it is not there."""
        try:
            return self._storage.open(key)
        except MissingBlobError as error:
            raise StoreError(
                f"A file of this face is not in the blob store any more ({error}). Register the "
                "face again."
            ) from error

    def _made_and_held(self, source: str, wanted: Sequence[Point] | None, holder: str) -> MadeFace:
        """What a cpu worker made of it, its blobs held from now on, and on the disk."""
        for _ in range(TRIES):
            made = self._made(source, wanted)
            try:
                self._holds.hold_long(holder, made.blobs, LIFE_S, self._written)
            except MissingBlobError:  # dropped, with the face that had them, after it was found
                self._findings.forget(ticket_of(source, wanted))
                continue
            return made
        raise StoreError("The blob store loses what was just stored. Look whether it is full.")

    def _made(self, source: str, wanted: Sequence[Point] | None) -> MadeFace:
        ticket = ticket_of(source, wanted)
        found = self._findings.known(ticket)
        if found is None:
            self._storage.stat(source)  # or a worker would look for it, and nobody would hear
            if not any(worker.kind == "cpu" for worker in self._fleet.workers()):
                raise _nobody_looks("No cpu worker is alive to look at the face.")
            if self._findings.first_to_ask(ticket):
                self._publisher.make_face(ticket, source, wanted)
            found = self._findings.wait(ticket, self._settings.face_timeout_s)
        if found is None:
            raise _nobody_looks("The cpu workers have not come to look at the face yet.")
        if isinstance(found, Failure):
            raise RejectedError(found.reason, found.detail, "face")
        return found

    def _release(self, holder: str) -> None:
        """After the record: it says already that these blobs are not needed."""
        with suppress(StoreError):  # hygiene does it when the store is back
            self._holds.release(holder)


def _check(wanted: Sequence[Point], made: MadeFace) -> None:
    try:
        landmarks.check(wanted, made.width, made.height)
    except LandmarksError as error:
        field = "landmarks" if error.index is None else f"landmarks[{error.index}]"
        raise RejectedError(error.code, str(error), field) from error


def _too_many(most: int) -> RejectedError:
    return RejectedError(
        "too-many-faces",
        f"You have {most} faces, and no more may be kept. Delete one that is not needed: "
        "DELETE /api/v1/faces/ID.",
    )


def _nobody_looks(why: str) -> BusyError:
    return BusyError("no-cpu-worker", f"{why} Send the same again in a moment.", RETRY_S)
