"""The third step of a job: its chunks and its sound track become the stored MP4."""

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from lipsync_engine import digest
from merge.concat import ChunkFile
from merge.mux import VideoFacts, merge_chunks
from tasks.blueprint import Plan
from tasks.contract import VideoInfo
from tasks.proof import Proof
from tasks.settings import Settings
from tasks.storage import Storage, fetch
from tasks.stream_sound import fetch_sound


def stitch(
    plan: Plan,
    chunk_keys: Sequence[str],
    storage: Storage,
    settings: Settings,
    go_on: Callable[[], None] = lambda: None,
) -> VideoInfo:
    """Join, mux, verify, store.

    Args:
        go_on: called between two steps; raises where there is no use in the next.

    Raises:
        MergeError: the chunks do not make the planned video.
        MissingBlobError: a chunk or the track has expired.
    """
    with TemporaryDirectory(prefix="merge-") as folder:
        workdir = Path(folder)
        chunks = [
            ChunkFile(
                path=fetch(storage, key, workdir / f"chunk-{chunk.index}.mp4"),
                n_frames=chunk.n_frames,
                sha256=key.removeprefix("blob_"),  # decoding alone misses some flipped bits
            )
            for key, chunk in zip(chunk_keys, plan.chunks, strict=True)
        ]
        sound = fetch_sound(plan, storage, settings, workdir / "sound.m4a")
        whole = workdir / "video.mp4"
        go_on()
        facts = merge_chunks(chunks, sound, whole, plan.fps)
        go_on()
        with whole.open("rb") as stream:
            blob = storage.put(stream, settings.result_ttl_s)
        proof = _proof(facts, _rendered(chunks))
    return VideoInfo(key=blob.key, size=blob.size, sha256=blob.sha256, proof=proof)


def _rendered(chunks: Sequence[ChunkFile]) -> digest.Digest | None:
    """Of all pictures as they were rendered; None where a chunk does not tell its own."""
    whole = digest.Digest()
    for chunk in chunks:
        part = digest.read_from(chunk.path)
        if part is None or part.n != chunk.n_frames:
            return None
        whole = whole.then(part)
    return whole


def _proof(facts: VideoFacts, rendered: digest.Digest | None) -> Proof:
    return Proof(
        n_frames=facts.n_frames,
        fps=str(facts.fps),
        width=facts.width,
        height=facts.height,
        picture_seconds=facts.duration_s,
        sound_seconds=facts.audio_duration_s,
        codec=facts.codec,
        sound_codec=facts.sound_codec,
        sample_rate=facts.sample_rate,
        rendered=None if rendered is None else str(rendered),
    )
