"""What an answer says about comparisons, in the words of the API."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, Field

from api.job_views import RequestView
from api.problem_views import ProblemView, failure_view
from api.schemas import SpeakBody, Workers
from api.views import JOBS, like, moment, shortened
from tasks.comparison import (
    Comparison,
    ComparisonPage,
    ComparisonStage,
    ComparisonState,
    Outcome,
    Reason,
    Result,
    Side,
)

COMPARISONS = "/api/v1/comparisons"


class ComparisonBody(SpeakBody):
    """What is rendered twice: in one piece by one worker, and in parallel by several."""

    num_workers: Workers | None = Field(
        None, description="Of the parallel job. None: as many as are ready, at least 2."
    )


class ShareView(BaseModel):
    """What one worker did of a job."""

    worker: str = Field(description="Its name.")
    n_chunks: int = Field(description="Chunks that it rendered.")
    n_frames: int = Field(description="Frames that it rendered.")
    seconds: float = Field(description="Seconds spent rendering and encoding.")


class SideView(BaseModel):
    """What one of the two jobs came to."""

    seconds: float = Field(description="Seconds from the start of its planning to its end.")
    wait_seconds: float = Field(description="Seconds before that, from its acceptance.")
    timings: dict[str, float] = Field(description="Seconds by stage.")
    n_chunks: int = Field(description="Chunks that it was cut into.")
    n_frames: int = Field(description="Frames of its video.")
    workers: list[ShareView] = Field(description="Those that took part.")
    n_reused: int = Field(description="Chunks that were there already.")
    n_retried: int = Field(description="Attempts at chunks beyond the first of each.")
    other_jobs: int = Field(description="Jobs that ran meanwhile, of anybody.")


class LikenessView(BaseModel):
    """How alike the two finished videos are, decoded; `n_…` of the sequential one first."""

    rendered_equal: bool | None = Field(
        description="Whether all pictures were the same bytes before they were encoded."
    )
    file_equal: bool = Field(description="Whether both files are the same bytes.")
    n_frames: tuple[int, int] = Field(description="Frames of each.")
    n_different: int = Field(description="Decoded frames that differ in any value.")
    max_difference: int = Field(ge=0, le=255, description="Of one value of Y, U or V.")
    first_different: int | None = Field(description="Frame number.")
    most_different: int | None = Field(description="Frame number.")
    psnr_db: float | None = Field(
        description="Over all values of all frames, dB; null where none differs."
    )
    sound_equal: bool = Field(description="Whether both tracks are the same packets.")
    n_samples: tuple[int, int] = Field(description="Samples of sound of each.")


class ReasonView(BaseModel):
    """Why the figures are what they are. docs/comparison.md lists the codes and their facts."""

    code: str = Field(description="Which reason it is.", examples=["fixed-costs"])
    facts: dict[str, float | int | str] = Field(description="Its figures, by name.")


class ResultView(BaseModel):
    """What was found."""

    outcome: Outcome = Field(description="What parallel rendering brought.")
    speedup: float | None = Field(description="Sequential seconds / parallel seconds, whole jobs.")
    render_speedup: float | None = Field(description="The same of the render stage alone.")
    efficiency: float | None = Field(description="`speedup` / workers that took part.")
    spoiled: bool = Field(description="Something else went on at the time: measure again.")
    reasons: list[ReasonView] = Field(description="The weightiest first.")
    sequential: SideView = Field(description="The job in one piece.")
    parallel: SideView = Field(description="The parallel job.")
    likeness: LikenessView = Field(description="How alike the two videos are.")


class ComparisonLinksView(BaseModel):
    """Where to go from here."""

    here: str = Field(serialization_alias="self", description="This comparison.")
    sequential: str = Field(description="The job in one piece; 404 until it has been sent.")
    parallel: str = Field(description="The parallel job; 404 until it has been sent.")
    page: str = Field(description="For people.")


class ComparisonView(BaseModel):
    """A request rendered in one piece and in parallel, one after the other, and compared."""

    id: str = Field(description="`cmp_` and 32 hex digits.")
    state: ComparisonState = Field(description="How far it is; how it ended.")
    stage: ComparisonStage | None = Field(description="What a running comparison is doing.")
    created_at: datetime = Field(description="When it was accepted, UTC.")
    finished_at: datetime | None = Field(description="When it ended, UTC.")
    num_workers: int = Field(description="That the parallel job is planned for.")
    of_job: bool = Field(description="Whether the parallel job was there before.")
    sequential: str = Field(description="Id of the job in one piece.")
    parallel: str = Field(description="Id of the parallel job.")
    n_frames: int | None = Field(description="Frames of each video; null until known.")
    speech_seconds: float | None = Field(
        description="Length of the sound, seconds; null until known."
    )
    prepare_seconds: float | None = Field(
        description="Seconds that sound and face took, before and for both jobs."
    )
    result: ResultView | None = Field(description="Null until it has succeeded.")
    error: ProblemView | None = Field(description="Why it failed.")
    request: RequestView = Field(description="What both jobs render.")
    links: ComparisonLinksView = Field(description="Addresses at this service.")

    @classmethod
    def of(cls, comparison: Comparison, brief: bool = False) -> Self:
        """A comparison; `brief`: with its text shortened, for lists."""
        request = RequestView.of(comparison.request)
        if brief:
            request = request.model_copy(update=shortened(request))
        here = f"{COMPARISONS}/{comparison.id}"
        return like(
            cls,
            comparison,
            created_at=moment(comparison.created_at),
            finished_at=moment(comparison.finished_at),
            num_workers=comparison.request.num_workers,
            result=_result(comparison.result) if comparison.result else None,
            error=failure_view(comparison.failure),
            request=request,
            links=ComparisonLinksView(
                here=here,
                sequential=f"{JOBS}/{comparison.sequential}",
                parallel=f"{JOBS}/{comparison.parallel}",
                page=f"/parallel_test?comparison={comparison.id}",
            ),
        )


class ComparisonPageView(BaseModel):
    """Comparisons, newest first."""

    comparisons: list[ComparisonView] = Field(description="At most `limit`.")
    next_cursor: str | None = Field(description="For the page after this one; null at the end.")

    @classmethod
    def of(cls, page: ComparisonPage) -> Self:
        """A page, each comparison in brief."""
        listed = [ComparisonView.of(one, brief=True) for one in page.comparisons]
        return cls(comparisons=listed, next_cursor=page.next_cursor)


def _result(result: Result) -> ResultView:
    return like(
        ResultView,
        result,
        sequential=_side(result.sequential),
        parallel=_side(result.parallel),
        likeness=like(LikenessView, result.likeness),
        reasons=[_reason(reason) for reason in result.reasons],
    )


def _side(side: Side) -> SideView:
    workers = [like(ShareView, share) for share in side.workers]
    return like(SideView, side, workers=workers, timings=dict(side.timings))


def _reason(reason: Reason) -> ReasonView:
    return ReasonView(code=reason.code, facts=dict(reason.facts))
