"""Proof: what a finished MP4 was found to hold. Standard library only."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Proof:
    """What was measured in a finished MP4, packet by packet, before its job had succeeded.

    Attributes:
        n_frames: pictures in it.
        fps: frames a second, as "25" or "30000/1001".
        width, height: pixels.
        picture_seconds, sound_seconds: lengths of its two tracks.
        codec, sound_codec: FFmpeg's names of them.
        sample_rate: of the sound, Hz.
        rendered: digest of all pictures as they were rendered, before they were encoded
            (`lipsync_engine.digest`): however a job is cut, it is the same. None: not known.
    """

    n_frames: int
    fps: str
    width: int
    height: int
    picture_seconds: float
    sound_seconds: float
    codec: str
    sound_codec: str
    sample_rate: int
    rendered: str | None = None
