"""Rendered frames -> a video-only, closed-GOP H.264 chunk that joins others by stream copy."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain
from pathlib import Path

import av
import numpy as np
from av.container import InputContainer, OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream
from numpy.typing import NDArray

from lipsync_engine.digest import Digest, append_to
from lipsync_engine.errors import EncodeError, UnreadableMediaError
from lipsync_engine.planes import Bt709Planes

UInt8Array = NDArray[np.uint8]

KEYFRAME_SECONDS = 2  # at most between two keyframes: what a player decodes in vain when it seeks


@dataclass(frozen=True, slots=True)
class Encoder:
    """How frames become H.264; chunks of one job must share one encoder.

    Attributes:
        crf: x264's constant quality, 0 (lossless) .. 51; 20 shows no loss at arm's length.
        preset: x264's preset; "veryfast" keeps pace with two render workers per core.
        threads: encoder threads; one per pinned worker is quickest overall, and its
            bytes do not depend on the machine.
    """

    crf: int = 20
    preset: str = "veryfast"
    threads: int = 1

    def fingerprint(self) -> str:
        """Changes whenever the same frames would give other bytes; equal means joinable."""
        libavcodec = ".".join(map(str, av.library_versions["libavcodec"]))
        return (
            f"h264-2;crf={self.crf};preset={self.preset};threads={self.threads};"
            f"pyav={av.__version__};libavcodec={libavcodec};x264={_x264()}"
        )

    def options(self, fps: Fraction) -> dict[str, str]:
        """libx264's private options.

        No B-frames, so that decoding order is showing order and a join only
        adds to the time stamps. aq-mode 3 gives bits to dark areas: the mouth's
        inside and hair are what bands first in a talking photo.
        """
        keyint = max(1, int(KEYFRAME_SECONDS * fps))
        x264 = f"keyint={keyint}:open-gop=0:bframes=0:aq-mode=3:force-cfr=1:stitchable=1"
        return {"preset": self.preset, "crf": str(self.crf), "x264-params": x264}


@lru_cache(maxsize=1)
def _x264() -> str:
    """x264's own version, "164 r3095 baee400": a PyAV built here may hold any. It stands in the
    stream, in a message (SEI) that x264 puts before the first frame."""
    context = av.CodecContext.create("libx264", "w")
    context.width = context.height = 16
    context.pix_fmt, context.time_base = "yuv420p", Fraction(1, 25)
    packets = [*context.encode(av.VideoFrame(16, 16, "yuv420p")), *context.encode(None)]
    found = re.search(rb"x264 - core ([\w ]+)", b"".join(map(bytes, packets)))
    return found[1].decode().strip() if found else "unknown"


def _ignore(_frames: int) -> None:
    pass


def encode_chunk(
    frames: Iterable[UInt8Array],
    path: Path,
    fps: Fraction,
    encoder: Encoder = Encoder(),
    on_frames: Callable[[int], None] = _ignore,
) -> int:
    """Encode a chunk's frames into an MP4 with one video track: BT.709, limited range, yuv420p.

    Frame k has time stamp exactly k / fps and the first is an IDR frame, so
    chunks of one job join by stream copy. Odd sizes grow to even ones by
    repeating the edge. The same frames give the same bytes. Behind them stands the
    digest of the pictures as the encoder got them (`lipsync_engine.digest`).

    Args:
        frames: batches (b, H, W, 3) uint8 BGR in order; consumed as they come.
        path: the MP4 to write; removed again if anything fails.
        fps: frames a second.
        encoder: the same for every chunk of a job.
        on_frames: told after every batch how many frames it added.

    Returns:
        How many frames were encoded.

    Raises:
        EncodeError: no frames, frames of unlike sizes, or the encoder refused.
    """
    try:
        return _encode(_checked(frames), path, fps, encoder, on_frames)
    except (av.FFmpegError, OverflowError) as error:  # the latter: an fps of too many digits
        path.unlink(missing_ok=True)
        raise EncodeError(
            f"The H.264 encoder could not write {path.name} ({error}). Look whether the disk is "
            f"full and whether preset {encoder.preset!r} and crf {encoder.crf} exist in x264."
        ) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def count_frames(path: Path) -> int:
    """How many frames the video of an MP4 has, by its index.

    Raises:
        UnreadableMediaError: it is no video.
    """
    with _opened(path) as container:
        return container.streams.video[0].frames


def frame_rate(path: Path) -> Fraction:
    """Frames a second of an MP4's video, exact.

    Raises:
        UnreadableMediaError: it is no video.
    """
    with _opened(path) as container:
        return container.streams.video[0].average_rate or Fraction(0)


@contextmanager
def _opened(path: Path) -> Iterator[InputContainer]:
    try:
        with av.open(str(path), "r", format="mp4") as container:
            if not container.streams.video:
                raise UnreadableMediaError(f"{path.name} holds no video. Give a rendered chunk.")
            yield container
    except av.FFmpegError as error:
        raise UnreadableMediaError(
            f"{path.name} cannot be read as a video ({error}). Render this chunk again."
        ) from error


def _checked(batches: Iterable[UInt8Array]) -> Iterator[UInt8Array]:
    """The batches that hold frames, refused when they are no frames or change their size."""
    shape: tuple[int, ...] | None = None
    for batch in batches:
        if batch.dtype != np.uint8 or batch.ndim != 4 or batch.shape[3] != 3:
            raise EncodeError(
                f"A batch must be (b, H, W, 3) uint8 BGR, not {batch.shape} {batch.dtype}: "
                "the generator breaks its contract."
            )
        if shape is not None and batch.shape[1:] != shape:
            raise EncodeError(
                f"Frames of one chunk must have one size: {shape[1]}x{shape[0]} was followed by "
                f"{batch.shape[2]}x{batch.shape[1]}. The generator breaks its contract."
            )
        shape = batch.shape[1:]
        if len(batch):
            yield batch


def _encode(
    batches: Iterator[UInt8Array],
    path: Path,
    fps: Fraction,
    encoder: Encoder,
    on_frames: Callable[[int], None],
) -> int:
    first = next(batches, None)
    if first is None:
        raise EncodeError("A chunk needs at least one frame, and the generator gave none.")
    planes = Bt709Planes(*first.shape[1:3])
    done, digest = 0, Digest()
    # bitexact: no version strings in the file, so that its content hash is the frames' alone.
    with av.open(str(path), "w", format="mp4", options={"fflags": "+bitexact"}) as container:
        stream = _video_stream(container, planes, fps, encoder)
        for batch in chain([first], batches):
            for frame in batch:
                planes.update(frame)
                digest = digest.add(planes.i420)
                container.mux(stream.encode(_picture(planes, done, fps)))
                done += 1
            on_frames(len(batch))
        container.mux(stream.encode(None))
    append_to(path, digest)
    return done


def _video_stream(
    container: OutputContainer, planes: Bt709Planes, fps: Fraction, encoder: Encoder
) -> VideoStream:
    stream = container.add_stream("libx264", rate=fps, options=encoder.options(fps))
    context = stream.codec_context
    context.width, context.height, context.pix_fmt = planes.width, planes.height, "yuv420p"
    context.time_base = 1 / fps
    context.thread_count = encoder.threads
    _tag(context)
    return stream


def _picture(planes: Bt709Planes, number: int, fps: Fraction) -> av.VideoFrame:
    picture = av.VideoFrame.from_ndarray(planes.i420, format="yuv420p")
    picture.pts, picture.time_base = number, 1 / fps
    _tag(picture)
    return picture


def _tag(target: "av.VideoFrame | av.VideoCodecContext") -> None:
    """Say in the stream and in every frame which colours these numbers mean."""
    target.color_range = ColorRange.MPEG
    target.colorspace = Colorspace.ITU709
    target.color_primaries = ColorPrimaries.BT709
    target.color_trc = ColorTrc.BT709
