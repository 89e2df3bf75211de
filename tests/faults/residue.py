"""What a healed house may not hold: messages, unacked entries, leases, unreferenced parts."""

import json
import time
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
    told = told_of(house)
    for accepted in trial.accepted:
        found += _leases(house, accepted.id)
        if accepted.id not in told and house.redis.exists(f"lipchord:job:{accepted.id}"):
            found.append(f"nobody was told that {accepted.id} has ended")
    return found


def age_unacked(house: House) -> None:
    """Let the visibility timeout of everything that killed workers held pass at once."""
    redis = house.queue_server.client
    for tag in cast(list[str], redis.zrange("unacked_index", 0, -1)):
        redis.zincrby("unacked_index", -2 * house.build.visibility_s, tag)


def unacked(house: House) -> int:
    """How many messages some worker has, or had when it was killed."""
    return cast(int, house.queue_server.client.hlen("unacked"))


def told_of(house: House) -> dict[str, set[tuple[str, str]]]:
    """(webhook id, event) of every webhook that arrived, by job."""
    told: dict[str, set[tuple[str, str]]] = {}
    for call in list(house.receiver.calls):
        event = json.loads(call.body)
        ids = told.setdefault(event["data"]["id"], set())
        ids.add((call.headers["webhook-id"], event["type"]))
    return told


def _leases(house: House, job_id: str) -> list[str]:
    """A job that is over holds no lease."""
    raw = cast(dict[str, str], house.queue_server.client.hgetall(f"lipchord:job:{job_id}:chunks"))
    chunks = [json.loads(chunk) for chunk in raw.values()]
    held = [chunk for chunk in chunks if (chunk.get("lease") or 0) > time.time()]
    return [f"{job_id} holds {len(held)} leases"] if held else []
