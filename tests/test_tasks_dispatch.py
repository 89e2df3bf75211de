"""Fair dispatch with the real scripts: nobody starves, nothing is lost in a line."""

from collections import Counter

import pytest

from tasks.acceptance import AGEING, Terms
from tasks.contract import CPU_QUEUE, JobRequest
from tasks.dispatch import SPARE, Dispatch
from tasks.epoch import new_job_id
from tasks.errors import StoreError
from tasks.house import WorkerInfo
from tasks.reaper import reap
from tests.yard import Yard, emptied


@pytest.fixture
def yard(unsynced_store: str) -> Yard:
    return emptied(unsynced_store)


def test_a_lone_job_passes_five_hundred_of_another_tenant(yard: Yard) -> None:
    many = [yard.send("many", cost=500) for _ in range(500)]
    for job_id in many[:20]:  # some of them are done before the other one comes
        yard.end(job_id)
    before = len(yard.order)

    lone = yard.send("lone", cost=500)
    ended = 0
    while lone not in yard.order:
        yard.end(yard.order[20 + ended])
        ended += 1

    # The window's jobs, and one job of each other waiting tenant.
    assert ended <= yard.most + 1
    assert len(yard.order) - before <= 2
    assert yard.records.counters()["accepted"] == 501


def test_coming_back_after_every_job_gives_no_advantage(yard: Yard) -> None:
    for _ in range(20):
        yard.send("patient", 1000)
    yard.send("eager", 1000)

    for index in range(18):
        yard.end(yard.order[index])
        if yard.tenants().count("eager") == list(yard.names.values()).count("eager"):
            yard.send("eager", 1000)  # its line was empty

    served = Counter(yard.tenants())
    assert served["eager"] <= served["patient"]


def test_a_tenant_that_was_idle_for_long_does_not_make_up_for_it(yard: Yard) -> None:
    for _ in range(20):
        yard.end(yard.send("steady", 1000))
    for _ in range(10):
        yard.send("steady", 1000)
        yard.send("late", 1000)
    begun = len(yard.order)

    for index in range(20, 30):
        yard.end(yard.order[index])

    served = Counter(yard.tenants()[begun:])
    assert abs(served["steady"] - served["late"]) <= 2


def test_who_was_estimated_too_low_is_charged_when_the_job_is_planned(yard: Yard) -> None:
    for _ in range(20):
        yard.send("modest", 10)  # 1000, as planning finds
        yard.send("honest", 1000)

    for index in range(16):
        yard.dispatch.settle(yard.order[index], 1000)
        yard.dispatch.settle(yard.order[index], 1000)  # planned again: charged once
        yard.end(yard.order[index])

    served = Counter(yard.tenants()[:16])
    assert abs(served["modest"] - served["honest"]) <= 3


def test_the_window_bounds_what_is_under_way_and_follows_the_workers(yard: Yard) -> None:
    yard.dispatch = Dispatch(yard.client, yard.fleet, yard.records, most=0)
    for _ in range(10):
        yard.send("alice")
    assert len(yard.order) == SPARE

    for name in ("render0", "render1", "starting"):
        yard.fleet.beat(WorkerInfo(name, "render", "viseme", name != "starting", "cores 0", 1))
    yard.fleet.beat(WorkerInfo("other", "render", "wav2lip", True, "cores 1", 2))
    yard.dispatch.round(yard)

    assert len(yard.order) == SPARE + 2
    assert len(set(yard.order)) == len(yard.order)


def test_generators_do_not_wait_for_each_other(yard: Yard) -> None:
    for _ in range(5):
        yard.send("alice")

    other = yard.acceptance.submit(new_job_id(), JobRequest(text="a", generator="gan"), Terms())
    yard.dispatch.round(yard)

    assert other in yard.order


def test_within_a_tenant_shorter_jobs_go_first_but_only_for_a_while(yard: Yard) -> None:
    yard.most = 1
    yard.dispatch = Dispatch(yard.client, yard.fleet, yard.records, 1)
    running = yard.send("alice")
    long, short = yard.send("alice", 1500, seconds=60), yard.send("alice", 25, seconds=1)
    aged = "lipchord:lane:viseme:waiting:alice"

    yard.end(running)
    assert yard.order[-1] == short
    # As if the long one had come AGEING times the difference of their seconds ago.
    yard.client.zincrby(aged, -AGEING * 60, long)
    yard.send("alice", 25, seconds=1)
    yard.end(short)

    assert yard.order[-1] == long


def test_a_job_that_ends_while_it_waits_leaves_the_line(yard: Yard) -> None:
    first, second, third = (yard.send("alice") for _ in range(3))

    yard.records.cancel(third)
    yard.end(first)
    yard.end(second)

    assert yard.order == [first, second]
    assert not yard.client.exists("lipchord:lanes", "lipchord:lane:viseme:backlog")
    assert yard.dispatch.under_way("viseme") == 0


def test_a_place_held_by_a_lost_record_is_given_away(yard: Yard) -> None:
    first, second, third = (yard.send("alice") for _ in range(3))
    yard.client.delete(*(f"lipchord:job:{job_id}" for job_id in (first, second)))

    yard.dispatch.round(yard)

    assert yard.order == [first, second, third]


def test_a_crash_between_the_pick_and_the_publication_is_the_reapers(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    yard.away = True
    with pytest.raises(StoreError):
        yard.send("alice")
    yard.away = False
    lone = yard.send("bob")
    waits = yard.send("bob")
    yard.client.lpush(CPU_QUEUE, "the planning of bob's first job, which no worker has taken")

    monkeypatch.setattr("tasks.reaper.GRACE_S", -1.0)
    reap(yard.records, yard, deadline_s=1000)

    assert yard.order[0] == lone
    assert sorted(yard.tenants()) == ["alice", "bob"]
    assert waits not in yard.order  # it has no place yet: it is not the reaper's
