"""What the pre-flight check answers, in the words of the API."""

from pydantic import BaseModel, Field


class CheckView(BaseModel):
    """What a job would take. Frames that an earlier job has rendered come sooner than this says."""

    n_frames: int = Field(description="Frames of the video.", examples=[160])
    speech_seconds: float = Field(description="Length of the sound, seconds.", examples=[6.4])
    exact: bool = Field(
        description="Whether these two are counted. A long text is measured by a sample of its "
        "sentences: mostly within a twentieth (docs/faces.md)."
    )
    chunks: int = Field(description="Chunks that would be rendered.", examples=[2])
    workers: int = Field(description="Render workers that would share them.", examples=[2])
    render_seconds: float | None = Field(
        description="Seconds of rendering, by the measured pace of the workers that are ready; "
        "null where none is."
    )
    wait_seconds: float | None = Field(
        description="Seconds until the job would start, for the jobs before it; null where no "
        "worker is ready."
    )
    total_seconds: float | None = Field(
        description="Seconds until the video would be there; null where no worker is ready."
    )
    warnings: list[str] = Field(description="What you should know of it, in sentences.")
    face: str | None = Field(
        description="`face` as a job can name it: the key of the file that came with this request."
    )
    audio: str | None = Field(description="The same of `audio`.")
