"""The bounds that `tasks/dispatch.py` states, as properties of random tenants and costs."""

from collections import Counter, defaultdict

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.yard import emptied

PROPERTY = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

jobs = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(1, 3000)), min_size=1, max_size=25)


@PROPERTY
@given(backlog=jobs, served=st.integers(0, 25), lone_cost=st.integers(1, 3000))
def test_a_tenant_that_had_nothing_waiting_is_passed_once_by_each_other(
    unsynced_store: str, backlog: list[tuple[str, int]], served: int, lone_cost: int
) -> None:
    yard = emptied(unsynced_store, 1)
    for tenant, cost in backlog:
        yard.send(tenant, cost, fill=False)
    yard.dispatch.round(yard)
    for _ in range(min(served, len(backlog) - 1)):
        yard.end(yard.order[-1])
    before = len(yard.order)

    lone = yard.send("lone", lone_cost)
    while lone not in yard.order:
        yard.end(yard.order[-1])

    passed = Counter(yard.tenants()[before:-1])
    assert all(count == 1 for count in passed.values())


@PROPERTY
@given(
    costs=st.lists(st.tuples(st.integers(1, 3000), st.integers(1, 3000)), min_size=2, max_size=15)
)
def test_two_tenants_that_always_wait_are_served_alike(
    unsynced_store: str, costs: list[tuple[int, int]]
) -> None:
    yard = emptied(unsynced_store, 1)
    spent: dict[str, int] = defaultdict(int)
    price = {}
    for mine, yours in costs:
        price[yard.send("alice", mine, fill=False)] = mine
        price[yard.send("bob", yours, fill=False)] = yours
    bound = max(mine for mine, _ in costs) + max(yours for _, yours in costs)

    yard.dispatch.round(yard)
    left = Counter(yard.names.values())
    while True:
        job_id = yard.order[-1]
        spent[yard.names[job_id]] += price[job_id]
        left[yard.names[job_id]] -= 1
        if not all(left.values()):
            break
        assert abs(spent["alice"] - spent["bob"]) <= bound
        yard.end(job_id)


@PROPERTY
@given(backlog=jobs)
def test_every_job_is_dispatched_once(unsynced_store: str, backlog: list[tuple[str, int]]) -> None:
    yard = emptied(unsynced_store, 3)

    ids = [yard.send(tenant, cost) for tenant, cost in backlog]
    for index in range(len(ids)):
        yard.end(yard.order[index])

    assert sorted(yard.order) == sorted(ids)
    assert yard.client.keys("lipchord:lane:viseme:waiting:*") == []
    assert yard.client.smembers("lipchord:lanes") == set()
