"""What an answer says about what went wrong."""

from pydantic import BaseModel, Field

from api.problems import problem
from tasks.contract import Failure


class ProblemView(BaseModel):
    """A problem (RFC 9457); `type` is stable and leads to a page about it."""

    type: str = Field(
        description="Which problem it is, and the address of a page about it.",
        examples=["/problems/no-face"],
    )
    title: str = Field(description="What happened; the same for every occurrence.")
    status: int = Field(
        description="HTTP status; of a failed job, that it would have as an answer."
    )
    detail: str = Field(description="What is wrong with this request and what to do next.")


class FieldComplaint(BaseModel):
    """One field that cannot be used."""

    field: str = Field(description="Its name; empty: the body as a whole.")
    detail: str = Field(description="What it must be.")


class HttpProblem(ProblemView):
    """A problem as an answer of its own."""

    instance: str = Field(description="This request; the same id as in X-Request-Id.")
    errors: list[FieldComplaint] | None = Field(None, description="One for each wrong field.")
    job: str | None = Field(None, description="The job that this is about, where there is one.")


def failure_view(failure: Failure | None) -> ProblemView | None:
    """A failure as a problem."""
    return ProblemView(**problem(failure.reason, failure.detail)) if failure else None
