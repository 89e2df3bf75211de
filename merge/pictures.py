"""Do the chunks' pictures decode? Looked at while the sound is encoded, before both are joined."""

import hashlib
from collections.abc import Sequence
from fractions import Fraction

import av

from merge.concat import ChunkFile, packets_of
from merge.errors import BadChunkError

# Damage shows while a picture's bits are read; smoothing the edges of its blocks afterwards
# finds none, and takes a quarter of the time.
READING = {"skip_loop_filter": "all"}


def decode(chunks: Sequence[ChunkFile], fps: Fraction) -> str:
    """Decode every picture of every chunk.

    Returns:
        The hex SHA-256 of all packets' bytes in order: an MP4 with this digest holds these
        pictures and no others.

    Raises:
        BadChunkError: a picture is damaged, or one is missing.
        WrongLengthError: see `merge.concat.packets_of`.
    """
    digest = hashlib.sha256()
    for index, chunk in enumerate(chunks):
        _decode_one(index, chunk, fps, digest)
    return digest.hexdigest()


def _decode_one(index: int, chunk: ChunkFile, fps: Fraction, digest: "hashlib._Hash") -> None:
    """Decode one chunk, and add its packets to `digest`.

    The decoder marks a frame that it had to guess at (error concealment is left
    on for that; `err_detect` found no more). A lone flipped byte can still decode
    as another picture: digests of the chunks exclude that, not this.
    """
    n_frames = 0
    context = None
    try:
        for packet in packets_of(index, chunk, fps):
            if context is None:
                context = packet.stream.codec_context
                context.thread_count, context.options = 1, READING
            digest.update(memoryview(packet))
            n_frames += _sound(index, n_frames, packet.decode())
        n_frames += _sound(index, n_frames, context.decode(None) if context else [])
    except av.FFmpegError as error:
        raise BadChunkError(
            index, f"does not decode after frame {n_frames} ({error}). Render this chunk again."
        ) from error
    if n_frames != chunk.n_frames:
        raise BadChunkError(
            index, f"decodes to {n_frames} of {chunk.n_frames} frames. Render this chunk again."
        )


def _sound(index: int, before: int, frames: Sequence[av.VideoFrame]) -> int:
    """How many frames these are. Raises BadChunkError: one of them is a guess."""
    for offset, frame in enumerate(frames):
        if frame.is_corrupt:
            raise BadChunkError(
                index, f"is damaged in its frame {before + offset}. Render this chunk again."
            )
    return len(frames)
