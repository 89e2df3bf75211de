"""`python -m tests.faults.soak`: minutes at saturation; does anything grow, does anybody wait long?

A busy tenant's clients post through the real API, more than the workers can take, and a quiet
tenant's one client posts beside them; all watch their jobs to the end. Records and blobs live
shortly, so that what goes is seen to go: after the first third, memory, file descriptors and
keys must stay where they are. The quiet tenant's wait has the bound of docs/admission.md.
"""

import argparse
import json
import secrets
import signal
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import numpy as np

from deploy.guard import Guard, descendants
from tests.faults.house import FPS, Build, House
from tests.faults.trial import Accepted
from tests.faults.verdict import fault_of_video

OUT = Path("benchmarks/results/soak.json")
TTL_S = 30  # of everything that jobs leave behind
EVERY_S = 2.0  # between two looks
# Chunks of finished jobs stay for reuse until memory is short: so little that it soon is.
BLOBS = 24 * 2**20  # bytes
CLIENTS = {"busy": 12, "quiet": 1}
UNDER_WAY = 4  # jobs that are dispatched at once: two render workers and two more
SECONDS = 3  # a job's sound
GROWTH = 0.1  # of memory and keys, from the middle third to the last, that is noise
LIVES = tuple((f"LIPCHORD_{name}_TTL_S", str(TTL_S)) for name in ("JOB", "CHUNK", "RESULT"))


@dataclass
class Notes:
    """What clients and the watcher have seen."""

    waits_s: dict[str, list[float]] = field(default_factory=lambda: {who: [] for who in CLIENTS})
    ends: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    wrong: list[str] = field(default_factory=list)
    samples: list[dict[str, float]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the house is left in order
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    with Guard() as guard, NamedTemporaryFile("w") as keys:
        keys.write("".join(f"{who}:{_key(who)}\n" for who in CLIENTS))
        keys.flush()
        house = House(Build(api=True, env=(*LIVES, ("LIPCHORD_API_KEYS_FILE", keys.name))), guard)
        house.blob_server.limit(BLOBS)
        try:
            notes = _soak(house, asked.minutes * 60)
        finally:
            house.close()
    facts = _facts(notes, asked.minutes)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps({key: value for key, value in facts.items() if key != "samples"}, indent=1))
    return 0 if facts["good"] else 1


def _soak(house: House, seconds: float) -> Notes:
    notes, until = Notes(), time.monotonic() + seconds
    clients = [
        threading.Thread(target=_client, args=(house, notes, who, until), daemon=True)
        for who in CLIENTS for _ in range(CLIENTS[who])
    ]  # fmt: skip
    for client in clients:
        client.start()
    while time.monotonic() < until:
        notes.samples.append(_sample(house))
        time.sleep(EVERY_S)
    for client in clients:
        client.join(60)
    return notes


def _client(house: House, notes: Notes, who: str, until: float) -> None:
    """Post, wait for the end, look at the video; again and again."""
    assert house.api is not None
    connection = HTTPConnection("127.0.0.1", house.api.port, timeout=60)
    while time.monotonic() < until:
        try:
            _one(connection, house, notes, who)
        except (OSError, HTTPException):
            connection.close()
            time.sleep(0.2)


def _one(connection: HTTPConnection, house: House, notes: Notes, who: str) -> None:
    seed = secrets.randbits(32)
    status, job = _call(connection, who, "POST", "/api/v1/jobs", house.body(SECONDS, seed))
    if status >= 400:
        with notes.lock:
            notes.refused += 1
        time.sleep(0.5)
        return
    accepted = Accepted(job["id"], seed, SECONDS * FPS)
    while True:
        _, job = _call(connection, who, "GET", f"/api/v1/jobs/{accepted.id}", None)
        if job["state"] not in ("queued", "running"):
            break
    seen = house.queue.job(accepted.id)
    fault = fault_of_video(house, accepted) if job["state"] == "succeeded" else None
    with notes.lock:
        notes.ends[job["state"]] = notes.ends.get(job["state"], 0) + 1
        notes.waits_s[who].append((seen.started_at or time.time()) - seen.created_at)
        if fault:
            notes.wrong.append(f"{accepted.id}: {fault}")


def _call(
    connection: HTTPConnection, who: str, method: str, path: str, body: str | None
) -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {_key(who)}"}
    if method == "GET":
        headers["Prefer"] = "wait=20"
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def _sample(house: House) -> dict[str, float]:
    """Memory (MiB), file descriptors and keys, now."""
    pids = [pid for root in house.pids() for pid in (root, *(p for p, _ in descendants(root)))]
    stores = (house.queue_server.client, house.blob_server.client)
    return {
        "at": round(time.time(), 1),
        "memory_mib": round(sum(map(_memory, pids)) / 2**20, 1),
        "files": sum(map(_files, pids)),
        "keys": sum(int(store.dbsize()) for store in stores),
        "listed": int(stores[0].zcard("lipchord:jobs")),
        "store_mib": round(sum(s.info("memory")["used_memory"] for s in stores) / 2**20, 2),
    }


def _memory(pid: int) -> int:
    """Bytes that are this process's alone."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def _files(pid: int) -> int:
    with suppress(OSError):
        return len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return 0


def _facts(notes: Notes, minutes: float) -> dict[str, Any]:
    """What is kept: counts, waits, and growth from the middle third to the last."""
    n = len(notes.samples)

    def growth(name: str) -> float:
        values = [sample[name] for sample in notes.samples]
        middle, last = np.median(values[n // 3 : 2 * n // 3]), np.median(values[2 * n // 3 :])
        return round(float(last / max(middle, 1e-9) - 1), 4)

    grown = {name: growth(name) for name in ("memory_mib", "files", "keys", "listed", "store_mib")}
    done = notes.ends.get("succeeded", 0)
    waits = {who: _p99(waits) for who, waits in notes.waits_s.items()}
    pace = done * SECONDS * FPS / (minutes * 60)  # frames a second, of the whole house
    # docs/admission.md: (R + Σ c_i) / p, with R full jobs under way and one job of the other.
    bound = (UNDER_WAY + 1) * SECONDS * FPS / max(pace, 1e-9)
    return {
        "minutes": minutes, "accepted": sum(notes.ends.values()), "ends": notes.ends,
        "refused": notes.refused, "wrong": notes.wrong, "frames_a_second": round(pace, 1),
        "wait_p99_s": waits, "quiet_bound_s": round(bound, 2),
        "growth": grown, "first": notes.samples[n // 3], "last": notes.samples[-1],
        "good": not notes.wrong and done == sum(notes.ends.values()) > 0
        and waits["quiet"] <= bound and all(value <= GROWTH for value in grown.values()),
        "samples": notes.samples,
    }  # fmt: skip


def _key(who: str) -> str:
    return f"the-api-key-of-the-{who}-one"


def _p99(values: list[float]) -> float:
    return round(float(np.percentile(values or [0.0], 99)), 3)


if __name__ == "__main__":
    sys.exit(main())
