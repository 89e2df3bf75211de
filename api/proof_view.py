"""What an answer says about the measuring of a finished video."""

from pydantic import BaseModel, Field


class ProofView(BaseModel):
    """What was measured in the finished MP4, packet by packet, before the job had succeeded."""

    n_frames: int = Field(description="Frames, counted.")
    fps: str = Field(description="Frames a second, as a whole number or a fraction.")
    width: int = Field(description="Of the picture, pixels.")
    height: int = Field(description="Of the picture, pixels.")
    picture_seconds: float = Field(description="Length of the picture, seconds.")
    sound_seconds: float = Field(
        description="Length of the sound, seconds: less than a frame from `picture_seconds`."
    )
    codec: str = Field(description="Of the picture.", examples=["h264"])
    sound_codec: str = Field(description="Of the sound.", examples=["aac"])
    sample_rate: int = Field(description="Of the sound, Hz.")
    rendered: str | None = Field(
        description="Digest of all pictures before they were encoded. However a job is cut, it is "
        "the same: see docs/comparison.md."
    )
