"""Comparisons through real workers: both jobs, one after the other, and what both came to."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.guard import Guard
from tasks.comparison import Comparison, ComparisonStage, ComparisonState, Outcome
from tasks.contract import PUBLIC, JobRequest, JobState
from tasks.errors import UnknownComparisonError
from tasks.settings import Settings
from tasks.stores import connect
from tests.workers import Fleet, running, until

TEXT = (
    "One sentence, which is long enough to be cut in two. Another one follows it after a pause. "
    "A third ends the text, so that there is something to do for both of the workers."
)
REQUEST = JobRequest(text=TEXT, language="en", generator="stamp", num_workers=2)


@pytest.fixture(scope="module")
def settings(queue_server: str, blob_server: str) -> Settings:
    for url in (queue_server, blob_server):
        connect(url).flushall()
    return Settings(queue_url=queue_server, blob_url=blob_server, heartbeat_s=0.5, reaper_s=0.5)


@pytest.fixture(scope="module")
def fleet(
    settings: Settings, guard: Guard, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    with running(settings, guard, tmp_path_factory.mktemp("fleet"), delay_s=0.005) as fleet:
        until(lambda: not fleet.queue.not_ready() and len(fleet.queue.workers()) == 3)
        yield fleet


def ended(fleet: Fleet, comparison: Comparison) -> Comparison:
    """As it is when it is over."""

    def now() -> Comparison:
        return fleet.queue.comparisons.get(comparison.id, PUBLIC)

    until(lambda: now().state.terminal)
    return now()


@pytest.fixture(scope="module")
def compared(fleet: Fleet) -> Comparison:
    return ended(fleet, fleet.queue.comparisons.start(REQUEST, PUBLIC))


def test_two_workers_are_measured_against_one_and_show_the_same_pictures(
    fleet: Fleet, compared: Comparison
) -> None:
    assert compared.state is ComparisonState.SUCCEEDED, compared.failure
    result = compared.result
    assert result is not None
    one, many = fleet.queue.job(compared.sequential), fleet.queue.job(compared.parallel)

    assert len(one.chunks) == 1
    assert len(many.chunks) >= 2
    assert (one.finished_at or 0) <= many.created_at  # never at the same time
    assert result.likeness.rendered_equal
    assert result.likeness.sound_equal
    assert result.likeness.n_frames == (one.n_frames, one.n_frames)
    assert result.likeness.n_samples[0] == result.likeness.n_samples[1]
    assert len(result.parallel.workers) == 2
    # 0.005 s a frame is slept, not computed: two workers are faster on any machine.
    assert result.outcome is Outcome.FASTER
    assert result.speedup is not None
    assert result.speedup == pytest.approx(
        result.sequential.seconds / result.parallel.seconds, abs=0.01
    )
    assert result.efficiency == pytest.approx(result.speedup / 2, abs=0.001)


def test_the_same_again_renders_all_of_it_again(fleet: Fleet, compared: Comparison) -> None:
    again = ended(fleet, fleet.queue.comparisons.start(REQUEST, PUBLIC))

    assert again.result is not None
    assert again.result.sequential.n_reused == again.result.parallel.n_reused == 0
    assert again.result.sequential.workers[0].n_frames == compared.n_frames


def test_a_finished_job_is_checked_against_one_piece(fleet: Fleet) -> None:
    job = fleet.queue.wait(fleet.queue.submit(replace(REQUEST, seed=5)).id, 60)
    assert job.state is JobState.SUCCEEDED

    begun = fleet.queue.comparisons.start_of(job)
    twice = fleet.queue.comparisons.start_of(job)
    comparison = ended(fleet, begun)

    assert twice.id == begun.id
    assert comparison.parallel == job.id
    assert comparison.result is not None
    assert comparison.result.likeness.rendered_equal
    assert fleet.queue.comparisons.of_job(job.id, PUBLIC) == (comparison,)
    fleet.queue.comparisons.delete(comparison.id, PUBLIC)
    assert fleet.queue.job(job.id).video == job.video
    assert fleet.queue.job(comparison.sequential).video is None


def test_a_job_that_runs_meanwhile_spoils_the_measuring(fleet: Fleet) -> None:
    comparison = fleet.queue.comparisons.start(replace(REQUEST, seed=1), PUBLIC)
    until(lambda: stage(fleet, comparison) is ComparisonStage.SEQUENTIAL)

    fleet.queue.submit(replace(REQUEST, text="Something else is said meanwhile."))
    result = ended(fleet, comparison).result

    assert result is not None
    assert result.spoiled
    assert result.reasons[0].code == "other-jobs"
    assert sum(map(int, result.reasons[0].facts.values())) >= 1


def test_a_comparison_whose_job_is_canceled_is_canceled(fleet: Fleet) -> None:
    comparison = fleet.queue.comparisons.start(replace(REQUEST, text=TEXT * 4), PUBLIC)
    until(lambda: stage(fleet, comparison) is ComparisonStage.SEQUENTIAL)
    until(lambda: not missing(fleet, comparison.sequential))

    fleet.queue.cancel(comparison.sequential)
    over = ended(fleet, comparison)

    assert over.state is ComparisonState.CANCELED
    assert missing(fleet, over.parallel)  # nothing was rendered in vain


def test_a_deleted_comparison_stops_and_leaves_nothing(fleet: Fleet) -> None:
    comparison = fleet.queue.comparisons.start(replace(REQUEST, text=TEXT * 4), PUBLIC)
    until(lambda: not missing(fleet, comparison.sequential))

    fleet.queue.comparisons.delete(comparison.id, PUBLIC)

    with pytest.raises(UnknownComparisonError):
        fleet.queue.comparisons.get(comparison.id, PUBLIC)
    assert fleet.queue.job(comparison.sequential).state is JobState.CANCELED


def stage(fleet: Fleet, comparison: Comparison) -> ComparisonStage | None:
    return fleet.queue.comparisons.get(comparison.id, PUBLIC).stage


def missing(fleet: Fleet, job_id: str) -> bool:
    return connect(fleet.settings.queue_url).exists(f"lipchord:job:{job_id}") == 0
