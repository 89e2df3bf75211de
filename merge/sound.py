"""The whole sound track -> AAC packets, once: copied where it is AAC already, else encoded.

AAC is never cut into chunks: every encoder run starts with priming samples,
and a join of two runs clicks.
"""

from __future__ import annotations  # Packet[...] is generic in PyAV's stubs alone

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from numpy.typing import NDArray

from merge.errors import TrackError

FloatArray = NDArray[np.float32]

# Hz. Speech at 22 050 Hz is legal AAC, but some televisions and social networks
# refuse it; 48 000 is every player's own rate, and whole frames at 24, 25, 30, 50 and 60.
SAMPLE_RATE = 48_000
# Of FFmpeg's AAC encoder: half the time of its default, and on our speech nearer to the original
# (43 dB against 31 dB of signal to noise at the same size).
CODER = "fast"
BIT_RATES = {"mono": 128_000, "stereo": 160_000}  # bits a second
BLOCK = 1024  # samples of one AAC-LC packet (ISO/IEC 14496-3, 4.5.1.1)

# A foreign codec's own padding (MP3: 1105 samples and more, Opus: 80 ms) is
# counted by some readers and not by others; more than this is another sound.
TOLERANCE = Fraction(1, 10)  # s, beyond one frame


@dataclass(frozen=True, slots=True)
class Slot:
    """The time that the sound must fill.

    Attributes:
        duration: of the video, seconds, exact.
        frame: of one video frame, seconds, exact.
    """

    duration: Fraction
    frame: Fraction

    def refuse_unfit(self, sound: Fraction) -> None:
        """Raise TrackError where `sound` seconds cannot be rounding of the video's length."""
        if abs(sound - self.duration) > self.frame + TOLERANCE:
            raise TrackError(
                f"The sound is {float(sound):.3f} s long, the video {float(self.duration):.3f} s: "
                "they belong to different jobs, or frames are missing. Merge the track that the "
                "frames were made from."
            )


def opened(track: Path) -> InputContainer:
    """The track's file, to be closed by the caller.

    Raises:
        TrackError: it is missing, or FFmpeg cannot read it.
    """
    if not track.is_file():
        raise TrackError(f"The sound track {track.name} is missing. Give a WAV, FLAC or M4A file.")
    try:
        return av.open(str(track), "r", metadata_errors="replace")
    except av.FFmpegError as error:
        raise TrackError(
            f"The sound track {track.name} cannot be read ({error}). Give a WAV, FLAC or M4A file."
        ) from error


def open_track(track: InputContainer) -> AudioStream:
    """The track's sound stream.

    Raises:
        TrackError: it has none.
    """
    if not track.streams.audio:
        raise TrackError("The sound track holds no sound. Give a WAV, FLAC or M4A file.")
    return track.streams.audio[0]


def can_be_copied(track: Path, slot: Slot) -> bool:
    """Whether the file's packets can be the video's sound as they are.

    A container of its own: seeking back to 0 would lose the priming packet, which lies before it.

    Raises:
        TrackError: it cannot be read, or is far longer or shorter than the video.
    """
    with opened(track) as heard:
        return is_copyable(heard, open_track(heard), slot)


def is_copyable(track: InputContainer, stream: AudioStream, slot: Slot) -> bool:
    """Whether the packets are gapless AAC-LC that reaches the last video frame; reads them all.

    Raises:
        TrackError: the sound is far longer or shorter than the video.
    """
    if stream.codec.name != "aac" or stream.profile != "LC" or not stream.codec_context.extradata:
        return False
    base = stream.time_base or Fraction(0)
    expected: int | None = None
    for packet in _packets(track, stream):
        if packet.pts is None or packet.duration is None or packet.duration > BLOCK:
            return False  # MP4 hides a gap in the duration of the packet before it
        gapless = packet.pts <= 0 if expected is None else packet.pts == expected
        if not gapless:
            return False
        expected = packet.pts + packet.duration
    end = (expected or 0) * base
    slot.refuse_unfit(end)
    return end > slot.duration - slot.frame


