"""What an answer says about the measuring of a finished video."""

from pydantic import BaseModel, Field


class ProofView(BaseModel):
    """What was measured in the finished MP4, packet by packet, before the job had succeeded."""

    n_frames: int
    fps: str
    width: int = Field(description="Pixels.")
    height: int = Field(description="Pixels.")
    picture_seconds: float
    sound_seconds: float = Field(description="Less than a frame from `picture_seconds`.")
    codec: str = Field(examples=["h264"])
    sound_codec: str = Field(examples=["aac"])
    sample_rate: int = Field(description="Of the sound, Hz.")
    rendered: str | None = Field(
        description="Digest of all pictures before they were encoded. However a job is cut, it is "
        "the same: see docs/comparison.md."
    )
