"""Chunks that were rendered before, by scene: what may be used again instead of rendering.

A scene is all that determines a chunk's bytes but its frames and its sound. The
index is a hint: it lives beside the blobs, with their time to live and a bound,
and whoever takes a chunk from it looks at the bytes first.
"""

import hashlib
import json
from dataclasses import asdict, astuple, dataclass
from fractions import Fraction
from typing import cast

import redis

from lipsync_engine.audio import AudioSlice
from lipsync_engine.look import Look
from tasks.scripts import script
from tasks.stores import answering

STORE = "blob store"
MAX_KNOWN = 256  # chunks of one scene, the latest; their index takes some 50 KB
VERSION = 1  # of what the two hashes below are made of


@dataclass(frozen=True, slots=True)
class Known:
    """A rendered chunk: its absolute frames, the hash of the sound it heard, its blob."""

    first_frame: int
    n_frames: int
    heard: str
    key: str

    @property
    def stop(self) -> int:
        """One past its last frame."""
        return self.first_frame + self.n_frames


def scene_of(fingerprint: str, face: str, fps: Fraction, look: Look) -> str:
    """Hash of what determines a chunk's bytes, but for frames and sound; 64 hex digits.

    Args:
        fingerprint: of generator, weights and encoder: `tasks.render.Renderer.fingerprint`.
        face: blob key. The frames' size is the face's own.
    """
    facts = [VERSION, fingerprint, face, str(fps), asdict(look)]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def heard_by(speech: AudioSlice) -> str:
    """Hash of all that a generator is told of the sound: samples, place, end; 64 hex digits."""
    place = json.dumps([VERSION, speech.first_sample, speech.job_samples]).encode()
    return hashlib.sha256(place + speech.samples.tobytes()).hexdigest()


class KnownChunks:
    """The index, in the blob store."""

    def __init__(self, client: "redis.Redis", ttl_s: int) -> None:
        self._redis, self._ttl_s = client, ttl_s
        self._add = script(client, "known_add")

    def add(self, scene: str, known: Known) -> None:
        """Remember a chunk, for as long as chunks are kept."""
        with answering(STORE):
            self._add(
                keys=[_name(scene)],
                args=[json.dumps(astuple(known)), self._ttl_s * 1000, MAX_KNOWN],
            )

    def of(self, scene: str) -> tuple[Known, ...]:
        """All that is known of a scene, the latest first."""
        with answering(STORE):
            found = cast(list[bytes], self._redis.zrevrange(_name(scene), 0, -1))
        return tuple(Known(*json.loads(entry)) for entry in found)

    def drop(self, scene: str, known: Known) -> None:
        """Forget a chunk that is gone or damaged."""
        with answering(STORE):
            self._redis.zrem(_name(scene), json.dumps(astuple(known)))


def _name(scene: str) -> str:
    return f"lipchord:scene:{scene}"
