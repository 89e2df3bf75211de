"""What an address and its headers may say: which part of a list, how long to wait."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from api.schemas import Truth, Whole, not_a_bool
from api.waiting import LONGEST_S

Seconds = Annotated[int, Field(ge=0, le=LONGEST_S), BeforeValidator(not_a_bool)]

# In the document alone: a wrong cursor has a problem of its own.
CURSOR: dict[str, Any] = {"pattern": r"^([0-9]{1,12}\.[0-9]{6})?$"}


class JobsQuery(BaseModel):
    """Which jobs to list."""

    model_config = ConfigDict(extra="forbid")

    limit: Whole = Field(20, ge=1, le=100, description="At most this many.")
    cursor: str = Field(
        "",
        max_length=500,
        description="`next_cursor` of the page before; empty: the newest jobs.",
        json_schema_extra=CURSOR,
    )


class ComparisonsQuery(JobsQuery):
    """Which comparisons to list."""

    cursor: str = Field(
        "",
        max_length=500,
        description="`next_cursor` of the page before; empty: the newest.",
        json_schema_extra=CURSOR,
    )
    job: str = Field("", max_length=100, description="Those that this job is a side of.")


Prefer = Annotated[
    str,
    Field(
        description="`wait=N`: answer when the job has ended, or after N seconds (RFC 7240).",
        examples=["wait=30"],
    ),
]


class SubmitHeaders(BaseModel):
    """Headers that change how a job is taken."""

    idempotency_key: str = Field(
        "",
        max_length=255,
        description="A name of the client's own for this request: sent twice, it is one job.",
    )
    prefer: Prefer = ""


class PollHeaders(BaseModel):
    """Headers that change how a job is shown."""

    prefer: Prefer = ""


class PollQuery(BaseModel):
    """How a job is shown."""

    model_config = ConfigDict(extra="forbid")

    wait: Seconds | None = Field(
        None,
        description="Seconds: answer when the job has ended, or after them. As `Prefer: wait=N`.",
        examples=[30],
    )


class EventsHeaders(BaseModel):
    """Headers that say from where on a job's history is told."""

    last_event_id: str = Field(
        "",
        max_length=40,
        description="The `id` of the last message that came: the history goes on after it. "
        "Browsers send it by themselves.",
        examples=["1764043200000-0"],
    )


class EventsQuery(BaseModel):
    """From where on a job's history is told."""

    model_config = ConfigDict(extra="forbid")

    after: str = Field(
        "", max_length=40, description="As `Last-Event-ID`, for clients that set no headers."
    )


class CaptionsQuery(BaseModel):
    """How captions are written."""

    model_config = ConfigDict(extra="forbid")

    words: Truth = Field(
        False,
        description="Whether each word has its time too, `<00:00:01.200>` before it, for karaoke.",
        examples=[True],
    )
