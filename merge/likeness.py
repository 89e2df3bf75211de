"""How alike are two finished videos? Both are decoded side by side, a frame of each at a time."""

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray

from merge.errors import UnlikeVideosError

PEAK = 255  # of an 8 bit value


@dataclass(frozen=True, slots=True)
class Likeness:
    """What was found, of the first and the second video.

    Attributes:
        n_frames: decoded.
        n_different: frames that differ in any value, or that one of them has not.
        max_difference: the largest of one value, 0..255, over all planes (Y, U, V).
        first_different, most_different: frame numbers; None where none differs.
        psnr_db: over all values of all frames that both have; None where none differs.
        sound_equal: whether both sound tracks are the same packets.
        n_samples: of the sound, of one channel.
    """

    n_frames: tuple[int, int]
    n_different: int
    max_difference: int
    first_different: int | None
    most_different: int | None
    psnr_db: float | None
    sound_equal: bool
    n_samples: tuple[int, int]


def likeness(one: Path, other: Path, on_frame: Callable[[], None] = lambda: None) -> Likeness:
    """Decode both and compare.

    Args:
        one, other: MP4s with one video (8 bit 4:2:0) and one sound track.
        on_frame: called after each frame; raises where there is no use in going on.

    Raises:
        UnlikeVideosError: they have other sizes, or one does not decode.
    """
    try:
        found = _Differences()
        for pictures in zip_longest(_pictures(one), _pictures(other)):
            found.add(*pictures)
            on_frame()
        sounds = _sound(one), _sound(other)
    except av.FFmpegError as error:
        raise UnlikeVideosError(
            f"A video does not decode ({error}), so they cannot be compared. Send the job again."
        ) from error
    return Likeness(
        n_frames=(found.counts[0], found.counts[1]),
        n_different=found.n_different,
        max_difference=found.largest,
        first_different=found.first,
        most_different=found.most,
        psnr_db=found.psnr_db,
        sound_equal=sounds[0] == sounds[1],
        n_samples=(sounds[0][1], sounds[1][1]),
    )


class _Differences:
    """Sums over frames, so that memory does not grow with a video's length."""

    def __init__(self) -> None:
        self.counts = [0, 0]
        self.n_different = self.largest = 0
        self.first: int | None = None
        self.most: int | None = None
        self._squares = self._values = self._most_squares = 0

    @property
    def psnr_db(self) -> float | None:
        """Peak signal to noise ratio; None without any noise."""
        if not self._squares:
            return None
        return round(10 * math.log10(PEAK**2 * self._values / self._squares), 2)

    def add(self, one: NDArray[np.uint8] | None, other: NDArray[np.uint8] | None) -> None:
        """The next frame of each, (values,); None: it has no more."""
        frame = max(self.counts)
        self.counts[0] += one is not None
        self.counts[1] += other is not None
        if one is None or other is None:
            self._differs(frame, self._most_squares)
            return
        if one.shape != other.shape:
            raise UnlikeVideosError(
                "The two videos have pictures of other sizes, so they cannot be compared."
            )
        self._values += one.size
        gaps = np.maximum(one, other) - np.minimum(one, other)
        counts = np.bincount(gaps, minlength=PEAK + 1)  # exact sums, from a histogram
        squares = int((counts * np.arange(PEAK + 1) ** 2).sum())
        if squares:
            self.largest = max(self.largest, int(np.flatnonzero(counts)[-1]))
            self._squares += squares
            self._differs(frame, squares)

    def _differs(self, frame: int, squares: int) -> None:
        self.n_different += 1
        self.first = frame if self.first is None else self.first
        if self.most is None or squares > self._most_squares:
            self.most, self._most_squares = frame, squares


def _pictures(path: Path) -> Iterator[NDArray[np.uint8]]:
    """Each frame's Y, U and V, (values,)."""
    with av.open(str(path), "r", format="mp4", metadata_errors="replace") as container:
        if not container.streams.video:
            raise UnlikeVideosError(f"{path.name} holds no pictures. Send the job again.")
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            yield cast("NDArray[np.uint8]", frame.to_ndarray(format="yuv420p")).reshape(-1)


def _sound(path: Path) -> tuple[str, int]:
    """(hex SHA-256 of the sound's packets, samples of one channel)."""
    digest, samples = hashlib.sha256(), 0
    with av.open(str(path), "r", format="mp4", metadata_errors="replace") as container:
        for packet in container.demux(container.streams.audio[0]):
            digest.update(memoryview(packet) if packet.size else b"")
            samples += sum(frame.samples for frame in packet.decode())
    return digest.hexdigest(), samples
