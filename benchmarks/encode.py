"""How fast frames become a chunk and chunks a video, on one core: `python benchmarks/encode.py`.

The picture is a photo with skin-like texture and a mouth that moves, as the
generator makes them. Every figure is the median of three runs on one pinned
core; "swscale" is the same encoder fed through FFmpeg's own conversion.
"""

import os
import statistics
import tempfile
import time
import wave
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from lipsync_engine.planes import Bt709Planes
from lipsync_engine.video import Encoder, encode_chunk
from merge import pictures
from merge.mux import ChunkFile, merge_chunks

FPS = Fraction(25)
N_FRAMES = 150
BATCH = 15
SIZES = (512, 768, 1280)  # pixels, square


def talking_photo(size: int) -> NDArray[np.uint8]:
    """(N_FRAMES, size, size, 3) uint8 BGR: a still photo, a mouth of a quarter of its width."""
    rng = np.random.default_rng(0)
    photo = np.full((size, size, 3), 125, np.float32)
    for cells, strength in ((8, 90), (32, 50), (128, 22), (size, 6)):
        noise = rng.random((cells, cells, 3), dtype=np.float32) - 0.5
        photo += strength * cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
    frames = np.repeat(np.clip(photo, 0, 255).astype(np.uint8)[None], N_FRAMES, axis=0)
    for number, frame in enumerate(frames):
        gape = 1 + int(size / 24 * abs(np.sin(number * 0.9) + np.sin(number * 0.31)) / 2)
        lips = (size // 2, size * 3 // 4), (size // 8, gape)
        cv2.ellipse(frame, *lips, 0, 0, 360, (90, 80, 170), size // 60, cv2.LINE_AA)
        cv2.ellipse(frame, *lips, 0, 0, 360, (30, 20, 40), -1, cv2.LINE_AA)
    return frames


def moving_everywhere(frames: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same, shifted sideways from frame to frame, as in a face video."""
    return np.stack([np.roll(frame, k % 7 - 3, axis=1) for k, frame in enumerate(frames)])


def per_second(work: Callable[[], object], n: int = N_FRAMES) -> float:
    """`n` over the median seconds of three runs."""
    taken = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return n / statistics.median(taken)


def convert_by_planes(frames: NDArray[np.uint8]) -> None:
    planes = Bt709Planes(*frames.shape[1:3])
    for frame in frames:
        planes.update(frame)
        av.VideoFrame.from_ndarray(planes.i420, format="yuv420p")


def convert_by_swscale(frames: NDArray[np.uint8]) -> None:
    """(n, H, W, 3) BGR to planes by FFmpeg's own scaler; the planes are thrown away."""
    reformatter = VideoReformatter()
    for frame in frames:
        reformatter.reformat(
            av.VideoFrame.from_ndarray(frame, format="bgr24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )


def bench_size(size: int, folder: Path) -> None:
    """Print frames a second of each conversion and preset, for pictures `size` pixels wide."""
    photo = talking_photo(size)
    video = moving_everywhere(photo)
    path = folder / "chunk.mp4"
    print(f"\n{size} x {size}, {N_FRAMES} frames: frames a second")
    for name, frames in (("talking photo", photo), ("all moving", video)):
        print(
            f"  convert {name:14} planes  {per_second(lambda f=frames: convert_by_planes(f)):7.0f}"
        )
        print(
            f"  convert {name:14} swscale {per_second(lambda f=frames: convert_by_swscale(f)):7.0f}"
        )
    for preset in ("ultrafast", "veryfast", "faster", "medium"):
        for name, frames in (("talking photo", photo), ("all moving", video)):
            batches = np.split(frames, N_FRAMES // BATCH)
            speed = per_second(
                lambda b=batches, p=preset: encode_chunk(b, path, FPS, Encoder(preset=p))
            )
            size_kb = path.stat().st_size / 1000
            print(f"  encode  {name:14} {preset:9} {speed:5.0f}   {size_kb:6.0f} kB")


def bench_merge(size: int, folder: Path, repeats: int = 20) -> None:
    """3000 frames in 20 chunks under two minutes of sound."""
    frames, path, track = talking_photo(size), folder / "chunk.mp4", folder / "track.wav"
    encode_chunk([frames], path, FPS)
    n = N_FRAMES * repeats
    with wave.open(str(track), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        noise = np.random.default_rng(0).normal(0, 3000, int(n / FPS * 22_050))
        file.writeframes(noise.astype("<i2").tobytes())
    chunks = [ChunkFile(path, N_FRAMES)] * repeats
    out = folder / "out.mp4"
    merging = n / per_second(lambda: merge_chunks(chunks, track, out, FPS), n)
    decoding = n / per_second(lambda: pictures.decode(chunks, FPS), n)
    print(f"\n{size} x {size}, {n} frames in {repeats} chunks, {float(n / FPS):.0f} s of sound")
    print(
        f"  merge {merging:5.2f} s; decoding all pictures, which it does beside, {decoding:5.2f} s"
    )


def main() -> None:
    """Print all figures."""
    cv2.setNumThreads(1)
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with tempfile.TemporaryDirectory(prefix="bench-encode-") as folder:
        for size in SIZES:
            bench_size(size, Path(folder))
        bench_merge(768, Path(folder))


if __name__ == "__main__":
    main()
