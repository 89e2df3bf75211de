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
    if (held := unacked(house)) and not house.orphans:
        found.append(f"{held} unacked messages")
    for accepted in trial.accepted:
        found += _leases(house, accepted.id)
    return found


def age_unacked(house: House) -> None:
    """Let the visibility timeout of everything that killed workers held pass at once."""
    redis = house.queue_server.client
    for tag in cast(list[str], redis.zrange("unacked_index", 0, -1)):
        redis.zincrby("unacked_index", -2 * house.build.visibility_s, tag)


def unacked(house: House) -> int:
    """How many messages some worker has, or had when it was killed."""
    return cast(int, house.queue_server.client.hlen("unacked"))


def _leases(house: House, job_id: str) -> list[str]:
    """A job that is over holds no lease."""
    raw = cast(dict[str, str], house.queue_server.client.hgetall(f"lipchord:job:{job_id}:chunks"))
    chunks = [json.loads(chunk) for chunk in raw.values()]
    held = [chunk for chunk in chunks if chunk["state"] == "rendering" and chunk.get("lease")]
    return [f"{job_id} holds {len(held)} leases"] if held else []
