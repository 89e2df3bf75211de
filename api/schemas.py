"""What a request may say, and how it becomes a JobRequest."""

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tasks.contract import JobRequest


def not_a_bool(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a truth value is not a number")
    return value


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _playable(fps: str) -> str:
    if "/" in fps and not int(fps.partition("/")[2]):
        raise ValueError("division by zero")
    if not 1 <= Fraction(fps) <= 120:
        raise ValueError("out of range")
    return fps


TRUTHS = ("true", "false", "True", "False", "1", "0", "on", "off", "yes", "no")  # in a form


def _a_truth(value: object) -> object:
    if not isinstance(value, bool) and value not in TRUTHS:
        raise ValueError("neither true nor false")
    return value


Truth = Annotated[bool, BeforeValidator(_a_truth)]
Whole = Annotated[int, BeforeValidator(not_a_bool)]
Workers = Annotated[int, Field(ge=1, le=64), BeforeValidator(not_a_bool)]
BlobKey = Annotated[str, Field(pattern=r"^blob_[0-9a-f]{64}$", examples=["blob_" + "0f" * 32])]
FaceKey = Annotated[
    str,
    Field(
        pattern=r"^(face_[0-9a-f]{32}|blob_[0-9a-f]{64})$",
        examples=["face_" + "1f0a2b3c" * 4, "blob_" + "0f" * 32],
    ),
]
# Digits are counted so that no exponent can make a Fraction of a billion digits.
FpsText = Annotated[str, Field(pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$|^[0-9]{1,6}/[0-9]{1,6}$")]
Fps = Annotated[
    FpsText,
    BeforeValidator(
        _as_text, json_schema_input_type=FpsText | Annotated[float, Field(ge=1, le=120)]
    ),
    AfterValidator(_playable),
]


class SpeakBody(BaseModel):
    """What is said, by which voice, with which face."""

    model_config = ConfigDict(extra="forbid")

    text: str | None = Field(
        None,
        description="What is said, up to 20 000 characters. Give either this or `audio`.",
        examples=["Hello! This face speaks."],
    )
    audio: BlobKey | None = Field(
        None,
        description="Speech instead of `text`: in a form, a sound file or a video with sound; "
        "anywhere, the key of one that was sent before (`request.audio` of its job).",
    )
    face: FaceKey | None = Field(
        None,
        description="Whose lips move: in a form, a picture or a video; anywhere, the id of a "
        "registered face (/api/v1/faces), or the key of a file that was sent before "
        "(`request.face` of its job). None: the shipped avatar.",
    )
    language: str = Field(
        "en",
        min_length=1,
        max_length=40,
        description="Language of `text`, a code from /api/v1/voices.",
        examples=["en", "ru", "kk"],
    )
    voice: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        None,
        description="A variant of the language's voice, from /api/v1/voices. None: its own.",
        examples=["f2"],
    )
    rate: Whole = Field(165, ge=80, le=450, description="Words a minute.")
    pitch: Whole = Field(50, ge=0, le=99, description="50 is the voice's own.")
    generator: str = Field(
        "viseme", min_length=1, max_length=64, description="What moves the lips."
    )
    fps: Fps = Field(
        "25",
        description="Frames a second, 1 to 120; 29.97 is taken as 30000/1001.",
        examples=["25", "29.97", "30000/1001"],
    )
    seed: Whole = Field(0, ge=0, lt=2**32, description="Of blinks and sway.")
    blink: Truth = Field(True, description="Whether the face blinks.")
    sway: Truth = Field(True, description="Whether the head sways a little.")
    paste: Literal["feathered", "reference"] = Field(
        "feathered",
        description="Of wav2lip: how its face is put into the picture; `reference` has the hard "
        "edge of the published code.",
    )
    av_offset_frames: Whole = Field(
        0, ge=-5, le=5, description="Of wav2lip: by how many frames the mouth comes later."
    )
    rest_in_silence: Truth = Field(
        True, description="Of wav2lip: whether the mouth rests where nobody speaks."
    )
    box: Annotated[str, Field(pattern=r"^[0-9]{1,5}(,[0-9]{1,5}){3}$")] | None = Field(
        None,
        description="Of wav2lip: the face as top,bottom,left,right in pixels. None: found.",
        examples=["120,420,200,440"],
    )


class JobBody(SpeakBody):
    """A job: what is said, by which voice, with which face, on how many workers."""

    num_workers: Workers | None = Field(
        None,
        description="Render workers to plan for. None: as many as are ready.",
    )
    webhook: Annotated[str, Field(max_length=2000)] | None = Field(
        None,
        description="An https URL that is told, signed, when the job has ended: in any of the "
        "four ways. See docs/webhooks.md.",
        examples=["https://example.com/lipchord"],
    )
    reuse: Truth = Field(
        True,
        description="Whether frames that an earlier job rendered are used again. False: all are "
        "rendered anew, for who wants to measure.",
    )

    @classmethod
    def of(cls, request: JobRequest) -> Self:
        """A request in the words of the API, ready to be sent again."""
        fields = {
            name: getattr(request, "speech" if name == "audio" else name)
            for name in cls.model_fields
        }
        return cls.model_construct(**fields)


def job_request(
    body: SpeakBody, speech: str | None, face: str | None, num_workers: int | None
) -> JobRequest:
    """The job that was asked for.

    Args:
        body: the checked fields.
        speech: blob key of the sound, if there is one.
        face: blob key of the face, if there is one.
        num_workers: render workers to plan for.
    """
    plain = body.model_dump(exclude={"audio", "face", "num_workers"})
    return JobRequest(**plain, speech=speech, face=face, num_workers=num_workers)
