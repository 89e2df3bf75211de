"""How much of an upload is looked at, and what looking at it may cost."""

from dataclasses import dataclass

from lipsync_engine.sandbox import ChildLimits


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may be, and what the child process that reads it may use.

    Attributes:
        min_audio_s, max_audio_s: length of a speech, seconds.
        max_video_s: of a face video, seconds; the rest is not used.
        min_image_side: of a picture or a video, pixels.
        max_image_pixels: of a picture, width × height.
        max_video_pixels: of a video, width × height; 4096 × 2304 lets every 4K through.
        photo_side, video_side: the longest side afterwards, pixels; larger ones are scaled down.
        timeout_s: of one child process, seconds.
        memory_bytes: address space of one child process.
    """

    min_audio_s: float = 0.3
    max_audio_s: float = 3600
    max_video_s: float = 20
    min_image_side: int = 64
    max_image_pixels: int = 64_000_000
    max_video_pixels: int = 4096 * 2304
    photo_side: int = 2048
    video_side: int = 1280
    timeout_s: float = 120
    memory_bytes: int = 2 * 2**30

    def child(self, file_bytes: int) -> ChildLimits:
        """Of a child process none of whose files may grow beyond `file_bytes`."""
        return ChildLimits(self.timeout_s, self.memory_bytes, file_bytes)
