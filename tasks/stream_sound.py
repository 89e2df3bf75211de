"""The video's AAC, made once per sound and length: streamed early, copied by the merge.

A cpu worker makes it when a job's chunks are on the queue, so that no render waits for it. It
is found by what it was made of: a job sent again, or a merge, takes the one that is there.
"""

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from merge import soundtrack
from merge.errors import TrackError
from tasks.blueprint import Plan
from tasks.errors import MissingBlobError
from tasks.settings import Settings
from tasks.storage import Storage, fetch

VERSION = 1  # of what `merge.soundtrack` makes


def sound_of_video(plan: Plan, storage: Storage, settings: Settings) -> str:
    """The blob key of the M4A; makes it where it is not there.

    Raises:
        MergeError: the sound cannot be read, or is not as long as the video.
        MissingBlobError: the track has expired.
        StoreError.
    """
    name = f"aac:{VERSION}:{plan.track}:{plan.n_frames}:{plan.fps}"
    key = storage.resolve(name)
    if key is None or not _there(storage, key):
        key = _make(plan, storage, settings)
    storage.link(name, key, settings.chunk_ttl_s)
    return key


def fetch_sound(plan: Plan, storage: Storage, settings: Settings, path: Path) -> Path:
    """The M4A at `path`, with the bytes of its key: one that is damaged is made once more.

    Raises:
        As `sound_of_video`.
    """
    for _ in range(2):
        key = sound_of_video(plan, storage, settings)
        try:
            fetch(storage, key, path)
        except MissingBlobError:
            storage.verify(key)  # forgets what is left of it
            continue
        with path.open("rb") as file:
            if f"blob_{hashlib.file_digest(file, 'sha256').hexdigest()}" == key:
                return path
        storage.verify(key)
    raise TrackError(
        "The video's sound came back damaged from the blob store, twice. Look at that store's "
        "memory and disk, then send the job again."
    )


def _there(storage: Storage, key: str) -> bool:
    try:
        storage.stat(key)
    except MissingBlobError:
        return False
    return True


def _make(plan: Plan, storage: Storage, settings: Settings) -> str:
    with TemporaryDirectory(prefix="sound-") as folder:
        track = fetch(storage, plan.track, Path(folder) / f"track{plan.track_suffix}")
        made = Path(folder) / "sound.m4a"
        soundtrack.write(track, made, plan.n_frames, plan.fps)
        with made.open("rb") as stream:
            return storage.put(stream, settings.chunk_ttl_s).key
