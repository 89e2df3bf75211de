"""The parts of `benchmarks.gpu`, each in a process of its own: `python -m benchmarks.gpu_parts`.

The network is Wav2Lip's with random weights (speed does not depend on them), or `viseme`; the
face is the shipped avatar at the size that is asked for; the sound is noise.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.engine_parts import avatar_at
from benchmarks.gpu_overlap import beside, copied
from benchmarks.stopwatch import Stopwatch
from lipsync_engine import registry, video
from lipsync_engine.audio import AudioSlice, needed_samples
from lipsync_engine.face import Face
from lipsync_engine.look import Look
from lipsync_engine.timeline import FrameRange
from lipsync_engine.video import Encoder
from lipsync_engine.wav2lip import device_paste, network, painter, paste
from lipsync_engine.wav2lip.box import boxes
from lipsync_engine.wav2lip.generator import BATCH, PRECISIONS
from tests.wav2lip_weights import random_state

FPS = Fraction(25)
LOOK = Look(rest_in_silence=False)
Frames = NDArray[np.uint8]


@dataclass(frozen=True)
class Asked:
    """What a part is told.

    Attributes:
        frames: how many, rounded up to whole batches.
        size: (width, height) of the picture, pixels.
    """

    device: str
    generator: str
    frames: int
    size: tuple[int, int]

    @cached_property
    def face(self) -> Face:
        return avatar_at(*self.size)

    def render(self) -> Iterator[Frames]:
        """All frames, by the generator on the device."""
        made = registry.create(self.generator)
        made.setup()
        wanted = FrameRange(0, self.frames)
        first, stop = needed_samples(wanted, FPS, made.context.before, made.context.after)
        noise = np.random.default_rng(3).normal(0, 0.1, stop - first).astype(np.float32)
        heard = AudioSlice(noise, first)
        for _ in made.render(self.face, heard, FrameRange(0, BATCH), FPS, LOOK, _never):
            pass  # kernels are chosen and loaded
        _settle(self.device)
        return made.render(self.face, heard, wanted, FPS, LOOK, _never)


def worker(asked: Asked) -> dict[str, Any]:
    """One of several render workers: waits for a line on stdin, then renders and encodes."""
    drawn = asked.render()
    print("ready", flush=True)
    sys.stdin.readline()
    with TemporaryDirectory() as folder:
        began = time.time()
        done = video.encode_chunk(drawn, Path(folder) / "chunk.mp4", FPS)
        return {"frames": done, "began": began, "ended": time.time()}


def stages(asked: Asked) -> dict[str, Any]:
    """ms a frame of each stage, run with CUDA_LAUNCH_BLOCKING: they do not overlap."""
    watch = Stopwatch()
    drawn = asked.render()
    with TemporaryDirectory() as folder, watch.on(
        (painter.Painter, "draw", "network"), (painter.Painter, "frame", "paste and copy"),
    ):  # fmt: skip
        began = time.perf_counter()
        frames = list(drawn)
        whole = time.perf_counter() - began
        kept = time.perf_counter()
        video.encode_chunk(frames, Path(folder) / "chunk.mp4", FPS)
        encoded = time.perf_counter() - kept
    n = sum(map(len, frames))
    inner = {name: watch.seconds[name] for name in ("network", "paste and copy")
             if watch.seconds[name]}  # fmt: skip
    parts = {"drawing": whole, **inner, "encode": encoded}
    return {name: round(1e3 * seconds / n, 3) for name, seconds in parts.items()}


def precision(asked: Asked) -> dict[str, Any]:
    """Each precision's frames a second of the network, and how far its faces are from float32's."""
    state, found = random_state(), {}
    mel = torch.rand(BATCH, 1, 80, 16, generator=torch.Generator().manual_seed(1)) * 8 - 4
    reference: Frames | None = None
    with torch.inference_mode():
        for name, kind in PRECISIONS.items():
            made = network.Network(dict(state), torch.device(asked.device), kind)
            behind = made.backdrop(torch.rand(1, 6, 96, 96, generator=_seed(2)).to(asked.device))
            faces = made.draw(mel, behind).cpu().numpy()
            if reference is None:
                reference = faces
            off = np.abs(faces.astype(int) - reference)
            seconds = _seconds(lambda: made.draw(mel, behind), asked)  # noqa: B023
            found[name] = {
                "fps": round(asked.frames / seconds, 1),
                "largest_difference": int(off.max()),  # of 255
                "mean_difference": round(float(off.mean()), 4),
            }
    return found


def encoders(asked: Asked) -> dict[str, Any]:
    """Frames a second of x264 by threads, and of NVENC where there is one."""
    frames = [batch.copy() for batch in asked.render()]
    n, found = sum(map(len, frames)), dict[str, float | str]()
    with TemporaryDirectory() as folder:
        for threads in (1, 2, 4, 8):
            began = time.perf_counter()
            video.encode_chunk(frames, Path(folder) / "chunk.mp4", FPS, Encoder(threads=threads))
            found[f"x264, {threads} threads"] = round(n / (time.perf_counter() - began), 1)
    try:
        found["NVENC"] = round(n / _nvenc(frames, asked.size), 1)
    except (av.FFmpegError, ValueError) as error:
        found["NVENC"] = f"none here ({error})"
    return found


def overlap(asked: Asked) -> dict[str, Any]:
    """Frames a second of draw, paste, copy, encode: one after the other, and side by side."""
    device = torch.device(asked.device)
    made = network.Network(dict(random_state()), device, torch.float32)
    face = asked.face
    plate = paste.plate(face.image(0), boxes(face.landmarks, *face.size)[0], "feathered")
    mel, rests = torch.rand(BATCH, 1, 80, 16) * 8 - 4, torch.zeros(BATCH)
    behind = made.backdrop(torch.rand(1, 6, 96, 96).to(device))
    batches = -(-asked.frames // BATCH)

    def rois() -> Iterator[torch.Tensor]:
        """(B, h, w, 3) uint8, on the device."""
        for _ in range(batches):
            with torch.inference_mode():
                yield device_paste.pasted(made.draw(mel, behind), rests, plate)

    def whole(roi: Frames) -> Frames:
        frames = np.repeat(plate.image[None], len(roi), axis=0)
        for frame, part in zip(frames, roi, strict=True):
            paste.inside(frame, plate.box)[:] = part
        return frames

    ways: dict[str, Callable[[], Iterator[Frames]]] = {
        "one after the other": lambda: (whole(roi.cpu().numpy()) for roi in rois()),
        "copy by pinned memory and a stream of its own": lambda: map(whole, copied(rois())),
        "and drawing beside encoding": lambda: beside(map(whole, copied(rois()))),
    }
    found = {}
    with TemporaryDirectory() as folder:
        for name, way in ways.items():
            list(zip(range(2), way(), strict=False))  # warm
            _settle(asked.device)
            began = time.perf_counter()
            n = video.encode_chunk(way(), Path(folder) / "chunk.mp4", FPS)
            found[name] = round(n / (time.perf_counter() - began), 1)
    return found


def _nvenc(frames: list[Frames], size: tuple[int, int]) -> float:
    """Seconds that NVENC takes for the frames. Raises FFmpegError: there is none."""
    context = av.CodecContext.create("h264_nvenc", "w")
    context.width, context.height = size
    context.pix_fmt, context.time_base, context.framerate = "yuv420p", 1 / FPS, FPS
    context.open()
    began = time.perf_counter()
    for batch in frames:
        for picture in batch:
            shown = av.VideoFrame.from_ndarray(picture, format="bgr24")
            context.encode(shown.reformat(format="yuv420p"))
    context.encode(None)
    return time.perf_counter() - began


def _seconds(draw: Callable[[], object], asked: Asked) -> float:
    """For all frames, batch by batch, after two that do not count."""
    for _ in range(2):
        draw()
    _settle(asked.device)
    began = time.perf_counter()
    for _ in range(-(-asked.frames // BATCH)):
        draw()
    _settle(asked.device)
    return time.perf_counter() - began


def _settle(device: str) -> None:
    if device.startswith("cuda"):
        torch.cuda.synchronize()


def _seed(number: int) -> torch.Generator:
    return torch.Generator().manual_seed(number)


def _never() -> bool:
    return False


PARTS: dict[str, Callable[[Asked], dict[str, Any]]] = {
    "worker": worker, "stages": stages, "precision": precision, "encoders": encoders,
    "overlap": overlap,
}  # fmt: skip


if __name__ == "__main__":
    told = json.loads(sys.argv[2])
    print(json.dumps(PARTS[sys.argv[1]](Asked(**told | {"size": tuple(told["size"])}))), flush=True)
    sys.stdout.flush()
    os._exit(0)  # a thread of `beside` may still wait
