"""`python -m tests.faults.cost`: what all of this costs a job in which nothing breaks.

The same workers render the same jobs by turns through the service and through a plain chord
(`plainly`). The generator sleeps rather than computes, so that a job takes a known time and
other programs on the machine disturb both ways little and alike.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from deploy.guard import Guard
from tasks.app import make_app
from tasks.contract import CPU_QUEUE, JobRequest
from tests.faults.house import FPS, Build, House
from tests.faults.plainly import DONE
from tests.faults.playing import moved_into

OUT = Path("benchmarks/results/reliability_cost.json")
SECONDS = 6  # a job's sound: six chunks on two workers
ALLOWED = 0.02  # of a job that takes 20 s


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.cost", description=__doc__)
    parser.add_argument("--jobs", type=int, default=8, help="each way")
    parser.add_argument("--job-s", type=float, default=4.0, help="sleep in a job, seconds")
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args()
    ours: list[float] = []
    plain: list[float] = []
    with Guard() as guard:
        house = moved_into(Build(env=(("LIPCHORD_LEASE_S", "30"), ("LIPCHORD_REUSE", "0"))), guard)
        try:
            house.pace(asked.job_s * 2 / (SECONDS * FPS))
            for turn in range(asked.jobs + 1):
                took = [_timed(way, house, turn) for way in (_ours, _plainly)]
                if turn:  # the first warms both up
                    ours.append(took[0])
                    plain.append(took[1])
        finally:
            house.close()
    facts = _facts(ours, plain, asked.job_s)
    asked.out.write_text(json.dumps(facts, indent=1) + "\n")
    print(json.dumps(facts, indent=1))
    return 0 if facts["share_of_20_s"] <= ALLOWED else 1


def _timed(way: Callable[[House, JobRequest], None], house: House, turn: int) -> float:
    request = house.request(SECONDS, random.Random(turn).getrandbits(32))
    began = time.perf_counter()
    way(house, request)
    return time.perf_counter() - began


def _ours(house: House, request: JobRequest) -> None:
    job = house.queue.submit(request)
    while not house.records.state(job.id).terminal:
        time.sleep(0.005)


def _plainly(house: House, request: JobRequest) -> None:
    make_app(house.settings).send_task(
        "plainly.plan", args=(asdict(request),), queue=CPU_QUEUE, ignore_result=True
    )
    while house.redis.lpop(DONE) is None:
        time.sleep(0.005)


def _facts(ours: list[float], plain: list[float], job_s: float) -> dict[str, float]:
    """Medians, seconds; the extra time as a share of a job that takes 20 s."""
    here, there = float(np.median(ours)), float(np.median(plain))
    return {
        "jobs_each_way": len(ours), "slept_s": job_s, "chunks": SECONDS,
        "ours_s": round(here, 3), "plain_chord_s": round(there, 3),
        "extra_s": round(here - there, 3), "share_of_20_s": round((here - there) / 20, 4),
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
