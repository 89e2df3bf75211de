"""A job that is planned for real, so that its text is spoken and has captions."""

from tasks.blueprint import Plan
from tasks.plan import Capacity, make_plan
from tasks.planning import hold_plan
from tests.api_house import House


def spoken(house: House, job_id: str) -> Plan:
    """Plan the job as a cpu worker does; nothing of it is rendered."""
    house.records.begin_plan(job_id)
    request = house.queue.job(job_id).request
    plan = make_plan(request, house.storage, house.settings, Capacity(), lambda _: None)
    hold_plan(house.holds, job_id, plan)
    assert house.records.set_plan(job_id, plan)
    return plan
