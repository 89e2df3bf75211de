"""Chunks that are damaged, missing or of another video; a disk that is full."""

import io
import json
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lipsync_engine import video
from tests.faults.scenario import Scenario, Skipped
from tests.faults.stamping import stamped
from tests.faults.trial import DONE, Trial

HONEST = frozenset({"failed", *DONE})


def _at_merge(
    name: str, harm: Callable[[Trial, str, int], None], may_end: frozenset[str] = DONE
) -> Scenario:
    """Harm one chunk while the merge begins, before it has read it: it is rendered again."""

    def play(trial: Trial) -> None:
        trial.house.arm("merge:begun:1:pause")
        accepted = trial.submit(1, may_end=may_end)[0]
        trial.strike_at("merge:begun.1")
        chunks = trial.house.records.chunk_keys(accepted.id)
        harm(trial, accepted.id, trial.rng.randrange(len(chunks)))
        trial.submit(1)

    return Scenario(name, play)


def _part_of(trial: Trial, job_id: str, index: int) -> str:
    """The key of a chunk's first part."""
    blob = trial.house.records.chunk_keys(job_id)[index]
    manifest = json.loads(str(trial.house.blob_server.client.get(f"lipchord:{blob}")))
    return f"lipchord:part:{manifest['parts'][0]}"


def _corrupt(trial: Trial, job_id: str, index: int) -> None:
    import redis

    raw = redis.Redis(port=trial.house.blob_server.port)
    key = _part_of(trial, job_id, index)
    whole = bytearray(raw.get(key) or b"")  # type: ignore[arg-type]
    whole[trial.rng.randrange(len(whole))] ^= 1 << trial.rng.randrange(8)
    raw.set(key, bytes(whole), keepttl=True)


def _remove_part(trial: Trial, job_id: str, index: int) -> None:
    trial.house.blob_server.client.delete(_part_of(trial, job_id, index))


def _remove_blob(trial: Trial, job_id: str, index: int) -> None:
    blob = trial.house.records.chunk_keys(job_id)[index]
    trial.house.blob_server.client.delete(f"lipchord:{blob}")


def _swap(n_frames_more: int, fps: int) -> Callable[[Trial, str, int], None]:
    """Another whole chunk under this one's index, with other facts."""

    def harm(trial: Trial, job_id: str, index: int) -> None:
        redis, name = trial.house.queue_server.client, f"lipchord:job:{job_id}:chunks"
        chunk = json.loads(str(redis.hget(name, str(index))))
        n_frames = chunk["n_frames"] + n_frames_more
        chunk["key"] = _stored_chunk(trial, n_frames, Fraction(fps))
        redis.hset(name, str(index), json.dumps(chunk))

    return harm


def _stored_chunk(trial: Trial, n_frames: int, fps: Fraction) -> str:
    frames = np.stack([stamped(trial.rng.getrandbits(32), i) for i in range(n_frames)])
    with TemporaryDirectory() as folder:
        path = Path(folder) / "chunk.mp4"
        video.encode_chunk(iter([frames]), path, fps)
        return trial.house.storage.put(io.BytesIO(path.read_bytes()), 3600).key


def _disk_full(trial: Trial) -> None:
    """No room for temporary files, for a while: the job waits or fails, and nothing is wrong."""
    if not trial.house.disk.small:
        raise Skipped("a small disk cannot be mounted here: run as root, with mounts allowed")
    trial.house.pace(0.01)
    trial.submit(trial.some(), may_end=HONEST)
    time.sleep(trial.rng.uniform(0, 0.5))
    trial.struck()
    trial.house.disk.fill()
    time.sleep(trial.rng.uniform(0.5, 2))
    trial.house.disk.free()
    trial.submit(1)


SCENARIOS = (
    _at_merge("chunk-with-a-flipped-bit", _corrupt),
    _at_merge("chunk-without-a-part", _remove_part),
    _at_merge("chunk-without-its-blob", _remove_blob),
    _at_merge("chunk-of-wrong-length", _swap(1, 10), HONEST),
    _at_merge("chunk-of-wrong-fps", _swap(0, 12), HONEST),
    Scenario("disk-full", _disk_full),
)
