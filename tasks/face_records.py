"""The records of registered faces, in the queue store: each change is one script, on the disk.

    lipchord:face:ID             tenant, created_at, revision, made (JSON); a day long: deleted
    lipchord:tenant:NAME:faces   ids by created_at

A record has no time to live: a face is kept until it is deleted. Its blobs lie in
the other store, so the order of `tasks.holds` holds here too: blobs, their holds,
the record; and at the end the record, then its holds.
"""

import json
from dataclasses import asdict
from typing import cast

import redis

from tasks.errors import StaleError, UnknownFaceError
from tasks.kept import KeptFace, MadeFace
from tasks.scripts import source
from tasks.stores import answering
from tasks.synced import Synced

STORE = "queue store"
TOMBSTONE_S = 86400  # a DELETE that is said again, and hygiene, find out for so long


class FullShelfError(Exception):
    """The tenant has as many faces as it may."""


class FaceRecords:
    """Registered faces. Safe for many threads."""

    def __init__(self, client: "redis.Redis", synced: Synced) -> None:
        self._redis, self._synced = client, synced

    def keep(self, face_id: str, tenant: str, made: MadeFace, most: int) -> None:
        """Record a new face. Said twice is once.

        Args:
            most: faces that the tenant may have, 0: any number.

        Raises:
            FullShelfError, StoreError.
        """
        kept = self._synced.run(
            source("face_keep"), _keys(face_id, tenant), [face_id, tenant, _json(made), most]
        )
        if not kept:
            raise FullShelfError(tenant)

    def change(self, face: KeptFace, made: MadeFace) -> None:
        """Record the next revision of a face that was read before.

        Raises:
            StaleError: somebody else has changed it meanwhile.
            UnknownFaceError: somebody has deleted it.
            StoreError.
        """
        outcome = self._synced.run(
            source("face_change"), _keys(face.id, face.tenant), [face.revision, _json(made)]
        )
        if outcome < 0:
            raise UnknownFaceError(face.id)
        if not outcome:
            raise StaleError("The face was changed meanwhile. Look at it again, then correct it.")

    def delete(self, face_id: str, tenant: str) -> None:
        """Forget a face; a second time is the same. Raises UnknownFaceError, StoreError."""
        outcome = self._synced.run(
            source("face_delete"), _keys(face_id, tenant), [face_id, tenant, TOMBSTONE_S]
        )
        if outcome < 0:
            raise UnknownFaceError(face_id)

    def face(self, face_id: str, tenant: str) -> KeptFace:
        """Raises UnknownFaceError: no such face, or another tenant's."""
        with answering(STORE):
            facts = cast(dict[bytes, bytes], self._redis.hgetall(f"lipchord:face:{face_id}"))
        face = _read(face_id, facts)
        if face is None or face.tenant != tenant:
            raise UnknownFaceError(face_id)
        return face

    def faces(self, tenant: str, limit: int, before: float | None) -> list[KeptFace]:
        """The tenant's, newest first, from before `before`, Unix time."""
        top = f"({before:.6f}" if before else "+inf"
        with answering(STORE):
            ids = cast(
                list[bytes],
                self._redis.zrevrangebyscore(_shelf(tenant), top, "-inf", start=0, num=limit),
            )
            pipe = self._redis.pipeline(transaction=False)
            for name in ids:
                pipe.hgetall(f"lipchord:face:{name.decode()}")
            found = zip(ids, pipe.execute(), strict=True)
        faces = [_read(name.decode(), facts) for name, facts in found]
        return [face for face in faces if face is not None]

    def count(self, tenant: str) -> int:
        """How many faces the tenant has."""
        with answering(STORE):
            return self._redis.zcard(_shelf(tenant))


def _keys(face_id: str, tenant: str) -> list[str]:
    return [f"lipchord:face:{face_id}", _shelf(tenant)]


def _shelf(tenant: str) -> str:
    return f"lipchord:tenant:{tenant}:faces"


def _json(made: MadeFace) -> str:
    return json.dumps(asdict(made))


def _read(face_id: str, facts: dict[bytes, bytes]) -> KeptFace | None:
    """A record; None where it is a tombstone, or none."""
    if b"made" not in facts:
        return None
    return KeptFace(
        face_id, facts[b"tenant"].decode(), float(facts[b"created_at"]),
        int(facts[b"revision"]), made_face(json.loads(facts[b"made"])),
    )  # fmt: skip


def made_face(facts: dict[str, object]) -> MadeFace:
    """A `MadeFace` from what JSON makes of one."""
    read = dict(facts)
    for name in ("landmarks", "located"):
        points = cast(list[list[float]], read[name])
        read[name] = tuple((float(x), float(y)) for x, y in points)
    read["warnings"] = tuple(cast(list[str], read["warnings"]))
    return MadeFace(**read)  # type: ignore[arg-type]