def copied(
    out: OutputContainer, track: InputContainer, stream: AudioStream, slot: Slot
) -> tuple[AudioStream, Iterator[Packet[AudioStream]]]:
    """A stream of `out` and its packets, byte for byte the track's; none starts after the video."""
    return out.add_stream_from_template(stream), _copied_packets(track, stream, slot)


def encoded(
    out: OutputContainer, track: InputContainer, stream: AudioStream, slot: Slot
) -> tuple[AudioStream, Iterator[Packet[AudioStream]]]:
    """A stream of `out` and its packets: AAC-LC of exactly the video's length.

    Silence is added, or the rest left away, where the frame count was rounded.
    """
    layout = "mono" if stream.codec_context.channels == 1 else "stereo"
    made = out.add_stream("aac", rate=SAMPLE_RATE)
    made.codec_context.layout = layout
    made.codec_context.bit_rate = BIT_RATES[layout]
    made.codec_context.options = {"aac_coder": CODER}
    return made, _encoded_packets(made, _samples(track, stream, layout), layout, slot)


def _copied_packets(
    track: InputContainer, stream: AudioStream, slot: Slot
) -> Iterator[Packet[AudioStream]]:
    stop = int(slot.duration / (stream.time_base or Fraction(1)))
    for packet in _packets(track, stream):
        if packet.pts is None or packet.duration is None or packet.pts >= stop:
            return  # `is_copyable` has seen that every packet has its times
        # The last packet says how much of it is heard; its bytes stay whole.
        packet.duration = min(packet.duration, stop - packet.pts)
        yield packet


def _packets(track: InputContainer, stream: AudioStream) -> Iterator[Packet[AudioStream]]:
    with _damage_named():
        for packet in track.demux(stream):
            if packet.size:  # PyAV ends every stream with an empty packet
                yield packet


def _samples(track: InputContainer, stream: AudioStream, layout: str) -> Iterator[FloatArray]:
    """The track's sound in pieces (channels, n) float32 at SAMPLE_RATE."""
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=SAMPLE_RATE)
    with _damage_named():
        for frame in chain(track.decode(stream), [None]):
            for piece in resampler.resample(frame):
                yield piece.to_ndarray().astype(np.float32, copy=False)


@contextmanager
def _damage_named() -> Iterator[None]:
    """FFmpeg's complaint about the track as a TrackError."""
    try:
        yield
    except av.FFmpegError as error:
        raise TrackError(
            f"The sound track is damaged ({error}). Give the file once more, best as WAV or FLAC."
        ) from error


def _encoded_packets(
    made: AudioStream, pieces: Iterator[FloatArray], layout: str, slot: Slot
) -> Iterator[Packet[AudioStream]]:
    position = 0
    for block in _blocks(pieces, 1 if layout == "mono" else 2, slot):
        frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
        frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        frame.pts = position
        position += block.shape[1]
        yield from made.encode(frame)
    yield from made.encode(None)


def _blocks(pieces: Iterator[FloatArray], channels: int, slot: Slot) -> Iterator[FloatArray]:
    """Blocks (channels, BLOCK), the last one shorter, that last exactly as long as the video."""
    left = round(slot.duration * SAMPLE_RATE)
    heard = 0
    held = np.zeros((channels, 0), np.float32)
    for piece in pieces:
        heard += piece.shape[1]
        held = np.concatenate([held, piece], axis=1)
        while held.shape[1] >= BLOCK and left > 0:
            n = min(BLOCK, left)
            yield held[:, :n].copy()
            held, left = held[:, BLOCK:], left - n
        if left <= 0:
            held = held[:, :0]
    slot.refuse_unfit(Fraction(heard, SAMPLE_RATE))
    held = np.pad(held[:, :left], ((0, 0), (0, max(0, left - held.shape[1]))))
    for start in range(0, left, BLOCK):
        yield held[:, start : start + BLOCK].copy()
