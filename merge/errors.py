"""Why chunks and a sound track could not become one video.

MergeError
├── MissingChunkError   a chunk of the sequence has no file or no bytes
├── UnlikeChunksError   two chunks differ in codec, size, frame rate, pixels or headers
├── WrongLengthError    a chunk has not the frames that it should have
├── BadChunkError       a chunk is damaged, or no H.264 chunk at all
├── UnreadableTrackError  an MP4 of one track that is to be streamed has no such index
├── TrackError          the sound track cannot be read, or does not fit the video
├── WriteError          the MP4 could not be written
├── VerifyError         the finished file is not the video that was asked for
└── UnlikeVideosError   two finished videos cannot be compared
"""

from typing import ClassVar


class MergeError(Exception):
    """The root; `code` is stable and ends up in the `type` of an HTTP problem."""

    code: ClassVar[str] = "merge-error"


class ChunkError(MergeError):
    """One chunk cannot be used.

    Attributes:
        index: its place in the sequence, from 0.
    """

    code = "bad-chunk"

    def __init__(self, index: int, message: str) -> None:
        super().__init__(f"Chunk {index} {message}")
        self.index = index


class MissingChunkError(ChunkError):
    code = "missing-chunk"


class UnlikeChunksError(ChunkError):
    code = "unlike-chunks"


class WrongLengthError(ChunkError):
    code = "wrong-chunk-length"


class BadChunkError(ChunkError):
    code = "bad-chunk"


class UnreadableTrackError(MergeError):
    code = "unreadable-track"


class TrackError(MergeError):
    code = "bad-sound-track"


class WriteError(MergeError):
    code = "write-failed"


class VerifyError(MergeError):
    code = "video-not-verified"


class UnlikeVideosError(MergeError):
    code = "unlike-videos"
