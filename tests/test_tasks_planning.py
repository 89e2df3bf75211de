"""For whom a job is planned: alone all share it; in a busy house it is one piece, if short."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from tasks import planning
from tasks.acceptance import Terms
from tasks.contract import JobRequest
from tasks.epoch import new_job_id
from tasks.house import WorkerInfo
from tasks.settings import Settings
from tasks.storage import MemoryStorage
from tests.yard import Yard, emptied

FIVE_SECONDS = JobRequest(
    text="This is a lesson, and it tells you in a few words how a message of some seconds is made.",
    reuse=False,
)


@pytest.fixture
def here(unsynced_store: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    yard = emptied(unsynced_store)
    yard.dispatch._most = 8
    for name in ("render0", "render1"):
        yard.fleet.beat(WorkerInfo(
            name, "render", "viseme", True, "cores 0", 1, fingerprint="viseme~cpu",
            context=(400, 3400),
        ))  # fmt: skip
    monkeypatch.setattr(planning, "hold_plan", lambda *_: None)  # another test's matter
    return SimpleNamespace(
        yard=yard, records=yard.records, fleet=yard.fleet, dispatch=yard.dispatch,
        storage=MemoryStorage(), settings=Settings(), holds=None,
    )  # fmt: skip


def planned(here: Any, others: int, request: JobRequest = FIVE_SECONDS) -> int:
    """Chunks of a job, while so many others are under way."""
    yard: Yard = here.yard
    for _ in range(others):
        yard.send("other")
    job_id = yard.acceptance.submit(new_job_id(), request, Terms("mine"))
    yard.dispatch.round(yard)
    return len(planning.plan_job(here, job_id, lambda _: None).chunks)


@pytest.mark.parametrize(("others", "chunks"), [(0, 2), (1, 2), (2, 1), (5, 1)])
def test_a_short_job_is_one_piece_where_the_workers_have_others_to_do(
    here: Any, others: int, chunks: int
) -> None:
    assert planned(here, others) == chunks


def test_who_asks_for_two_workers_gets_them_in_a_busy_house_too(here: Any) -> None:
    assert planned(here, 5, replace(FIVE_SECONDS, num_workers=2)) == 2
