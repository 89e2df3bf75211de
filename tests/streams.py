"""A job with real chunks and a real sound in real stores, and players that open its stream."""

import subprocess
import threading
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from independent_reader import FFMPEG
from stamped import stamps
from werkzeug.serving import make_server

from lipsync_engine.script import Line, Script
from lipsync_engine.video import encode_chunk
from tasks import captions
from tasks.blueprint import Chunk, Plan
from tasks.contract import VideoInfo
from tasks.holds import Kind
from tasks.stitch import stitch
from tasks.stream_sound import sound_of_video
from tests.api_house import House

FPS = Fraction(25)
SAID = (
    Line("First sentence is said.", 0, 1500, ((0, 0),), 1000),
    Line("Second & last of them.", 1500, 6000, ((0, 1500),), 1000),
)


@dataclass
class Film:
    """A planned job whose chunks wait to be brought in, in any order."""

    house: House
    job_id: str
    plan: Plan
    keys: list[str]

    def bring(self, *indices: int) -> None:
        """Commit these chunks."""
        for index in indices:
            claim = self.house.records.claim(self.job_id, index, f"render{index}")
            self.house.holds.hold(self.job_id, [self.keys[index]], Kind.CHUNK)
            n_frames = self.plan.chunks[index].n_frames
            self.house.records.commit(self.job_id, index, claim.fence, self.keys[index], n_frames)

    def sound(self) -> None:
        """Make the sound, and say so."""
        key = sound_of_video(self.plan, self.house.storage, self.house.settings)
        self.house.holds.hold(self.job_id, [key], Kind.CHUNK)
        self.house.records.note_sound(self.job_id, key)

    def merge(self) -> VideoInfo:
        """Bring the job to its end."""
        fence = self.house.records.begin_merge(self.job_id, len(self.keys))
        assert fence is not None
        video = stitch(self.plan, self.keys, self.house.storage, self.house.settings)
        assert self.house.records.finish(self.job_id, fence, video)
        return video


def film(
    house: House, folder: Path, *lengths: int, fps: Fraction = FPS, said: Script = SAID
) -> Film:
    """A job of stamped frames in chunks of these lengths; none is in yet."""
    job_id, starts = house.accepted(), [sum(lengths[:i]) for i in range(len(lengths))]
    n_frames = sum(lengths)
    plan = Plan(
        captions=captions.keep(said, n_frames / fps, house.storage, house.settings),
        request=house.queue.job(job_id).request, fps=fps, n_frames=n_frames,
        n_samples=int(n_frames / fps * 16_000), pcm="blob_p", face="blob_f",
        chunks=tuple(Chunk(i, a, n) for i, (a, n) in enumerate(zip(starts, lengths, strict=True))),
        track=house.storage.put(_noise(folder / "track.wav", n_frames / fps), 600).key,
        track_suffix=".wav",
    )  # fmt: skip
    house.records.begin_plan(job_id)
    house.records.set_plan(job_id, plan)
    house.records.mark_chord(job_id)
    return Film(house, job_id, plan, list(_chunks(house, folder, starts, lengths, fps)))


def _chunks(
    house: House, folder: Path, starts: Sequence[int], lengths: Sequence[int], fps: Fraction
) -> Iterator[str]:
    for first, n_frames in zip(starts, lengths, strict=True):
        path = folder / "chunk.mp4"
        encode_chunk([stamps(range(first, first + n_frames), 36, 48)], path, fps)
        yield house.storage.put(path.read_bytes(), 600).key


def _noise(path: Path, seconds: Fraction) -> bytes:
    n_samples = round(seconds * 22_050)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(22_050)
        pcm = np.random.default_rng(0).integers(-9000, 9000, n_samples)
        file.writeframes(pcm.astype("<i2").tobytes())
    return path.read_bytes()


@contextmanager
def serving(house: House) -> Iterator[str]:
    """The API on a real port of loopback; its URL."""
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def player(url: str, kind: str) -> "subprocess.Popen[bytes]":
    """Another FFmpeg that plays a stream from its beginning to its end: times and hashes."""
    argv = (
        FFMPEG, "-hide_banner", "-nostdin", "-v", "error", "-copyts", "-live_start_index", "0",
        "-i", url, "-map", f"0:{kind}", "-fps_mode", "passthrough", "-enc_time_base", "demux",
        "-f", "framemd5", "-",
    )  # fmt: skip
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def played(child: "subprocess.Popen[bytes]", timeout_s: float = 60) -> list[tuple[Fraction, int]]:
    """(time, length) of what it decoded: seconds, and ticks of the stream; it never complained."""
    report, complaints = child.communicate(timeout=timeout_s)
    assert (child.returncode, complaints) == (0, b""), complaints.decode()
    base, found = Fraction(0), []
    for line in report.decode().splitlines():
        if line.startswith("#tb 0: "):
            base = Fraction(line.removeprefix("#tb 0: "))
        elif not line.startswith("#"):
            cells = [cell.strip() for cell in line.split(",")]
            found.append((int(cells[2]) * base, int(cells[3])))
    return found
