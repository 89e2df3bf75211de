"""What a healed house may not hold: messages, unacked entries, leases, unreferenced parts."""

import json
import re
import time
from typing import cast

from redis import Redis

from tasks.holds import Holds
from tasks.stores import connect
from tests.faults.house import House
from tests.faults.trial import Trial

ETERNAL_OF_ONE = re.compile(r"job_[0-9a-f]{32}|[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f]{4}-")


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


def let_time_pass(house: House) -> None:
    """What waits for a visibility timeout or for an orphan's age is due at once."""
    redis = house.queue_server.client
    for tag in cast(list[str], redis.zrange("unacked_index", 0, -1)):
        redis.zincrby("unacked_index", -2 * house.build.visibility_s, tag)
    holds = Holds(connect(house.settings.blob_url), house.settings)
    cursor = holds.collect_orphans(0, 10_000, 0)
    while cursor:
        cursor = holds.collect_orphans(cursor, 10_000, 0)


def remains(house: House) -> list[str]:
    """What is left in a house that has been quiet for a while."""
    found = []
    if held := unacked(house):
        redis = house.queue_server.client
        due, lock = redis.zcard("unacked_index"), redis.pttl("unacked_mutex")
        found.append(f"{held} unacked messages, {due} in the index, the restorers' lock: {lock} ms")
    if parts := _unreferenced(house.blob_server.client):
        found.append(f"{len(parts)} parts of no blob")
    for server in (house.queue_server, house.blob_server):
        found += [f"{key} stays for ever" for key in _eternal(server.client)]
    return found


def unacked(house: House) -> int:
    """How many messages some worker has, or had when it was killed."""
    return cast(int, house.queue_server.client.hlen("unacked"))


def _unreferenced(redis: "Redis") -> set[str]:
    """Parts that no manifest names."""
    parts = {key.rpartition(":")[2] for key in redis.scan_iter("lipchord:part:*", count=1000)}
    for key in redis.scan_iter("lipchord:blob_*", count=1000):
        if manifest := redis.get(key):
            parts -= set(json.loads(str(manifest))["parts"])
    return parts


def _eternal(redis: "Redis") -> list[str]:
    """Keys of single jobs or messages that have no time to live."""
    keys = [key for key in redis.scan_iter(count=1000) if ETERNAL_OF_ONE.search(key)]
    return [key for key in keys if cast(int, redis.ttl(key)) == -1]


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
