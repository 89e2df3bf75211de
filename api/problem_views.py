"""What an answer says about what went wrong."""

from pydantic import BaseModel, Field

from api.problems import problem
from tasks.contract import Failure


class ProblemView(BaseModel):
    """A problem (RFC 9457); `type` is stable and leads to a page about it."""

    type: str = Field(examples=["/problems/no-face"])
    title: str
    status: int
    detail: str = Field(description="What is wrong with this request and what to do next.")


class FieldComplaint(BaseModel):
    """One field that cannot be used."""

    field: str
    detail: str


class HttpProblem(ProblemView):
    """A problem as an answer of its own."""

    instance: str = Field(description="This request; the same id as in X-Request-Id.")
    errors: list[FieldComplaint] | None = Field(None, description="One for each wrong field.")
    job: str | None = Field(None, description="The job that this is about, where there is one.")


def failure_view(failure: Failure | None) -> ProblemView | None:
    """A failure as a problem."""
    return ProblemView(**problem(failure.reason, failure.detail)) if failure else None
