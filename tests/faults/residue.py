"""What a healed house may not hold: messages, unacked entries, leases, unreferenced parts."""

import json
from typing import cast

from tests.faults.house import House
from tests.faults.trial import Trial


def left_over(house: House, trial: Trial) -> list[str]:
    """What is left of a run, in words; call again, for sweepers are still at it."""
    redis = house.queue_server.client
    found = []
    for queue in ("cpu", "render.stamper"):
        if waiting := redis.llen(queue):
            found.append(f"{waiting} messages in {queue}")
    unacked = cast(int, redis.hlen("unacked"))
    if unacked and not trial.killed_workers:
        # What a killed worker held comes back with the visibility timeout: see `cleared`.
        found.append(f"{unacked} unacked messages")
    for accepted in trial.accepted:
        found += _leases(house, accepted.id)
    return found


def cleared(house: House) -> list[str]:
    """What is left of a house after its last run and a visibility timeout."""
    redis = house.queue_server.client
    unacked = cast(int, redis.hlen("unacked"))
    return [f"{unacked} unacked messages"] if unacked else []


def _leases(house: House, job_id: str) -> list[str]:
    """A job that is over holds no lease."""
    raw = cast(dict[str, str], house.queue_server.client.hgetall(f"lipchord:job:{job_id}:chunks"))
    chunks = [json.loads(chunk) for chunk in raw.values()]
    held = [chunk for chunk in chunks if chunk["state"] == "rendering" and chunk.get("lease")]
    return [f"{job_id} holds {len(held)} leases"] if held else []
