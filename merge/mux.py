"""Chunks and the whole sound track -> one verified MP4 that starts playing before it is loaded."""

from __future__ import annotations  # Packet[...] is generic in PyAV's stubs alone

import heapq
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from merge import pictures, sound
from merge.concat import ChunkFile, common_format, joined_packets, open_chunk
from merge.verify import VideoFacts, verify
from merge.writing import writing

__all__ = ["ChunkFile", "VideoFacts", "merge_chunks"]

if TYPE_CHECKING:
    AnyPacket = Packet[VideoStream] | Packet[AudioStream]


def merge_chunks(chunks: Sequence[ChunkFile], track: Path, out: Path, fps: Fraction) -> VideoFacts:
    """Join the chunks by stream copy, add the whole sound once, verify, then name it `out`.

    Args:
        chunks: in order; their frames tile the video.
        track: the whole sound, any file FFmpeg reads that is not hostile (WAV, FLAC, M4A);
            AAC-LC in M4A is copied, all else becomes AAC-LC at 48 kHz.
        out: the MP4 to write; replaced in one step if it exists, untouched on any error.
        fps: frames a second, the chunks' own.

    Returns:
        What was measured in the finished file.

    Raises:
        MissingChunkError, BadChunkError, UnlikeChunksError, WrongLengthError: see `merge.concat`.
        TrackError: the sound cannot be read, or is not as long as the video.
        WriteError: no room, or no right to write.
        VerifyError: the result is not what was asked for.
    """
    common_format(chunks, fps)
    n_frames = sum(chunk.n_frames for chunk in chunks)
    part = out.with_name(out.name + ".part")
    try:
        # Renderers are idle, or done, when a job is merged: a second core is free for this.
        with writing(out), ThreadPoolExecutor(1) as beside:
            decoded = beside.submit(pictures.decode, chunks, fps)
            _write(chunks, track, part, sound.Slot(duration=n_frames / fps, frame=1 / fps))
            facts = verify(part, n_frames, fps, decoded.result())
            part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    return facts


def _write(chunks: Sequence[ChunkFile], track: Path, part: Path, slot: sound.Slot) -> None:
    copy = sound.can_be_copied(track, slot)
    with sound.opened(track) as heard:
        stream = sound.open_track(heard)
        rate = stream.sample_rate if copy else sound.SAMPLE_RATE
        options = _mp4_options(rate, slot.frame)
        with av.open(str(part), "w", format="mp4", container_options=options) as out:
            video = _video_stream(out, chunks)
            add = sound.copied if copy else sound.encoded
            audio, audio_packets = add(out, heard, stream, slot)
            out.start_encoding()
            for packet in _interleaved(
                _of_video(video, joined_packets(chunks, 1 / slot.frame)),
                _of_audio(audio, audio_packets),
            ):
                out.mux_one(packet)


def _mp4_options(sample_rate: int, frame: Fraction) -> dict[str, str]:
    """The muxer's options.

    Edit lists are counted in the movie's time scale, by default 1/1000 s: too
    coarse for 1024 priming samples. The common multiple of both tracks' scales
    makes every length in the file exact; where it would not fit the field, the
    video's scale is fine enough.
    """
    video_scale = frame.denominator
    while video_scale < 10_000:  # as libavformat's movenc does, so that both divide
        video_scale *= 2
    common = math.lcm(sample_rate, video_scale)
    return {
        "movflags": "+faststart",
        "fflags": "+bitexact",
        "movie_timescale": str(common if common < 2**31 else video_scale),
        "video_track_timescale": str(video_scale),
    }


def _video_stream(out: OutputContainer, chunks: Sequence[ChunkFile]) -> VideoStream:
    container, stream = open_chunk(0, chunks[0])
    with container:
        return out.add_stream_from_template(stream)


def _interleaved(*runs: Iterator[AnyPacket]) -> Iterator[AnyPacket]:
    """All packets by time, so that the muxer holds none back and memory stays flat."""
    return heapq.merge(*runs, key=lambda packet: (packet.dts or 0) * packet.time_base)


def _of_video(stream: VideoStream, packets: Iterator[Packet[VideoStream]]) -> Iterator[AnyPacket]:
    for packet in packets:
        packet.stream = stream
        yield packet


def _of_audio(stream: AudioStream, packets: Iterator[Packet[AudioStream]]) -> Iterator[AnyPacket]:
    for packet in packets:
        packet.stream = stream
        yield packet
