"""Is the finished MP4 what was asked for? Each of its packets is looked at before any viewer."""

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.video.stream import VideoStream

from merge.errors import VerifyError


@dataclass(frozen=True, slots=True)
class VideoFacts:
    """What was measured in a finished MP4.

    Attributes:
        fps: frames a second.
        duration_s: n_frames / fps, seconds.
        audio_duration_s: of the sound that is heard, seconds.
        size: bytes.
        codec, sound_codec: FFmpeg's names.
        sample_rate: of the sound, Hz.
    """

    n_frames: int
    width: int
    height: int
    fps: Fraction
    duration_s: float
    audio_duration_s: float
    size: int
    codec: str
    sound_codec: str
    sample_rate: int


def verify(path: Path, n_frames: int, fps: Fraction, pictures: str) -> VideoFacts:
    """Measure `path`, decode its sound, and compare its pictures with those that were decoded.

    Args:
        path: an MP4 with one video and one sound track.
        n_frames: that it must have.
        fps: that it must have.
        pictures: digest of its video packets, from `merge.pictures.decode`.

    Raises:
        VerifyError: with the figures that are wrong: frame count, a time stamp off the grid of
            1 / fps, other pictures, sound and picture that differ by a frame or more, damage, or
            an index (moov) behind the data.
    """
    _require_faststart(path)
    try:
        with av.open(str(path), "r", format="mp4", metadata_errors="replace") as container:
            return _measure(container, path, n_frames, fps, pictures)
    except av.FFmpegError as error:
        raise VerifyError(
            f"The merged video does not decode ({error}): its sound is damaged. Merge it again."
        ) from error


def _measure(
    container: InputContainer, path: Path, n_frames: int, fps: Fraction, pictures: str
) -> VideoFacts:
    video, audio = _streams(container)
    frames, samples, digest = _read(container, video, audio, fps)
    _require(frames == n_frames, f"it has {frames} frames instead of {n_frames}")
    _require(digest == pictures, "its pictures are not those of its chunks")
    picture_s, sound_s = _seconds(video), _seconds(audio)
    _require(
        picture_s == frames / fps,
        f"its index says {float(picture_s):.6f} s of video, its frames {float(frames / fps):.6f} s",
    )
    # The last packet may hold more than the edit list lets a player hear, never less.
    unheard = samples - sound_s * audio.sample_rate
    _require(
        0 <= unheard < max(audio.codec_context.frame_size, 1024),
        f"its index says {float(sound_s):.6f} s of sound, its packets hold {samples} samples at "
        f"{audio.sample_rate} Hz",
    )
    _require(
        abs(sound_s - picture_s) < 1 / fps,
        f"the sound lasts {float(sound_s):.6f} s and the video {float(picture_s):.6f} s: a frame "
        f"({float(1 / fps):.6f} s) or more apart",
    )
    return VideoFacts(
        n_frames=frames,
        width=video.width,
        height=video.height,
        fps=fps,
        duration_s=float(picture_s),
        audio_duration_s=float(sound_s),
        size=path.stat().st_size,
        codec=video.codec.name,
        sound_codec=audio.codec.name,
        sample_rate=audio.sample_rate,
    )


def _seconds(stream: VideoStream | AudioStream) -> Fraction:
    return (stream.duration or 0) * (stream.time_base or Fraction(0))


def _streams(container: InputContainer) -> tuple[VideoStream, AudioStream]:
    found = container.streams
    kinds = ", ".join(stream.type for stream in found)
    _require(
        len(found) == 2 and len(found.video) == 1 and len(found.audio) == 1,
        f"it holds {kinds or 'nothing'} instead of one video and one sound track",
    )
    return found.video[0], found.audio[0]


def _read(
    container: InputContainer, video: VideoStream, audio: AudioStream, fps: Fraction
) -> tuple[int, int, str]:
    """Frames, samples (of one channel, after priming), and the digest of the video's packets."""
    ticks = 1 / fps / (video.time_base or Fraction(1))
    frames = samples = 0
    digest = hashlib.sha256()
    for packet in container.demux(video, audio):
        if packet.stream is audio:
            heard = cast("list[av.AudioFrame]", packet.decode())
            samples += sum(frame.samples for frame in heard)
        elif packet.size:  # PyAV ends every stream with an empty packet
            _require(
                packet.pts == packet.dts == frames * ticks,
                f"its frame {frames} has time stamp {packet.pts} instead of {frames * ticks} "
                f"(times {video.time_base} s)",
            )
            digest.update(memoryview(packet))
            frames += 1
    return frames, samples, digest.hexdigest()


def _require_faststart(path: Path) -> None:
    """The index (box "moov") lies before the data (box "mdat"): ISO/IEC 14496-12, 4.2."""
    seen = []
    with path.open("rb") as file:
        while len(header := file.read(8)) == 8:
            size, kind = int.from_bytes(header[:4], "big"), header[4:]
            seen.append(kind)
            if kind in (b"moov", b"mdat") or size < 8:
                break
            file.seek(size - 8, 1)
    _require(seen[-1:] == [b"moov"], "its index (moov) does not come before its data (mdat)")


def _require(holds: bool, fact: str) -> None:
    if not holds:
        raise VerifyError(
            f"The merged video was refused: {fact}. Merge again; if it stays so, "
            "render the job again and report this text."
        )
