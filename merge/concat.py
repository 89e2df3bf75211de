"""Chunk files -> one run of H.264 packets, by stream copy: no picture is encoded a second time."""

from __future__ import annotations  # Packet[...] is generic in PyAV's stubs alone

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from merge.errors import BadChunkError, MissingChunkError, UnlikeChunksError, WrongLengthError


@dataclass(frozen=True, slots=True)
class ChunkFile:
    """A video-only MP4 that starts with a keyframe.

    Attributes:
        n_frames: how many frames it must have.
        sha256: the hex digest its bytes must have; None: unchecked. Decoding finds most
            damage, the digest finds all.
    """

    path: Path
    n_frames: int
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ChunkFormat:
    """What all chunks of one video have in common.

    Attributes:
        extradata: the H.264 headers (SPS and PPS): equal ones decode each other's packets.
    """

    codec: str
    width: int
    height: int
    pixels: str
    fps: Fraction
    extradata: bytes


def common_format(chunks: Sequence[ChunkFile], fps: Fraction) -> ChunkFormat:
    """The format that all chunks share, read from their headers alone.

    Raises:
        MissingChunkError: there are no chunks, or one has no file or an empty one.
        BadChunkError: one is not a video-only H.264 file, or not the bytes of its digest.
        UnlikeChunksError: one differs from the first, or from `fps`.
        WrongLengthError: one's header counts other frames than `n_frames`.
    """
    if not chunks:
        raise MissingChunkError(0, "is missing: a video needs at least one chunk.")
    first: ChunkFormat | None = None
    for index, chunk in enumerate(chunks):
        found = _format_of(index, chunk)
        if first is None:
            first = found
        _refuse_unlike(index, found, first, fps)
    assert first is not None  # noqa: S101 - there is at least one chunk
    return first


def joined_packets(chunks: Sequence[ChunkFile], fps: Fraction) -> Iterator[Packet[VideoStream]]:
    """All chunks' packets in order; the k-th has time stamp k in time base 1 / fps.

    Raises:
        BadChunkError: a packet is damaged or lies off its chunk's frame grid.
        WrongLengthError: a chunk ran out of packets, or had too many.
    """
    first_frame = 0
    for index, chunk in enumerate(chunks):
        for offset, packet in enumerate(packets_of(index, chunk, fps)):
            packet.time_base = 1 / fps
            packet.pts = packet.dts = first_frame + offset
            packet.duration = 1
            yield packet
        first_frame += chunk.n_frames


def packets_of(index: int, chunk: ChunkFile, fps: Fraction) -> Iterator[Packet[VideoStream]]:
    """One chunk's packets as its file has them.

    Raises:
        MissingChunkError, BadChunkError: see `common_format`; or a packet is off the frame grid.
        WrongLengthError: it has too few packets, or too many.
    """
    container, stream = open_chunk(index, chunk)
    with container:
        ticks = 1 / fps / (stream.time_base or Fraction(1))
        count = 0
        try:
            for packet in container.demux(stream):
                if packet.size == 0:  # PyAV ends every stream with an empty packet
                    continue
                if packet.is_corrupt or packet.pts != count * ticks or packet.dts != packet.pts:
                    raise BadChunkError(
                        index,
                        f"is damaged: packet {count} of {chunk.path.name} has time stamp "
                        f"{packet.pts}, not {count * ticks}. Render this chunk again.",
                    )
                if count == 0 and not packet.is_keyframe:
                    raise BadChunkError(index, "does not start with a keyframe.")
                count += 1
                yield packet
        except av.FFmpegError as error:
            raise _damaged(index, chunk, error) from error
    if count != chunk.n_frames:
        raise _wrong_length(index, chunk, count)


def open_chunk(index: int, chunk: ChunkFile) -> tuple[InputContainer, VideoStream]:
    """The chunk's container, to be closed by the caller, and its one stream.

    Raises:
        MissingChunkError, BadChunkError: see `common_format`.
    """
    if not chunk.path.is_file() or chunk.path.stat().st_size == 0:
        raise MissingChunkError(
            index, f"is missing: {chunk.path.name} has no bytes. Render this chunk again."
        )
    _refuse_changed(index, chunk)
    try:
        container = av.open(str(chunk.path), "r", format="mp4", metadata_errors="replace")
    except av.FFmpegError as error:
        raise _damaged(index, chunk, error) from error
    contexts = [stream.codec_context for stream in container.streams]
    names = [context.name if context else "an unknown codec" for context in contexts]
    if names != ["h264"]:
        container.close()
        raise BadChunkError(
            index,
            f"must hold one H.264 stream and nothing else; {chunk.path.name} holds "
            f"{', '.join(names) or 'nothing'}.",
        )
    return container, container.streams.video[0]


def _format_of(index: int, chunk: ChunkFile) -> ChunkFormat:
    container, stream = open_chunk(index, chunk)
    with container:
        if stream.frames != chunk.n_frames:
            raise _wrong_length(index, chunk, stream.frames)
        context = stream.codec_context
        return ChunkFormat(
            codec=stream.codec.name,
            width=context.width,
            height=context.height,
            pixels=context.pix_fmt or "unknown pixels",
            fps=stream.average_rate or Fraction(0),
            extradata=bytes(context.extradata or b""),
        )


def _refuse_changed(index: int, chunk: ChunkFile) -> None:
    if chunk.sha256 is None:
        return
    with chunk.path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != chunk.sha256:
        raise BadChunkError(
            index,
            f"was changed after it was made: {chunk.path.name} has SHA-256 {found}, not "
            f"{chunk.sha256}. Render this chunk again.",
        )


def _refuse_unlike(index: int, found: ChunkFormat, first: ChunkFormat, fps: Fraction) -> None:
    if found.fps != fps:
        raise UnlikeChunksError(index, f"has {found.fps} frames a second instead of {fps}.")
    for what, mine, its in (
        ("size", f"{found.width}x{found.height}", f"{first.width}x{first.height}"),
        ("pixel format", found.pixels, first.pixels),
        ("H.264 header", found.extradata.hex(), first.extradata.hex()),
    ):
        if mine != its:
            raise UnlikeChunksError(
                index,
                f"differs from chunk 0 in its {what}: {mine} against {its}. All workers of a job "
                "must run the same release with the same encoder settings.",
            )


def _damaged(index: int, chunk: ChunkFile, error: Exception) -> BadChunkError:
    return BadChunkError(
        index, f"cannot be read: {chunk.path.name} is damaged ({error}). Render this chunk again."
    )


def _wrong_length(index: int, chunk: ChunkFile, found: int) -> WrongLengthError:
    return WrongLengthError(
        index, f"has {found} frames instead of {chunk.n_frames}. Render this chunk again."
    )
