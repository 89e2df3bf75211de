"""Plan: what rendering and merging need to know of a job, and how its record keeps it."""

import json
from dataclasses import asdict, dataclass
from fractions import Fraction

from lipsync_engine.timeline import SAMPLE_RATE
from tasks.contract import JobRequest


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of consecutive video frames that one worker renders alone.

    Lengths are counted in frames, never in seconds: chunks then tile a job
    exactly, and no rounding error can open a seam.
    """

    index: int
    first_frame: int
    n_frames: int
    key: str | None = None  # of the blob that an earlier job rendered: nothing is left to do


@dataclass(frozen=True, slots=True)
class Plan:
    """All that rendering and merging need to know; the rest lies in blobs.

    Attributes:
        fps: frames a second.
        n_frames: of the whole video, round(duration * fps).
        n_samples: of the canonical sound (16 kHz).
        chunks: they tile 0..n_frames.
        pcm: blob key of the canonical sound, s16le mono 16 kHz.
        track: blob key of the sound track that the video gets.
        track_suffix: of the track's file name, ".wav", ".m4a" or ".flac".
        face: blob key of a `lipsync_engine.face.Face`.
        warnings: what the user should know about sound and face.
        captions: blob key of what is shown when (`tasks.captions`); None: nobody's text is spoken.
        fingerprint: of the render workers that may render it (`tasks.versions`). None: none were
            there when the job was planned, and the first that comes decides.
    """

    request: JobRequest
    fps: Fraction
    n_frames: int
    n_samples: int
    chunks: tuple[Chunk, ...]
    pcm: str
    track: str
    track_suffix: str
    face: str
    warnings: tuple[str, ...] = ()
    fingerprint: str | None = None
    captions: str | None = None

    @property
    def to_render(self) -> tuple[int, ...]:
        """Indices of the chunks that are not there yet."""
        return tuple(chunk.index for chunk in self.chunks if chunk.key is None)

    @property
    def speech_seconds(self) -> float:
        """Length of the sound."""
        return self.n_samples / SAMPLE_RATE

    def to_json(self) -> str:
        """As the job's record keeps it, which has the chunks elsewhere."""
        return json.dumps(asdict(self) | {"fps": str(self.fps)})

    @classmethod
    def from_json(cls, text: str) -> "Plan":
        """Read what `to_json` wrote."""
        facts = json.loads(text)
        facts["request"] = JobRequest(**facts["request"])
        facts["fps"] = Fraction(facts["fps"])
        facts["chunks"] = tuple(Chunk(**chunk) for chunk in facts["chunks"])
        facts["warnings"] = tuple(facts["warnings"])
        return cls(**facts)
