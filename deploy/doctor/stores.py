"""The two stores: are they there, do they keep what they are told, are their clocks ours?"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import redis

from deploy.doctor.finding import Finding
from tasks.addresses import Address, redacted
from tasks.stores import connect, why

OLDEST = (6, 2)
# Jobs go by the stores' own clocks. Two things go by the hosts': when a message that waits for
# its next try is due (after 2 s, so more than that is felt), and the time in a webhook's
# signature (receivers refuse more than 5 minutes, by the Standard Webhooks specification).
MOST_SKEW_S = 5.0
FULL = {"queue": 0.80, "blob": 0.75}  # of maxmemory: past it, jobs are refused soon or now

NONE_HERE = "not named, and no stack is up in this folder; `lipchord up` starts its own"


@dataclass(frozen=True, slots=True)
class Named:
    """A store that is to be looked at; `url` None: none is known."""

    kind: str  # "queue" or "blob"
    url: str | None

    @property
    def variable(self) -> str:
        """Where its URL is set."""
        return f"LIPCHORD_{self.kind.upper()}_URL"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a store has said: INFO, its run's id, and its clock against ours.

    Attributes:
        skew_s: by how much its clock is before ours, seconds; unsure by half of `took_s`.
    """

    info: dict[str, Any]
    policy: str
    skew_s: float
    took_s: float


def findings(
    stores: tuple[Named, ...], clock: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Of each store; then of both together."""
    answers: dict[str, Asked] = {}
    for store in stores:
        name = f"{store.kind} store"
        if store.url is None:
            yield Finding(name, True, NONE_HERE)
            continue
        try:
            answers[store.kind] = asked = ask(store.url, clock)
        except (redis.RedisError, OSError, ValueError) as error:
            yield _away(store, error)
            continue
        yield there(name, store.url, asked.info)
        yield durable(name, asked.info)
        yield policy(name, asked.policy)
        yield memory(name, store.kind, asked.info)
        yield skew(name, asked)
    ids = [asked.info.get("run_id") for asked in answers.values()]
    if len(ids) == 2 and ids[0] == ids[1]:
        yield Finding(
            "two stores", False, "both URLs lead to one server",
            "Give the blobs a server of their own: a flood of videos must not take the memory of "
            "the jobs' records.",
        )  # fmt: skip


def ask(url: str, clock: Callable[[], float]) -> Asked:
    """Raises RedisError, OSError; ValueError: the URL cannot be used."""
    with connect(url, retries=0, timeout_s=5, health_check_s=0) as client:
        info = client.info("everything")
        before = clock()
        seconds, micros = client.time()
        took_s = clock() - before
        return Asked(info, _policy(client, info), seconds + micros / 1e6 - before - took_s / 2,
                     max(0.0, took_s))  # fmt: skip


def durable(name: str, info: dict[str, Any]) -> Finding:
    """Whether what it is told is there after its end."""
    what = f"{name}: disk"
    if not info.get("aof_enabled"):
        return Finding(what, False, "no append-only file", f"`config set appendonly yes`, and "
                       f"start it with {_conf(name)}.")  # fmt: skip
    if info.get("aof_last_write_status") != "ok":
        return Finding(what, False, "the last write to its file failed", "Make room on its disk.")
    size = int(info.get("aof_current_size", 0))
    return Finding(what, True, f"append-only file of {size / 2**20:.0f} MiB")


def policy(name: str, found: str) -> Finding:
    """Whether it forgets something when it is full."""
    what = f"{name}: when full"
    if found == "noeviction":
        return Finding(what, True, "refuses (noeviction)")
    if not found:
        return Finding(what, True, "does not say (CONFIG is not allowed here)")
    return Finding(what, False, f"forgets ({found})", "`config set maxmemory-policy noeviction`: "
                   "what is in use may not be thrown away.")  # fmt: skip


def memory(name: str, kind: str, info: dict[str, Any]) -> Finding:
    """How full it is; without a limit nobody can refuse in time."""
    what, used, limit = f"{name}: memory", int(info["used_memory"]), int(info.get("maxmemory", 0))
    if not limit:
        return Finding(
            what, False, f"{used / 2**20:.0f} MiB, and no limit",
            "Set maxmemory: without it the kernel ends the store instead of refusing a job.",
        )  # fmt: skip
    share = used / limit
    found = f"{used / 2**20:.0f} MiB of {limit / 2**20:.0f} ({share:.0%})"
    if share > FULL[kind]:
        return Finding(what, False, found, "See docs/operations.md#lipchord"
                       f"{kind}storefilling.")  # fmt: skip
    return Finding(what, True, found)


def skew(name: str, asked: Asked) -> Finding:
    """Its clock against ours."""
    what, off = f"{name}: clock", abs(asked.skew_s)
    side = "before" if asked.skew_s > 0 else "behind"
    unsure = f" ± {asked.took_s / 2:.3f} s"
    if off > MOST_SKEW_S + asked.took_s / 2:
        return Finding(what, False, f"{off:.1f} s {side} this host's{unsure}",
                       "Have both hosts keep the time (chrony, systemd-timesyncd).")  # fmt: skip
    return Finding(what, True, f"{off:.3f} s {side} this host's{unsure}")


def there(name: str, url: str, info: dict[str, Any]) -> Finding:
    """Which server it is, by its INFO."""
    is_valkey = "valkey_version" in info
    version = str(info["valkey_version"] if is_valkey else info["redis_version"])
    found = f"{'Valkey' if is_valkey else 'Redis'} {version} at {redacted(url)}"
    parts = tuple(map(int, version.split(".")[:2]))
    if not is_valkey and parts < OLDEST:
        return Finding(name, False, found, "Update it to Redis 6.2 or newer, or to Valkey.")
    return Finding(name, True, found)


def _away(store: Named, error: Exception) -> Finding:
    url = store.url or ""
    try:
        reason = why(error, tls=Address.parse(url).tls is not None)
    except ValueError:
        reason = str(error)
    return Finding(
        f"{store.kind} store", False, f"{redacted(url)}: {reason}",
        f"Start it, or set {store.variable} to where it is.",
    )  # fmt: skip


def _policy(client: "redis.Redis", info: dict[str, Any]) -> str:
    """INFO says it from Redis 4 on; where it does not, CONFIG may."""
    if "maxmemory_policy" in info:
        return str(info["maxmemory_policy"])
    try:
        return str(client.config_get("maxmemory-policy").get("maxmemory-policy", ""))
    except redis.ResponseError:
        return ""


def _conf(name: str) -> str:
    return "deploy/queue.conf" if name.startswith("queue") else "deploy/blobs.conf"
